"""Talk that the floor ends by itself: it ends now, by the platform's clock, whatever was heard last and when."""

import msgspec
import pytest

from app.calls.leg import Leg
from app.floor import commands as c
from app.floor.memory.entities import Contact
from app.floor.memory.views import contact_view
from tests.floor.factories import Bench

CLOCKS = pytest.mark.parametrize("behind", [0, 7200, -240])
"""Seconds by which the platform's clock is behind the floor's."""


def answered(floor: Bench, behind: float = 0) -> str:
    """Ann has a caller from now on."""
    floor.on("ann")
    contact = floor.call("offered", from_="+8613800138000", to="100", at=floor.now - behind)
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", agent="1001", at=floor.now - behind)
    return contact


def leg_of(floor: Bench, contact: str, agent: str) -> Leg:
    leg = floor.contact(contact).call.leg_of(agent)
    assert leg is not None
    return leg


@CLOCKS
def test_word_that_moves_no_leg_cuts_no_talk_of_who_is_released_short(behind: int) -> None:
    floor = Bench()
    contact = answered(floor, behind)
    floor.now += 90
    floor.call("digits", details={"digits": "1"}, at=floor.now - behind)
    floor.now += 10
    floor.do(c.Release(agent_id="ann", by="sup"))
    assert (leg_of(floor, contact, "ann").ended, leg_of(floor, contact, "ann").talk_seconds) == (True, 100)


@CLOCKS
def test_word_that_comes_late_makes_talk_of_who_is_released_no_shorter_and_no_longer(behind: int) -> None:
    floor = Bench()
    contact = answered(floor, behind)
    floor.now += 90
    floor.call("digits", details={"digits": "1"}, at=floor.now - behind - 80)
    floor.now += 10
    floor.do(c.Release(agent_id="ann", by="sup"))
    assert leg_of(floor, contact, "ann").talk_seconds == 100


def test_word_that_moves_no_leg_cuts_no_talk_short_of_who_has_hung_up_unheard() -> None:
    floor = Bench()
    contact = answered(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    floor.now += 60
    floor.call("digits", details={"digits": "1"})
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    floor.wait(15)
    assert leg_of(floor, contact, "bob").talk_seconds == 75


@CLOCKS
def test_supervisor_who_was_let_in_before_talks_from_when_they_take_the_call(behind: int) -> None:
    floor = Bench()
    contact = answered(floor, behind)
    floor.now += 60
    floor.on("bob")
    floor.do(c.Listen(contact_id=contact, by="bob"))
    floor.call("supervisor_joined", leg_id="l", details={"supervisor": "bob"}, at=floor.now - behind)
    floor.now += 100
    floor.do(c.TakeCall(contact_id=contact, by="bob"))
    floor.now += 2
    floor.call("connection_cleared", agent="1001", at=floor.now - behind)
    floor.now += 300
    floor.do(c.Release(agent_id="bob", by="sup"))
    assert leg_of(floor, contact, "bob").talk_seconds == 302
    assert leg_of(floor, contact, "ann").talk_seconds == 163


def test_second_whom_the_floor_takes_off_has_not_talked_on_since_the_first_was() -> None:
    floor = Bench()
    contact = answered(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    for agent in ("ann", "bob"):
        floor.now += 50
        floor.do(c.Release(agent_id=agent, by="sup"))
    assert [leg_of(floor, contact, agent).talk_seconds for agent in ("ann", "bob")] == [51, 100]


def test_dialled_call_is_timed_by_the_platform_and_not_by_when_it_was_asked() -> None:
    floor = Bench()
    floor.on("ann")
    body = floor.do(
        c.Dial(agent_id="ann", contact_id="019a0000-0000-7000-8000-000000000001", to="+4930111", source="pbx")
    )
    contact = body["contact"]["id"]
    floor.call("established", contact, agent="1001", at=floor.now - 7200)
    floor.call("established", contact, at=floor.now - 7200)
    floor.now += 30
    floor.do(c.Release(agent_id="ann", by="sup"))
    assert leg_of(floor, contact, "ann").talk_seconds == 30


def test_contact_of_before_the_platforms_clock_was_remembered_is_timed_by_what_happened_last() -> None:
    floor = Bench()
    contact = answered(floor)
    kept = msgspec.json.decode(msgspec.json.encode(floor.contact(contact)))
    del kept["platform_at"]
    recovered = msgspec.convert(kept, Contact)
    assert recovered.platform_time(floor.now + 40) == floor.now + 40
    assert contact_view(recovered) == contact_view(floor.contact(contact))


def test_talk_is_not_cut_short_by_late_news_of_a_contact_that_the_version_before_has_written() -> None:
    floor = Bench()
    contact = answered(floor)
    floor.now += 90
    floor.call("held", agent="1001")
    floor.now += 10
    floor.call("retrieved", agent="1001")
    floor.state.store.begin()
    floor.state.store.put_contact(msgspec.structs.replace(floor.contact(contact), platform_at=None))
    floor.now += 1
    floor.call("digits", details={"digits": "1"}, at=floor.now - 80)
    floor.now += 30
    floor.do(c.Release(agent_id="ann", by="sup"))
    leg = leg_of(floor, contact, "ann")
    assert (leg.talk_seconds, leg.hold_seconds) == (121, 10)
