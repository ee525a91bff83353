"""Agents whose phone answers for them: offer and acceptance are one command."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from app.floor.memory.effects import Happened, SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import CONFIG, Bench


def bank(*auto: str, offer_agents: int = 1) -> FloorConfig:
    """The small bank, where these agents' phones answer for them."""
    change = msgspec.structs.replace
    agents = {key: change(record, auto_accept=key in auto) for key, record in CONFIG.agents.items()}
    cards = change(CONFIG.queues["cards"], offer_agents=offer_agents)
    return change(CONFIG, agents=agents, queues={**CONFIG.queues, "cards": cards})


def test_the_phone_rings_at_the_offer_and_the_screen_pop_comes_first() -> None:
    floor = Bench(bank("ann"))
    floor.on("ann")
    contact = floor.arrives(tier="gold")
    assert floor.contact(contact).state is ContactState.CONNECTING
    told = [e.type for e in floor.last.effects if isinstance(e, Happened) and e.agent == "ann"]
    assert told == ["agent.state", "contact.offered", "agent.state", "contact.updated"]
    assert b'"auto_accepted":true' in floor.told_of(contact)
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    assert (order.type, msgspec.json.decode(order.body)["ring_seconds"]) == ("call.connect", 20)
    floor.refused(c.AcceptOffer(agent_id="ann", contact_id=contact))


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("no_answer", "phone_not_answered"), ("busy", "phone_busy"), ("declined", "phone_declined"),
     ("unregistered", "phone_unregistered"), ("q850_38", "phone_failed")],
)  # fmt: skip
def test_a_phone_that_does_not_take_it_stops_the_agent_and_the_caller_goes_on(cause: str, reason: str) -> None:
    floor = Bench(bank("ann", "bob"))
    floor.on("ann", "bob")
    contact = floor.arrives()
    queued_at = floor.contact(contact).queued_at
    floor.now += 3
    floor.call("failed", agent="1001", cause=cause)
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, reason)
    assert (floor.offered_to(contact), floor.contact(contact).queued_at) == ("bob", queued_at)
    assert floor.orders() == ["call.connect"]


def test_the_phone_rings_as_long_as_the_offer_would_have_stood() -> None:
    floor = Bench(bank("ann"))
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(19.9)
    assert floor.states("ann") == [AgentState.BUSY]
    floor.wait(0.2)
    assert (floor.agent("ann").reason, floor.contact(contact).state) == ("phone_not_answered", ContactState.WAITING)


def test_of_several_asked_at_once_the_first_chosen_is_connected_and_nobody_else_is_asked() -> None:
    floor = Bench(bank("ann", offer_agents=3))
    floor.on("ann", "bob", "dee")
    contact = floor.arrives()
    assert floor.orders() == ["call.connect"]
    assert floor.states("ann", "bob", "dee") == [AgentState.BUSY, AgentState.READY, AgentState.READY]
    floor.call("established", agent="1001")
    assert floor.contact(contact).agents == ("ann",)


def test_who_answers_at_once_does_not_take_it_from_who_was_chosen_first() -> None:
    floor = Bench(bank("bob", offer_agents=2))
    floor.on("ann", "bob", "dee")
    contact = floor.arrives()
    assert floor.orders() == []
    assert [offer.agent for offer in floor.contact(contact).offers] == ["ann", "dee"]


def test_a_callback_is_dialled_at_once() -> None:
    floor = Bench(bank("ann"))
    contact = floor.arrives()
    floor.do(c.AskCallback(contact_id=contact, number="+8613900000000"))
    floor.call("cleared")
    floor.on("ann")
    assert floor.states("ann") == [AgentState.BUSY]


def test_the_next_call_rings_as_soon_as_the_agent_is_ready() -> None:
    floor = Bench(bank("ann"))
    first, second = floor.arrives(), floor.arrives(call_id="c2")
    floor.on("ann")
    floor.call("established", agent="1001")
    floor.call("cleared")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=first))
    assert floor.orders() == ["call.connect"]
    assert floor.agent("ann").contacts == (second,)
