"""Calls that agents dialled at their phones, and that went on while no process of ours ran."""

import msgspec
import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Dialplan, Event, Party
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted, left_behind
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight
from app.telephony.adapters.asterisk_ari.line import names, phone_calls
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from app.telephony.port import KnownCall, KnownLeg, Refused
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, order
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

PHONE = "1.5"
CUSTOMER = str(names.Name(PHONE, names.CUSTOMER, phone_calls.DIALLED))
COLLEAGUE = str(names.Name(PHONE, names.PARTY, phone_calls.DIALLED))
BO_S = str(names.Name(CALL, names.AGENT, "main-9", "bo"))
TALK = names.bridge(PHONE)
Found = tuple[Line, list[Action]]
OWNERS = {"PJSIP/anna": "anna", "PJSIP/bo": "bo"}


def phone(state: str = "Up") -> Channel:
    """Anna's phone, at which she has dialled."""
    plan = Dialplan("5550001", "Stasis", "callfloor,phone,5550001")
    return Channel(id=PHONE, name="PJSIP/anna-1", state=state, caller=Party("anna"), dialplan=plan)


def found(*channels: Channel, bridged: tuple[str, ...] = (), believed: KnownCall | None = None) -> Found:
    """The only call that is adopted, and what follows."""
    return seen(sight(*channels, bridged=bridged), believed)


def seen(there: Sight, believed: KnownCall | None = None) -> Found:
    calls = {believed.id: believed} if believed is not None else {}
    (only,) = adopted(SETUP, there, (), 9.0, calls, lambda it: OWNERS.get(it.address))
    return only


def news(actions: list[Action]) -> list[tuple[str, str | None, str | None]]:
    """What the floor is told, of which leg and agent."""
    return [(each.type, each.leg_id, each.agent) for each in actions if isinstance(each, Told)]


def over(actions: list[Action]) -> bool:
    return any(isinstance(each, Ended) for each in actions)


def test_a_customer_and_the_agent_who_has_called_them_talk_on() -> None:
    line, came = found(phone(), channel(CUSTOMER), bridged=(PHONE, CUSTOMER))
    assert news(came) == [
        (EventType.OFFERED, PHONE, "anna"),
        (EventType.ESTABLISHED, CUSTOMER, None),
        (EventType.ESTABLISHED, PHONE, "anna"),
    ]
    assert asked(came) == []
    assert (line.call, line.direction, line.to, line.from_, line.contact) == (PHONE, "outbound", "5550001", None, "")
    ended = ends(line, CUSTOMER)
    assert news(ended) == [(EventType.CLEARED, None, None)]
    assert asked(ended) == [f"DELETE channels/{PHONE}"]
    assert over(ends(line, PHONE))


def test_what_agents_do_with_an_adopted_call_of_theirs_is_as_before() -> None:
    line, _ = found(phone(), channel(CUSTOMER), bridged=(PHONE, CUSTOMER))
    held = order(line, OrderType.HOLD, agent=AGENT)
    assert f"POST channels/{CUSTOMER}/moh" in asked(held)
    handed = order(line, OrderType.TRANSFER, key="main-8", agent=AGENT, to=BO)
    assert f"DELETE channels/{PHONE}" in asked(handed)


def test_a_customer_on_hold_stays_on_hold() -> None:
    line, came = found(phone(), channel(CUSTOMER), bridged=(PHONE,))
    assert line.held
    assert asked(came) == []


def test_a_customer_who_is_still_rung_is_put_through() -> None:
    line, came = found(phone(), channel(CUSTOMER, "Ringing", "AppDial2"))
    assert news(came) == [(EventType.OFFERED, PHONE, "anna"), (EventType.ESTABLISHED, PHONE, "anna")]
    assert asked(came) == [f"POST channels/{PHONE}/ring"]
    answered = up(line, CUSTOMER)
    assert news(answered) == [(EventType.ESTABLISHED, CUSTOMER, None)]
    assert asked(answered)[-1] == f"POST bridges/{TALK}/addChannel"
    assert line.together == {PHONE, CUSTOMER}


