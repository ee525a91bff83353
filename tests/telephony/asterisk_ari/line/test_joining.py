"""Transfers after a call at the phone (REFER with Replaces): two who talk to the same phone are joined."""

from collections.abc import Callable

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Later, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, ReferredBy, ReferredTo
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names, phone_calls, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.moments import LINGER, LINGER_SECONDS
from app.telephony.events import EventType, OrderType
from app.telephony.port import Refused
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends, gone, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, a_line, order
from tests.telephony.asterisk_ari.line.test_referring import (
    PHONE,
    a_leg,
    answers,
    begun,
    due,
    refer,
    states,
    talking,
    told,
    wish,
)
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import connected

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


def refusal(line: Line, actions: list[Action]) -> list[str]:
    """The phone is refused, though not at once; how."""
    assert states(actions) == []
    told_later = [*due(line, actions), *(each.request for each in actions if isinstance(each, Later))]
    assert states(told_later) == ["channel_unavailable"]
    return asked(told_later)


def test_who_cannot_be_joined_is_told_so_and_both_calls_go_on() -> None:
    line, other = talking(), begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    rings = referring.joined(line, other, attended(partner), None, 20.0)
    assert (refusal(line, rings.here), rings.there) == (told(ANNA), [])
    up(other, partner)
    for event in (attended(partner, CALL), attended(partner, "17.99"), attended("17.98")):
        source = event.subject
        assert source is not None
        came = referring.joined(line, other, event, None, 20.0)
        assert (refusal(line, came.here), came.there) == (told(source.id), [])
    assert (line.together, other.over) == ({CALL, ANNA}, False)
    other.over = True
    assert refusal(line, referring.joined(line, other, attended(partner), None, 20.0).here) == told(ANNA)


def test_phone_that_names_a_call_that_is_gone_or_the_one_that_it_is_on_is_told_no_once_that_has_ended() -> None:
    """As Asterisk looks at the channel that it names."""
    line, other = talking(), Line(SETUP, "17.2", caller="17.2")
    asks: list[Callable[[], list[Action]]] = [
        lambda: referring.asked(line, wish(second=Channel(id="1.6")), 9.0),
        lambda: referring.joined(line, other, wish(second=Channel(id="17.2")), None, 9.0).here,
        lambda: referring.joined(line, line, attended(CALL), None, 9.0).here,
    ]
    for ask in asks:
        came = ask()
        assert came == [Wake(9.0 + referring.ENDS_SECONDS, referring.DUE + ANNA)]
        assert refusal(line, came) == told(ANNA)
    assert (line.over, line.caller, line.together) == (False, CALL, {CALL, ANNA})


def test_phone_that_is_about_to_be_refused_has_one_answer_whatever_it_asks_for_meanwhile() -> None:
    line, other = talking(), begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    rings = referring.joined(line, other, attended(partner), None, 20.0)
    up(other, partner)
    assert referring.joined(line, other, attended(partner), None, 20.3) == ([], [])
    assert referring.asked(line, wish("bo"), 20.4) == []
    assert refusal(line, rings.here) == told(ANNA)
    assert referring.joined(line, other, attended(partner), None, 22.0).there


def test_phone_that_is_let_go_before_it_was_refused_is_refused_first() -> None:
    line, other = talking(), begun("5550001", None)
    rings = referring.joined(line, other, attended("17.98"), None, 20.0)
    assert asked(agent_is_let_go(line)) == []
    assert asked(caller_hangs_up(line)) == []
    came = due(line, rings.here)
    assert states(came) == ["channel_unavailable"]
    assert came[-1] == Later(referring.LEAVES_SECONDS, requests.hang_up(ANNA))


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
    assert referring.heard(line, ANNA, "channel_declined") == []
    assert referring.heard(line, ANNA, "channel_answered") == [Later(referring.LEAVES_SECONDS, requests.hang_up(ANNA))]
    assert referring.heard(line, ANNA, "channel_answered") == []


def test_phone_that_waits_to_be_told_is_spared_where_somebody_joins_the_call_that_it_has_left_with_another() -> None:
    """As the partner does, to whom the caller was handed."""
    line, _, _ = joined("bo", "PJSIP/bo")
    bo = next(each for each in line.legs if each != ANNA)
    another = a_line(talking=True)
    another.contact = "c-3"
    came = referring.joined(another, line, attended(CALL, ANNA), None, 20.3)
    assert f"DELETE channels/{ANNA}" not in asked(came.there)
    assert f"DELETE channels/{bo}" in asked(came.there)


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
    came = due(line, here)
    assert (asked(came), states(came)) == (told(ANNA), ["channel_answered"])
    assert came[-1] == Later(referring.LEAVES_SECONDS, requests.hang_up(ANNA))
    assert (states(here), asked(there)) == ([], [f"DELETE bridges/{names.bridge(other.call)}"])


def test_phone_that_asks_again_while_it_waits_gets_one_answer() -> None:
    line, other, _ = joined("5550001", None)
    assert referring.asked(line, attended("x"), 20.1) == []
    assert referring.joined(line, other, attended("x"), None, 20.1) == ([], [])
    came = gone(other, PHONE)
    assert states(came) == ["channel_answered"]


# over a connection


@pytest.mark.enable_socket
async def test_phone_is_hung_up_on_once_asterisk_has_told_it_that_it_has_joined_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(referring, "LEAVES_SECONDS", 0.01)
    async with connected() as bench:
        leg = await a_leg(bench)
        monkeypatch.setattr(bench.floor, "agent_at", lambda address: "anna" if address == "PJSIP/anna" else None)
        phone = incoming(PHONE) | {"name": "PJSIP/anna-2"}
        await bench.asterisk.tell("StasisStart", args=["phone", "5550001"], channel=phone)
        partner = incoming(str(names.Name(PHONE, names.CUSTOMER, phone_calls.DIALLED)))
        await until(lambda: partner["id"] in [each["query"].get("channelId") for each in bench.asterisk.asked])
        await bench.asterisk.tell("StasisStart", args=["leg"], channel=partner)
        to = {"destination_channel": phone, "connected_channel": partner}
        await refer(bench, leg, refer_to=to)
        await until(lambda: bench.asterisk.said("DELETE", f"channels/{PHONE}"))
        assert answers(bench) == []
        await bench.asterisk.tell("ChannelDestroyed", channel=phone, cause=16)
        await until(lambda: answers(bench))
        assert answers(bench) == [(f"channels/{leg}/transfer_progress", "channel_answered")]
        assert not bench.asterisk.said("DELETE", f"channels/{leg}")
        await refer(bench, leg, refer_to=to, state="channel_answered")
        await until(lambda: bench.asterisk.said("DELETE", f"channels/{leg}"))


@pytest.mark.enable_socket
async def test_phone_on_a_call_that_nobody_knows_is_refused_once_the_call_that_it_names_has_ended() -> None:
    async with connected() as bench:
        await refer(bench, "99.1", refer_to={"destination_channel": incoming("99.2")})
        await refer(bench, "99.3")
        await until(lambda: len(answers(bench)) > 1)
        assert [where for where, _ in answers(bench)] == [
            f"channels/{each}/transfer_progress" for each in ("99.3", "99.1")
        ]
