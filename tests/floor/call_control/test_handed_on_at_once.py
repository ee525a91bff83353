"""Agents who send a caller elsewhere as soon as they have them: told before their answer, or after their end."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.test_recordings import recorded

LEG = pytest.mark.parametrize("leg", [None, "channel-ann"])


def rung() -> tuple[Bench, str]:
    """Ann has accepted a caller, and bob is ready for the next one."""
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.now += 1
    return floor, contact


def tells(floor: Bench, order: str, leg: str | None, apart: float = 1.0) -> None:
    """Ann answers now, and a second later sends the caller elsewhere and is gone; told in this order."""
    kinds = {"e": ("established", 0.0), "t": ("transferred", 1.0), "c": ("connection_cleared", 1.0)}
    answered_at = floor.now
    floor.now += 1
    for each in order:
        kind, later = kinds[each]
        more = {"leg_id": leg} if leg is not None else {}
        floor.call(kind, agent="1001", at=answered_at + later, **more)
        floor.now += apart


@LEG
@pytest.mark.parametrize("order", ["t", "te", "tc", "tce", "tec", "ct", "cet", "cte", "ect", "et", "etc"])
def test_caller_waits_for_nobody_in_whichever_order_it_is_told(order: str, leg: str | None) -> None:
    floor, contact = rung()
    tells(floor, order, leg)
    floor.wait(60)
    found = floor.contact(contact)
    assert (found.state, found.sent_away, found.offers) == (ContactState.ARRIVING, True, ())
    assert floor.agent("bob").state is AgentState.READY


@LEG
@pytest.mark.parametrize("order", ["t", "te", "tce", "tec", "etc"])
def test_agent_has_served_them_and_wraps_up_where_it_is_told_before_their_end(order: str, leg: str | None) -> None:
    floor, contact = rung()
    tells(floor, order, leg)
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL
    assert floor.contact(contact).served_by == ("ann",)
    assert [(each.outcome, each.agent) for each in floor.contact(contact).visits] == [("answered", "ann")]


def test_next_agent_whose_phone_rings_already_is_not_put_into_their_conversation() -> None:
    floor, contact = rung()
    tells(floor, "c", None)
    floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    floor.call("transferred", agent="1001", at=floor.now - 1)
    assert floor.orders() == ["call.cancel"]
    assert floor.agent("bob").state is AgentState.READY


def test_next_agent_who_has_the_caller_keeps_them() -> None:
    floor, contact = rung()
    tells(floor, "c", None)
    at = floor.now - 1
    floor.answers("bob", contact)
    floor.call("transferred", agent="1001", at=at)
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.ACTIVE, ("bob",))


def test_caller_who_waits_again_since_the_next_agent_has_left_them_goes_on_waiting() -> None:
    floor, contact = rung()
    tells(floor, "c", None)
    at = floor.now - 1
    floor.answers("bob", contact)
    floor.now += 1
    floor.call("connection_cleared", agent="1002")
    floor.wait(6)
    floor.call("transferred", agent="1001", at=at)
    assert floor.contact(contact).state is ContactState.WAITING


@pytest.mark.parametrize("first", ["queued", "transferred"])
@pytest.mark.parametrize("before", [False, True])
def test_caller_whom_the_agent_has_sent_to_a_queue_of_the_switch_waits(first: str, before: bool) -> None:
    """Also one who was in a queue of the switch already when the agent's phone was rung."""
    floor, contact = rung()
    if before:
        floor.call("queued", queue="cards", at=floor.now - 1)
    tells(floor, "c", None)
    at = floor.now - 1
    for each in ("queued", "transferred") if first == "queued" else ("transferred", "queued"):
        floor.call(each, at=at, **({"agent": "1001"} if each == "transferred" else {"queue": "cards"}))
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


@LEG
def test_agent_who_is_rung_for_the_same_caller_again_is_not_taken_for_gone_by_what_is_told_of_before(
    leg: str | None,
) -> None:
    floor, contact = rung()
    floor.do(c.NotReady(agent_id="bob", reason="lunch"))
    more = {"leg_id": leg} if leg is not None else {}
    floor.call("established", agent="1001", **more)
    floor.now += 1
    at = floor.now
    floor.call("connection_cleared", agent="1001", **more)
    floor.wait(6)
    floor.do(c.Ready(agent_id="ann"))
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("transferred", agent="1001", at=at, **more)
    assert (floor.contact(contact).state, floor.offered_to(contact)) == (ContactState.CONNECTING, "ann")


def test_caller_who_is_elsewhere_already_is_not_recorded() -> None:
    floor = Bench(recorded("cards"))
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("transferred", agent="1001")
    assert floor.contact(contact).served_by == ("ann",)
    assert (floor.orders(), floor.contact(contact).recordings) == ([], ())


@LEG
def test_agent_who_is_rung_for_a_caller_whom_they_sent_to_a_queue_is_not_taken_for_gone_by_what_is_told_twice(
    leg: str | None,
) -> None:
    floor, contact = rung()
    floor.do(c.NotReady(agent_id="bob", reason="lunch"))
    more = {"leg_id": leg} if leg is not None else {}
    floor.call("established", agent="1001", **more)
    floor.now += 1
    at = floor.now
    floor.call("transferred", agent="1001", at=at, **more)
    floor.call("queued", queue="cards")
    floor.do(c.Ready(agent_id="ann"))
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("transferred", agent="1001", at=at, **more)
    assert (floor.contact(contact).state, floor.offered_to(contact)) == (ContactState.CONNECTING, "ann")