def test_a_customer_who_has_answered_while_nobody_looked_is_put_through() -> None:
    line, came = found(phone(), channel(CUSTOMER))
    assert (EventType.ESTABLISHED, CUSTOMER, None) in news(came)
    assert f"POST bridges/{TALK}/addChannel" in asked(came)
    assert f"DELETE channels/{PHONE}/ring" in asked(came)
    assert line.together == {PHONE, CUSTOMER}
    assert not line.held


def test_a_phone_that_was_not_picked_up_for_yet_is() -> None:
    _, came = found(phone("Ring"), channel(CUSTOMER, "Ringing", "AppDial2"))
    assert asked(came)[0] == f"POST channels/{PHONE}/answer"


def test_an_agent_whom_the_customer_has_left_is_hung_up_on_and_the_call_is_over() -> None:
    line, came = found(phone(), believed=KnownCall(PHONE, ()))
    assert news(came) == [(EventType.CLEARED, None, None)]
    assert asked(came) == [f"DELETE channels/{PHONE}"]
    assert over(ends(line, PHONE))


def test_a_customer_whom_the_agent_has_left_is_the_floors_to_decide_about() -> None:
    line, came = found(channel(CUSTOMER), bridged=(CUSTOMER,))
    assert news(came) == [(EventType.OFFERED, CUSTOMER, None), (EventType.ESTABLISHED, CUSTOMER, None)]
    gone = left_behind(line, KnownCall(PHONE, (KnownLeg(PHONE, "anna"),)), 9.0)
    assert news(gone) == [(EventType.CONNECTION_CLEARED, PHONE, "anna")]
    assert (line.caller, line.direction, line.contact) == (CUSTOMER, "outbound", "")


def test_a_call_by_somebody_whose_phone_is_no_agents_any_more_is_ended() -> None:
    stranger = msgspec.structs.replace(phone(), name="PJSIP/zoe-1")
    line, came = found(stranger, channel(CUSTOMER), bridged=(PHONE, CUSTOMER))
    assert set(asked(came)) == {f"DELETE channels/{PHONE}", f"DELETE channels/{CUSTOMER}"}
    assert news(came) == [(EventType.CLEARED, None, None)]
    ends(line, CUSTOMER)
    assert over(ends(line, PHONE))


def test_a_call_by_command_whose_customer_has_answered_meanwhile_is_one_that_was_answered() -> None:
    agent, customer = (
        str(names.Name("c-1", role, "main-1", who)) for role, who in (("agent", "anna"), ("customer", ""))
    )
    line, came = found(channel(agent), channel(customer))
    assert (EventType.ESTABLISHED, customer, None) in news(came)
    assert line.together == {agent, customer}
    assert line.contact == "c-1"


# between colleagues


def test_two_colleagues_talk_on_and_the_floor_learns_nothing_of_it() -> None:
    line, came = found(phone(), channel(COLLEAGUE), bridged=(PHONE, COLLEAGUE))
    assert came == []
    ended = ends(line, COLLEAGUE)
    assert asked(ended) == [f"DELETE channels/{PHONE}"]
    left = ends(line, PHONE)
    assert news([*ended, *left]) == []
    assert over(left)


@pytest.mark.parametrize("state", ["Up", "Ringing"])
def test_a_colleague_who_answers_is_put_through(state: str) -> None:
    line, came = found(phone(), channel(COLLEAGUE, state, "Stasis" if state == "Up" else "AppDial2"))
    came += up(line, COLLEAGUE)
    assert asked(came).count(f"POST bridges/{TALK}/addChannel") == 1
    assert line.together == {PHONE, COLLEAGUE}
    assert news(came) == []


