"""Supervisors who have lost a call to another one: how long they are waited for, and what says that they have gone."""

import pytest

from app.floor import commands as c
from tests.floor.factories import Bench
from tests.floor.supervision.test_leaving_supervisors import let_out, taken_by, who_leaves
from tests.floor.supervision.test_supervising import talking


def ordered_again(floor: Bench, at: float) -> list[str]:
    """Who is ordered out once more at that time."""
    floor.now = at
    floor.do(c.Expire())
    return [who for order, who in who_leaves(floor) if order == "call.stop_listening"]


def joins(floor: Bench, contact: str, by: str, leg_id: str | None) -> None:
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001"))
    floor.call("supervisor_joined", leg_id=leg_id, details={"supervisor": by})


def test_supervisor_who_is_let_out_has_15_seconds_to_go() -> None:
    floor = Bench()
    let_out(floor)
    begun = floor.now
    assert ordered_again(floor, begun + 14.9) == []
    assert ordered_again(floor, begun + 15) == ["sue"]


@pytest.mark.parametrize(
    ("gone", "after_15", "after_20"), [(None, ["sue"], ["max"]), ("sue", [], ["max"]), ("max", ["sue"], [])]
)
def test_two_who_are_let_out_one_after_the_other_are_waited_for_each_by_themselves(
    gone: str | None, after_15: list[str], after_20: list[str]
) -> None:
    floor = Bench()
    contact = talking(floor)
    joins(floor, contact, "sue", "channel-sue")
    joins(floor, contact, "max", "channel-max")
    begun = floor.now
    floor.now += 4
    taken_by(floor, contact, "cho")
    if gone:
        floor.call("supervisor_left", leg_id=f"channel-{gone}", details={"supervisor": gone})
    assert ordered_again(floor, begun + 15) == after_15
    assert ordered_again(floor, begun + 20) == after_20


@pytest.mark.parametrize(
    ("joined", "left", "again"),
    [
        ("second", "second", []),
        ("second", None, []),
        (None, "second", []),
        ("second", "first", ["sue"]),
    ],
)
def test_who_is_let_out_has_gone_unless_the_end_of_an_earlier_phone_of_theirs_is_told(
    joined: str | None, left: str | None, again: list[str]
) -> None:
    floor = Bench()
    contact = talking(floor)
    joins(floor, contact, "sue", joined)
    taken_by(floor, contact, "cho")
    begun = floor.now
    floor.call("supervisor_left", leg_id=left, details={"supervisor": "sue"})
    assert ordered_again(floor, begun + 15) == again
