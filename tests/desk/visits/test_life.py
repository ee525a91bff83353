"""The table of transitions, and which appointments there can be."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.desk.visits.errors import VisitRefuses, WindowUnfit
from app.desk.visits.life import ACTS, AFTER, LIVE, ON_DUTY, OVER, STATUSES, STEPS, after
from app.desk.visits.windows import Window, ensure_fit
from tests.desk.visits.factories import NOW

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_in_every_status_is_in_the_table_or_refused(status: str, act: str) -> None:
    if (status, act) in AFTER:
        assert after(status, act) == AFTER[status, act]
    else:
        with pytest.raises(VisitRefuses) as refused:
            after(status, act)
        assert refused.value.facts["accepted"] == sorted(other for before, other in AFTER if before == status)


def test_every_status_is_reached_and_left_but_the_ends() -> None:
    assert set(AFTER.values()) == set(STATUSES)
    assert {status for status, _ in AFTER} == {*LIVE, "no_access"}
    assert {AFTER[status, act] for status, act in AFTER if act in STEPS} < set(ON_DUTY)
    assert not set(OVER) & set(LIVE)


LEADS = {
    "schedule": "scheduled",
    "dispatch": "dispatched",
    "set_out": "en_route",
    "arrive": "on_site",
    "complete": "completed",
    "no_access": "no_access",
    "cancel": "cancelled",
}


def test_what_can_be_done_is_what_the_page_for_users_says() -> None:
    page = (Path(__file__).parents[3] / "docs" / "visits.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w, ]+) \| (.+) \|$", page.partition("## Its life")[2], re.MULTILINE)
    acts = {"assigned": "assign"} | {status.replace("_", " "): act for act, status in LEADS.items()}
    told = {
        status: {acts[word] for word in re.findall("|".join(acts), re.sub(r"\(.*?\)", "", said))}
        for names, said in rows
        for status in names.split(", ")
        if status in STATUSES
    }
    assert told == {each: {act for status, act in AFTER if status == each} for each in STATUSES}


def test_an_act_leads_to_one_status_and_another_engineer_takes_back_that_somebody_was_sent() -> None:
    assert all(status == LEADS[act] for (_, act), status in AFTER.items() if act != "assign")
    assigned = {before: status for (before, act), status in AFTER.items() if act == "assign"}
    assert assigned.pop("requested") == "requested"
    assert set(assigned.values()) == {"scheduled"}


def test_a_visit_that_is_over_says_that_it_is_its_end() -> None:
    with pytest.raises(VisitRefuses, match="Cannot set out: the visit is completed, which is its end"):
        after("completed", "set_out")


@pytest.mark.parametrize(
    ("start", "end", "zone", "where"),
    [
        (HOUR, HOUR, "Asia/Shanghai", ["ends_at"]),
        (2 * HOUR, HOUR, "Asia/Shanghai", ["ends_at"]),
        (-3 * HOUR, -HOUR, "Asia/Shanghai", ["ends_at"]),
        (-HOUR, 0 * HOUR, "Asia/Shanghai", ["ends_at"]),
        (HOUR, 24 * 31 * HOUR + HOUR + SECOND, "Asia/Shanghai", ["ends_at"]),
        (24 * 1098 * HOUR + SECOND, 24 * 1099 * HOUR, "Asia/Shanghai", ["starts_at"]),
        (HOUR, 2 * HOUR, "Asia/Peking", ["time_zone"]),
        (2 * HOUR, HOUR, "Moon/Sea", ["ends_at", "time_zone"]),
    ],
    ids=["empty", "reversed", "past", "just over", "too long", "far away", "no zone", "both"],
)
def test_a_window_that_cannot_be_is_told_with_what_would_be_right(
    start: timedelta, end: timedelta, zone: str, where: list[str]
) -> None:
    with pytest.raises(WindowUnfit) as refused:
        ensure_fit(Window(NOW + start, NOW + end, zone), NOW)
    found = refused.value.facts["faults"]
    assert [each["where"] for each in found] == [f"body.window.{name}" for name in where]
    assert all(each["accepted"] for each in found)


@pytest.mark.parametrize(
    ("start", "end"),
    [(-HOUR, HOUR), (HOUR, 24 * 31 * HOUR + HOUR), (24 * 1098 * HOUR, 24 * 1099 * HOUR)],
    ids=["begun", "longest", "furthest"],
)
def test_a_window_may_have_begun_and_be_as_long_and_far_away_as_is_said(start: timedelta, end: timedelta) -> None:
    ensure_fit(Window(NOW + start, NOW + end, "Asia/Shanghai"), NOW)


def test_what_is_accepted_is_the_bound() -> None:
    for window, bound in (
        (Window(NOW + timedelta(days=1200), NOW + timedelta(days=1201), "UTC"), NOW + timedelta(days=1098)),
        (Window(NOW, NOW + timedelta(days=40), "UTC"), NOW + timedelta(days=31)),
    ):
        with pytest.raises(WindowUnfit) as refused:
            ensure_fit(window, NOW)
        assert refused.value.facts["faults"][0]["accepted"].split()[-1] == bound.isoformat()