@pytest.mark.parametrize("left", [phone(), channel(COLLEAGUE)], ids=["who has called", "who was called"])
def test_a_colleague_who_is_left_alone_is_hung_up_on_and_nothing_is_told(left: Channel) -> None:
    line, came = found(left)
    assert asked(came) == [f"DELETE channels/{left.id}"]
    ended = ends(line, left.id)
    assert over(ended)
    assert news([*came, *ended]) == []


# who was brought into another call


def handed_to(partner: Channel) -> Found:
    """Anna has handed a caller to whom she had called at her phone."""
    talk = names.bridge(CALL)
    there = Sight({each.id: each for each in (channel(CALL), partner)}, {CALL: talk, partner.id: talk})
    return seen(there, KnownCall(CALL, ()))


def test_a_caller_talks_on_with_the_colleague_whom_they_were_handed_to_from_a_phone() -> None:
    line, came = handed_to(msgspec.structs.replace(channel(COLLEAGUE), name="PJSIP/bo-2"))
    assert news(came) == [(EventType.OFFERED, CALL, None), (EventType.ESTABLISHED, COLLEAGUE, "bo")]
    assert asked(came) == []
    assert left_behind(line, KnownCall(CALL, (KnownLeg(COLLEAGUE, "bo"),)), 9.0) == []
    assert news(ends(line, COLLEAGUE)) == [(EventType.CONNECTION_CLEARED, COLLEAGUE, "bo")]


def test_a_caller_talks_on_with_the_colleague_who_had_called_that_agent() -> None:
    line, came = handed_to(msgspec.structs.replace(phone(), name="PJSIP/bo-2"))
    assert news(came)[-1] == (EventType.ESTABLISHED, PHONE, "bo")
    assert line.call == CALL


def test_a_caller_who_was_handed_to_a_number_from_a_phone_leaves_with_it() -> None:
    line, came = handed_to(msgspec.structs.replace(channel(CUSTOMER), name="PJSIP/carrier-2"))
    assert news(came)[-1] == (EventType.ESTABLISHED, CUSTOMER, None)
    assert f"DELETE channels/{CALL}" in asked(ends(line, CUSTOMER))


def test_an_agent_who_has_left_and_was_not_hung_up_on_yet_does_not_come_back() -> None:
    believed = KnownCall(CALL, (KnownLeg(BO_S, "bo"),), frozenset([ANNA]))
    line, came = found(channel(CALL), channel(ANNA), channel(BO_S), bridged=(CALL, BO_S), believed=believed)
    assert asked(came) == [f"DELETE channels/{ANNA}"]
    assert [agent for _, _, agent in news(came)] == [None, "bo"]
    assert line.together == {CALL, BO_S}
    assert over(ends(line, CALL)) is False
    assert over(ends(line, ANNA)) is False
    assert over(ends(line, BO_S))


def test_whose_leg_is_whose_the_floor_knows_better_than_the_phones_address() -> None:
    believed = KnownCall(PHONE, (KnownLeg(PHONE, "zoe"),))
    _, came = found(phone(), channel(CUSTOMER), bridged=(PHONE, CUSTOMER), believed=believed)
    assert (EventType.ESTABLISHED, PHONE, "zoe") in news(came)


# what was begun for a call goes on as it was meant


def of_order(order_id: str, role: str = names.PARTY, who: str = "") -> str:
    return str(names.Name(CALL, role, order_id, who))


@pytest.mark.parametrize(
    ("number", "ends_call"),
    [(of_order("flow-3"), True), (of_order("main-3", who="anna"), True), (of_order("main-3"), False)],
    ids=["sent by a flow", "handed over by an agent", "called into the conversation"],
)
def test_a_number_that_hangs_up_ends_the_call_of_whom_was_sent_there(number: str, ends_call: bool) -> None:
    line, came = found(channel(CALL), channel(number), bridged=(CALL, number))
    assert news(came)[-1] == (EventType.ESTABLISHED, number, None)
    assert (f"DELETE channels/{CALL}" in asked(ends(line, number))) is ends_call


