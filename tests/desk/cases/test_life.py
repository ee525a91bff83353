"""What may follow what in the life of a case."""

import re
from pathlib import Path

import pytest

from app.desk.cases.errors import CaseRefuses
from app.desk.cases.life import ACTS, AFTER, LIVE, OVER, after
from app.desk.cases.models import STATUSES


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_in_every_status_is_in_the_table_or_refused(status: str, act: str) -> None:
    if (status, act) in AFTER:
        assert after(status, act) == AFTER[status, act]
    else:
        with pytest.raises(CaseRefuses) as refused:
            after(status, act)
        assert refused.value.facts["state"] == status
        assert all(after(status, other) for other in refused.value.facts["accepted"] if other in ACTS)


def test_every_status_is_reached_and_only_closed_is_final() -> None:
    assert {*LIVE, *OVER} == set(STATUSES)
    assert set(AFTER.values()) == set(STATUSES)
    assert set(STATUSES) - {status for status, _ in AFTER} == {"closed"}


def test_a_case_is_closed_only_once_it_is_solved() -> None:
    assert [status for status in STATUSES if (status, "close") in AFTER] == ["solved"]
    with pytest.raises(CaseRefuses, match=r"Cannot close: the case is on hold; what can be done: assign, change, link"):
        after("on_hold", "close")


def test_what_can_be_done_is_what_the_page_for_users_says() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cases.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (.+) \|$", page, re.MULTILINE)
    told = {status: set(re.findall(r"`(\w+)`", acts)) for status, acts in rows if status in STATUSES}
    anybody = {"change", "note", "link"}
    assert told == {each: {act for status, act in AFTER if status == each} - anybody for each in STATUSES}
    assert all(AFTER[status, act] == status for status in (*LIVE, "solved") for act in anybody)


@pytest.mark.parametrize(
    ("act", "leads"),
    {
        "work": "open",
        "wait": "pending",
        "hold": "on_hold",
        "solve": "solved",
        "reopen": "open",
        "close": "closed",
    }.items(),
)
def test_an_act_leads_to_one_status_wherever_it_is_done(act: str, leads: str) -> None:
    assert {status for (_, done), status in AFTER.items() if done == act} == {leads}


def test_who_takes_a_new_case_begins_it_and_who_takes_another_leaves_it_as_it_stands() -> None:
    assert [after(status, "take") for status in LIVE] == ["open", "open", "pending", "on_hold"]
    assert [after(status, "assign") for status in LIVE] == list(LIVE)
