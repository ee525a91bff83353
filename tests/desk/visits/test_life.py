"""The table of transitions, and which appointments there can be."""

from datetime import timedelta

import pytest

from app.desk.visits.errors import VisitRefuses, WindowUnfit
from app.desk.visits.life import ACTS, AFTER, LIVE, ON_DUTY, OVER, STATUSES, STEPS, after
from app.desk.visits.windows import Window, ensure_fit
from tests.desk.visits.factories import NOW

HOUR = timedelta(hours=1)


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
        (HOUR, 24 * 32 * HOUR, "Asia/Shanghai", ["ends_at"]),
        (24 * 1100 * HOUR, 24 * 1100 * HOUR + HOUR, "Asia/Shanghai", ["starts_at"]),
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


def test_a_window_that_has_begun_may_be_kept_still() -> None:
    ensure_fit(Window(NOW - HOUR, NOW + HOUR, "Asia/Shanghai"), NOW)
