"""Callers of two agents whom one has sent on: told before the end of the other, who had gone before."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from tests.floor.call_control.test_handed_on_late import elsewhere
from tests.floor.factories import Bench
from tests.floor.supervision.test_supervisors_phones import talking

WAITS = (ContactState.WAITING, ContactState.OFFERED)
LEG = pytest.mark.parametrize("leg", [None, "bobs"])


def both() -> tuple[Bench, str]:
    """Ann and Bob talk to the caller."""
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.call("established", agent="1002")
    floor.now += 1
    return floor, contact


def tells(floor: Bench, order: str, ann: float = 1.0, bob: float = 2.0, leg: str | None = None) -> None:
    """So many seconds from now ann is gone, and bob, with a transfer; told in this order later."""
    at = floor.now
    floor.now += 5
    kinds = {"e": "established", "t": "transferred", "c": "connection_cleared", "a": "connection_cleared"}
    for each in order:
        more = {"leg_id": leg} if leg is not None and each != "a" else {}
        happened = {"e": 0.0, "a": ann}.get(each, bob)
        floor.call(kinds[each], agent="1001" if each == "a" else "1002", at=at + happened, **more)
    floor.wait(10)


@pytest.mark.parametrize("order", ["ta", "tca", "cta", "ttca", "at", "act"])
def test_caller_whom_the_last_of_two_agents_has_handed_on_waits_for_nobody_in_whichever_order_it_is_told(
    order: str,
) -> None:
    floor, contact = both()
    tells(floor, order)
    assert elsewhere(floor, contact)
    assert floor.agent("bob").state is AgentState.WORKING_AFTER_CALL


@pytest.mark.parametrize("order", ["ta", "tca", "cta"])
def test_caller_waits_whose_other_agent_has_gone_after_the_transfer(order: str) -> None:
    floor, contact = both()
    tells(floor, order, ann=2.5)
    assert floor.contact(contact).state in WAITS


@pytest.mark.parametrize("to", [None, c.Destination(queue="loans"), c.Destination(number="+49")])
def test_caller_whose_last_agent_hangs_up_in_the_second_in_which_the_other_had_left_them_is_hung_up_on(
    to: c.Destination | None,
) -> None:
    floor, contact = both()
    if to is not None:
        floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=to))
    floor.call("transferred", agent="1002")
    floor.call("connection_cleared", agent="1001", cause="hung_up")
    assert floor.orders() == ["call.disconnect"]


@pytest.mark.parametrize("kind", ["transferred", "connection_cleared"])
@pytest.mark.parametrize("to", [c.Destination(queue="loans"), c.Destination(agent="dee")])
def test_caller_whom_a_colleague_has_handed_on_waits_for_nobody_to_whom_another_had_sent_them_before(
    to: c.Destination, kind: str
) -> None:
    floor, contact = both()
    floor.on("dee")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=to))
    sent_at = floor.now
    floor.now += 1
    floor.call("transferred", agent="1002")
    floor.call(kind, agent="1001", at=sent_at)
    assert elsewhere(floor, contact)


@pytest.mark.parametrize("kind", ["transferred", "connection_cleared"])
def test_caller_waits_for_the_colleague_to_whom_the_last_agent_has_sent_them_since_another_had_handed_them_on(
    kind: str,
) -> None:
    floor, contact = both()
    floor.on("dee")
    floor.call("transferred", agent="1002")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    floor.now += 1
    floor.call(kind, agent="1001")
    assert floor.offered_to(contact) == "dee"


def test_caller_handed_on_waits_for_nobody_though_a_colleague_is_told_since_to_have_come_and_gone_before() -> None:
    floor = Bench()
    contact = talking(floor)
    at = floor.now
    floor.now += 5
    floor.call("transferred", agent="1001", at=at + 3)
    for kind, happened in (("established", at + 1), ("connection_cleared", at + 2)):
        floor.call(kind, agent="1002", at=happened)
    floor.wait(10)
    assert elsewhere(floor, contact)
    assert floor.agent("bob").state is AgentState.WORKING_AFTER_CALL


@pytest.mark.parametrize("to", [c.Destination(queue="loans"), c.Destination(agent="dee")])
def test_transfer_to_us_that_is_told_after_the_end_of_both_agents_leaves_the_caller_waiting(to: c.Destination) -> None:
    floor, contact = both()
    floor.on("dee")
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=to))
    sent_at = floor.now
    floor.call("connection_cleared", agent="1002")
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.now += 1
    floor.call("transferred", agent="1002", at=sent_at)
    floor.wait(5)
    assert floor.contact(contact).state in WAITS


def test_caller_waits_whom_a_colleague_has_had_and_left_in_the_second_in_which_they_were_given_to_them() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("dee")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    at = floor.now
    floor.call("established", agent="1004", at=at)
    floor.now += 5.5
    floor.call("transferred", agent="1001", at=at + 5)
    floor.call("connection_cleared", agent="1004", at=at + 5)
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


@pytest.mark.parametrize("order", ["ta", "ca", "tca", "cta"])
@pytest.mark.parametrize("to", [c.Destination(queue="loans"), c.Destination(agent="dee")])
def test_caller_whom_the_last_of_two_agents_has_sent_on_by_order_waits_there_in_whichever_order_it_is_told(
    to: c.Destination, order: str
) -> None:
    floor, contact = both()
    floor.on("dee")
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=to))
    tells(floor, order)
    assert floor.offered_to(contact) == "dee"
    assert floor.contact(contact).queue == ("loans" if to.queue else "cards")


@pytest.mark.parametrize("order", ["ta", "tca", "cta"])
def test_caller_whom_the_last_of_two_agents_has_sent_to_a_number_by_order_waits_for_nobody(order: str) -> None:
    floor, contact = both()
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=c.Destination(number="+49")))
    tells(floor, order)
    assert elsewhere(floor, contact)


@pytest.mark.parametrize("told", ["transferred", "connection_cleared"])
@pytest.mark.parametrize("gone", [None, "before", "after"])
def test_caller_left_to_a_number_by_the_last_of_two_agents_who_had_consulted_it_is_there_unless_it_had_gone_before(
    told: str, gone: str | None
) -> None:
    floor, contact = both()
    floor.do(c.ConsultCall(agent_id="bob", contact_id=contact, to=c.Destination(number="+49")))
    floor.call("established", leg_id="number")
    floor.now += 5
    floor.do(c.CompleteTransfer(agent_id="bob", contact_id=contact))
    floor.call(told, agent="1002")
    if gone is not None:
        floor.call("connection_cleared", leg_id="number", at=floor.now + (1 if gone == "after" else -1))
    floor.call("connection_cleared", agent="1001", at=floor.now - 2)
    floor.wait(10)
    assert elsewhere(floor, contact) is (gone != "before")


@pytest.mark.parametrize("by", ["order", "phone"])
@pytest.mark.parametrize("told", ["t", "ct"])
def test_transfer_says_nothing_of_others_where_the_agent_had_the_caller_left_to_a_colleague_who_had_gone(
    by: str, told: str
) -> None:
    """Pressed at the phone, it was no colleague who had gone before to whom they left the caller."""
    floor, contact = both()
    floor.on("dee")
    floor.do(c.ConsultCall(agent_id="bob", contact_id=contact, to=c.Destination(agent="dee")))
    floor.call("established", agent="1004")
    at = floor.now + 3
    floor.now += 5
    if by == "order":
        floor.do(c.CompleteTransfer(agent_id="bob", contact_id=contact))
    for each in told:
        floor.call({"t": "transferred", "c": "connection_cleared"}[each], agent="1002", at=at)
    for who in ("1001", "1004"):
        floor.call("connection_cleared", agent=who, at=at - 1)
    floor.wait(10)
    assert elsewhere(floor, contact) is (by == "phone" and told == "t")


def test_caller_waits_who_has_been_with_another_agent_since_they_were_handed_on() -> None:
    floor, contact = both()
    at = floor.now
    floor.now += 5
    floor.call("transferred", agent="1002", at=at + 2)
    floor.call("established", agent="1004", at=at + 3)
    floor.call("connection_cleared", agent="1004", at=at + 4)
    floor.call("connection_cleared", agent="1001", at=at + 1)
    floor.wait(10)
    assert floor.contact(contact).state in WAITS


@LEG
@pytest.mark.parametrize("order", ["t", "te", "tec", "tce", "etc"])
def test_invited_colleague_who_is_first_told_to_have_handed_the_caller_on_has_served_them(
    order: str, leg: str | None
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.now += 1
    tells(floor, order + "a", leg=leg)
    assert elsewhere(floor, contact)
    assert (floor.contact(contact).served_by, floor.contact(contact).invited) == (("ann", "bob"), ())
    assert floor.agent("bob").state is AgentState.WORKING_AFTER_CALL
    if "e" in order:
        own = floor.contact(contact).call.leg_of("bob")
        assert own is not None
        assert own.talk_seconds == 2


def test_consulted_colleague_who_is_first_told_to_have_sent_the_agent_on_has_not_missed_them() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.now += 1
    floor.call("transferred", agent="1002", cause="no_answer")
    assert (floor.contact(contact).agents, floor.agent("bob").state) == (("ann",), AgentState.READY)


@pytest.mark.parametrize("by", ["order", "phone"])
@pytest.mark.parametrize("order", ["dt", "dc", "dtc", "dct", "td", "tcd", "dtdt"])
def test_caller_waits_whose_consulted_colleague_had_them_and_is_told_to_have_gone_before_it_is_told_that_they_had(
    by: str, order: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("dee")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    floor.call("established", agent="1004")
    at = floor.now + 1
    if by == "order":
        floor.do(c.CompleteTransfer(agent_id="ann", contact_id=contact))
    floor.now += 5
    for each in order:
        kind, agent, later = {
            "d": ("connection_cleared", "1004", 3),
            "t": ("transferred", "1001", 0),
            "c": ("connection_cleared", "1001", 0),
        }[each]
        floor.call(kind, agent=agent, at=at + later)
    floor.wait(6)
    assert floor.contact(contact).state in WAITS
