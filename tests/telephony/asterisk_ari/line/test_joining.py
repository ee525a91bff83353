"""Transfers after a call at the phone (REFER with Replaces): two who talk to the same phone are joined."""

import pytest

from app.telephony.adapters.asterisk_ari.actions import Ended, Later, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, ReferredBy, ReferredTo
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.moments import LINGER, LINGER_SECONDS
from app.telephony.events import EventType
from tests.telephony.asterisk_ari.gaps.test_resuming import sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends, gone, up
from tests.telephony.asterisk_ari.line.test_referring import PHONE, begun, states, talking, told
from tests.telephony.asterisk_ari.replay import ANNA, CALL

CALLS = [("5550001", None), ("bo", "PJSIP/bo")]
"""Whom Anna has called at her phone: a number, or a colleague."""


def attended(partner: str, channel: str = ANNA) -> Event:
    """What Asterisk tells of a REFER that joins a call with whom the agent has called at PHONE."""
    there = Channel(id=partner, name="PJSIP/x-0001", state="Up")
    to = ReferredTo(destination_channel=Channel(id=PHONE), connected_channel=there)
    source = ReferredBy(source_channel=Channel(id=channel, state="Up"))
    return Event(type="ChannelTransfer", timestamp="1970-01-01T00:00:10+00:00", refer_to=to, referred_by=source)


@pytest.mark.parametrize(
    ("number", "colleague", "agent", "role"),
    [("5550001", None, None, names.PARTY), ("bo", "PJSIP/bo", "bo", names.AGENT)],
)
def test_a_caller_and_whom_the_agent_has_called_at_the_phone_are_joined_and_the_agent_is_out_of_both_calls(
    number: str, colleague: str | None, agent: str | None, role: str
) -> None:
    line, other = talking(), begun(number, colleague)
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    other.contact = "" if colleague else "c-2"  # of a call between colleagues the floor learns nothing
    here, there = referring.joined(line, other, attended(partner), agent, 20.0)
    assert [(each.type, each.leg_id, each.agent, each.at) for each in here if isinstance(each, Told)] == [
        (EventType.ESTABLISHED, partner, agent, 10.0),
        (EventType.TRANSFERRED, ANNA, "anna", 10.0),
    ]
    assert asked(here) == ["POST bridges/1700000000~1.talk/addChannel", "POST bridges/1700000000~1.talk/removeChannel"]
    assert line.together == {CALL, partner}
    leg = line.legs[partner]
    assert (leg.id, leg.role, leg.up, leg.rang) == (partner, role, True, True)
    assert (leg.handed, leg.agent) == (None if agent else "anna", agent)
    assert asked(there)[0] == f"DELETE channels/{PHONE}"
    assert f"DELETE channels/{partner}" not in asked(there)
    cleared = [(each.type, each.at, each.cause) for each in there if isinstance(each, Told)]
    assert cleared == ([] if colleague else [(EventType.CLEARED, 10.0, referring.TRANSFERRED)])
    assert there[-1] == Wake(20.0 + LINGER_SECONDS, LINGER)
    assert other.over


def test_who_cannot_be_joined_is_told_so_and_both_calls_go_on() -> None:
    line, other = talking(), begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    rings = referring.joined(line, other, attended(partner), None, 20.0)
    up(other, partner)
    for event in (attended(partner, CALL), attended(partner, "17.99"), attended("17.98")):
        source = event.subject
        assert source is not None
        came = referring.joined(line, other, event, None, 20.0)
        assert (asked(came.here), states(came.here), came.there) == (told(source.id), ["channel_unavailable"], [])
    assert (asked(rings.here), states(rings.here), rings.there) == (told(ANNA), ["channel_unavailable"], [])
    assert (line.together, other.over) == ({CALL, ANNA}, False)
    other.over = True
    assert asked(referring.joined(line, other, attended(partner), None, 20.0).here) == told(ANNA)


def joined(number: str, colleague: str | None) -> tuple[Line, Line, referring.Joined]:
    """Anna has joined her caller with whom she has called."""
    line, other = talking(), begun(number, colleague)
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    other.contact = "" if colleague else "c-2"
    return line, other, referring.joined(line, other, attended(partner), "bo" if colleague else None, 20.0)


@pytest.mark.parametrize(("number", "colleague"), CALLS)
def test_phone_is_told_once_its_second_call_is_gone_as_asterisk_crashes_where_both_come_at_once(
    number: str, colleague: str | None
) -> None:
    line, other, (here, there) = joined(number, colleague)
    assert states([*here, *there]) == []
    assert Later(referring.LEAVES_SECONDS, requests.hang_up(ANNA)) in here
    assert Ended() not in there
    # the channel has left us then, and its session still has it
    assert ends(other, PHONE) == []
    came = gone(other, PHONE)
    assert asked(came)[:2] == told(ANNA)
    assert states(came) == ["channel_answered"]
    assert came[-1] == Ended()
    assert not line.over


@pytest.mark.parametrize(("number", "colleague"), CALLS)
def test_phone_is_told_also_where_the_end_of_its_second_call_was_lost(number: str, colleague: str | None) -> None:
    _, other, _ = joined(number, colleague)
    came = resumed(other, sight(), 21.0)
    assert (asked(came)[:2], states(came)) == (told(ANNA), ["channel_answered"])


def test_phone_whose_second_call_is_gone_already_is_told_at_once() -> None:
    line, other = talking(), begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    other.legs.pop(PHONE)
    here, there = referring.joined(line, other, attended(partner), None, 20.0)
    assert asked(here) == [
        "POST bridges/1700000000~1.talk/addChannel",
        *told(ANNA),
        "POST bridges/1700000000~1.talk/removeChannel",
    ]
    assert (states(here), asked(there)) == (["channel_answered"], [f"DELETE bridges/{names.bridge(other.call)}"])


def test_phone_that_asks_again_while_it_waits_gets_one_answer() -> None:
    line, other, _ = joined("5550001", None)
    assert referring.asked(line, attended("x"), 20.1) == []
    assert referring.joined(line, other, attended("x"), None, 20.1) == ([], [])
    came = gone(other, PHONE)
    assert states(came) == ["channel_answered"]