@pytest.mark.parametrize("number", [of_order("flow-3"), of_order("main-3", who="anna")])
def test_a_caller_whose_number_is_not_reached_comes_back(number: str) -> None:
    line, came = found(channel(CALL), channel(number, "Ringing", "AppDial2"))
    assert not line.held
    failed = line.take(Event(type="ChannelDestroyed", channel=Channel(id=number), cause=17), 10.0)
    assert [kind for kind, _, _ in news([*came, *failed])][-2:] == [EventType.FAILED, EventType.SCRIPT_DONE]


def test_a_phone_that_rang_on_is_one_that_was_not_answered() -> None:
    line, _ = found(channel(CALL), channel(ANNA, "Ringing", "AppDial2"))
    assert line.take(Event(type="ChannelStateChange", channel=channel(ANNA, "Ringing")), 9.5) == []
    failed = line.take(Event(type="ChannelDestroyed", channel=Channel(id=ANNA), cause=19, tech_cause=480), 10.0)
    assert [(each.type, each.cause) for each in failed if isinstance(each, Told)] == [(EventType.FAILED, "no_answer")]


def test_the_bridge_of_a_conversation_goes_with_it_whoever_began_it() -> None:
    line, _ = found(channel(CALL), channel(ANNA), bridged=(CALL, ANNA))
    left = [*ends(line, CALL), *ends(line, ANNA)]
    assert asked(left).count(f"DELETE bridges/{names.bridge(CALL)}") == 1
    private, _ = seen(msgspec.structs.replace(sight(phone()), empty=frozenset([TALK])))
    assert asked(ends(private, PHONE)) == [f"DELETE bridges/{TALK}"]


def test_the_floor_is_told_once_that_a_call_without_its_caller_is_over() -> None:
    line, came = found(channel(ANNA), bridged=(ANNA,))
    assert news([*came, *ends(line, ANNA)]) == [(EventType.CLEARED, None, None)]


@pytest.mark.parametrize(
    ("known", "holds", "news"),
    [
        (False, True, [("call.held", ANNA)]),
        (True, False, [("call.retrieved", ANNA)]),
        (True, True, []),
        (False, False, []),
        (True, None, []),
    ],
)
def test_what_phones_have_held_or_taken_back_while_nobody_looked_is_told(
    known: bool, holds: bool | None, news: list[tuple[str, str]]
) -> None:
    there = sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA))
    there = msgspec.structs.replace(there, holding={} if holds is None else {ANNA: holds})
    believed = {CALL: KnownCall(CALL, (KnownLeg(ANNA, "anna", held=known),))}
    ((line, came),) = adopted(SETUP, there, (), 9.0, believed)
    told = [(it.type, it.leg_id) for it in came if isinstance(it, Told)]
    assert told == [("call.offered", CALL), ("call.established", ANNA), *news]
    assert line.legs[ANNA].holds == bool(holds)
    assert asked(came) == []


@pytest.mark.parametrize("holds", [True, False])
def test_phone_of_who_holds_the_caller_by_command_is_known_to_hold_or_not_and_nothing_is_told_of_it(
    holds: bool,
) -> None:
    there = msgspec.structs.replace(sight(channel(CALL), channel(ANNA), bridged=(ANNA,)), holding={ANNA: holds})
    believed = {CALL: KnownCall(CALL, (KnownLeg(ANNA, "anna", held=True),))}
    ((line, came),) = adopted(SETUP, there, (), 9.0, believed)
    assert [it.type for it in came if isinstance(it, Told)] == ["call.offered", "call.established"]
    assert (line.legs[ANNA].holds, line.held, asked(came)) == (holds, True, [])
    assert isinstance(order(line, OrderType.RETRIEVE, agent=AGENT), Refused) is holds
