"""Transfers after a call at the phone (REFER with Replaces): two who talk to the same phone are joined."""

from collections.abc import Callable

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Later, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, ReferredBy, ReferredTo
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.moments import LINGER, LINGER_SECONDS
from app.telephony.events import EventType, OrderType
from app.telephony.port import Refused
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends, gone, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, order
from tests.telephony.asterisk_ari.line.test_referring import PHONE, begun, later, states, talking, told, wish
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

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
        assert (asked(came.here), asked(later(came.here)), came.there) == ([], told(source.id), [])
        assert states(came.here) == ["channel_unavailable"]
    assert (states(rings.here), rings.there) == (["channel_unavailable"], [])
    assert (line.together, other.over) == ({CALL, ANNA}, False)
    other.over = True
    assert states(referring.joined(line, other, attended(partner), None, 20.0).here) == ["channel_unavailable"]


def test_phone_that_names_a_call_that_is_gone_or_the_one_that_it_is_on_is_told_no_once_that_has_ended() -> None:
    """As Asterisk looks at the channel that it names."""
    line, other = talking(), Line(SETUP, "17.2", caller="17.2")
    for came in (
        referring.asked(line, wish(second=Channel(id="1.6")), 9.0),
        referring.joined(line, other, wish(second=Channel(id="17.2")), None, 9.0).here,
        referring.joined(line, line, attended(CALL), None, 9.0).here,
    ):
        assert (asked(came), asked(later(came))) == ([], told(ANNA))
        assert states(came) == ["channel_unavailable"]
        assert {each.seconds for each in came if isinstance(each, Later)} == {referring.ENDS_SECONDS}
    assert (line.over, line.caller, line.together) == (False, CALL, {CALL, ANNA})


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
    assert Ended() not in there
    # the channel has left us then, and its session still has it
    assert ends(other, PHONE) == []
    came = gone(other, PHONE)
    assert asked(came)[:2] == told(ANNA)
    assert states(came) == ["channel_answered"]
    assert came[-1] == Ended()
    assert not line.over


def caller_hangs_up(line: Line) -> list[Action]:
    return ends(line, CALL)


def agent_is_let_go(line: Line) -> list[Action]:
    came = order(line, OrderType.CANCEL, agent=AGENT)
    assert not isinstance(came, Refused)
    return came


def partner_hangs_up(line: Line) -> list[Action]:
    return ends(line, next(each for each in line.legs if each != ANNA))


def gap(line: Line) -> list[Action]:
    return resumed(line, sight(channel(CALL), channel(ANNA), bridged=(CALL,)), 20.1)


@pytest.mark.parametrize("meanwhile", [caller_hangs_up, agent_is_let_go, partner_hangs_up, gap])
def test_phone_that_has_joined_two_is_not_hung_up_on_before_it_is_told_so(
    meanwhile: Callable[[Line], list[Action]],
) -> None:
    """Its hang-up is an answer of its own, with which Asterisk looks at the second call as well."""
    line, other, _ = joined("5550001", None)
    assert f"DELETE channels/{ANNA}" not in asked(meanwhile(line))
    gone(other, PHONE)
    assert referring.heard(line, ANNA) == [Later(referring.LEAVES_SECONDS, requests.hang_up(ANNA))]
    assert referring.heard(line, ANNA) == []


def test_phone_that_could_not_be_told_that_it_has_joined_two_is_hung_up_on_after_all() -> None:
    _, _, (here, _) = joined("5550001", None)
    assert Later(referring.JOINED_SECONDS, requests.hang_up(ANNA)) in here


@pytest.mark.parametrize(("number", "colleague"), CALLS)
def test_phone_is_told_also_where_the_end_of_its_second_call_was_lost(number: str, colleague: str | None) -> None:
    _, other, _ = joined(number, colleague)
    came = resumed(other, sight(), 21.0)
    assert (asked(came)[:2], states(came)) == (told(ANNA), ["channel_answered"])


def test_phone_whose_second_call_has_just_left_us_is_told_in_a_moment() -> None:
    line, other = talking(), begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    other.legs.pop(PHONE)
    here, there = referring.joined(line, other, attended(partner), None, 20.0)
    assert asked(later(here))[:2] == told(ANNA)
    assert (states(here), asked(there)) == (["channel_answered"], [f"DELETE bridges/{names.bridge(other.call)}"])


def test_phone_that_asks_again_while_it_waits_gets_one_answer() -> None:
    line, other, _ = joined("5550001", None)
    assert referring.asked(line, attended("x"), 20.1) == []
    assert referring.joined(line, other, attended("x"), None, 20.1) == ([], [])
    came = gone(other, PHONE)
    assert states(came) == ["channel_answered"]
