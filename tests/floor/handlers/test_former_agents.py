"""Agents who are made inactive while they are on the floor: seen until they have finished, and given nothing new."""

from typing import Any

import asyncpg
import msgspec
import pytest

from app.agents.presence import AgentState
from app.agents.service import change_agent
from app.core.clock import now
from app.db.engine import Sessions
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from app.floor.configuration.reading import load
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from app.routing.engine.capacity import Blending
from tests.customers.factories import make_agent
from tests.fixtures.database import Database
from tests.floor.factories import CONFIG, Bench

BOB = c.Destination(agent="bob")


def without(config: FloorConfig, *gone: str) -> FloorConfig:
    """The configuration once these agents were made inactive."""
    agents = {key: record for key, record in config.agents.items() if key not in gone}
    return msgspec.structs.replace(config, agents=agents, former={key: config.agents[key] for key in gone})


def dismiss(floor: Bench, *gone: str) -> None:
    floor.do(c.Configure(config=without(floor.state.store.config, *gone)))


def talking(floor: Bench) -> str:
    floor.on("ann")
    contact = floor.call("offered", to="100", leg_id="caller")
    floor.answers("ann", contact)
    return contact


def seen(floor: Bench) -> dict[str, dict[str, Any]]:
    """The agents whom a supervisor sees."""
    return {each["id"]: each for each in floor.do(c.Look(what="floor"))["agents"]}


def test_agent_who_is_made_inactive_during_a_call_is_seen_by_name_until_it_is_over_and_then_is_gone() -> None:
    floor = Bench()
    contact = talking(floor)
    dismiss(floor, "ann", "bob")
    assert (seen(floor)["ann"]["name"], seen(floor)["ann"]["state"]) == ("Ann", "busy")
    assert seen(floor)["ann"]["contacts"] == (contact,)
    assert "bob" not in seen(floor), "who has nothing to finish is gone at once"
    assert floor.do(c.Look(what="floor"))["by_state"]["busy"] == 1
    floor.call("cleared")
    assert seen(floor)["ann"]["state"] == "working_after_call"
    floor.wait(31)
    assert "ann" not in seen(floor)
    assert floor.states("ann") == [AgentState.LOGGED_OFF]
    assert floor.state.store.contacts == {}


def test_inactive_agents_wrap_up_does_not_wait_for_one_who_cannot_sign_in() -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], wrap_up_ends="by_agent")
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    talking(floor)
    dismiss(floor, "ann")
    floor.call("cleared")
    floor.wait(31)
    assert "ann" not in seen(floor)


def test_inactive_agents_phone_is_still_theirs() -> None:
    floor = Bench()
    contact = talking(floor)
    dismiss(floor, "ann")
    floor.do(c.Hold(agent_id="ann", contact_id=contact))
    (order,) = [each for each in floor.last.effects if isinstance(each, SwitchOrder)]
    assert b'"address":"1001"' in order.body
    floor.call("connection_cleared", agent="1001")
    assert floor.contact(contact).agents == ()
    assert floor.contact(contact).requeue_at is not None, "the caller is not left alone"


@pytest.mark.parametrize("kind", [c.Transfer, c.Conference, c.ConsultCall])
def test_nothing_new_reaches_an_inactive_agent(kind: type[c.Transfer | c.Conference | c.ConsultCall]) -> None:
    floor = Bench()
    talking(floor)
    floor.on("bob")
    other = floor.arrives(call_id="c2")
    floor.answers("bob", other, "c2")
    dismiss(floor, "ann")
    to = c.Destination(agent="ann")
    assert floor.refused(kind(agent_id="bob", contact_id=other, to=to))["code"] == "not-found"
    floor.call("cleared")
    assert floor.offered_to(floor.arrives(call_id="c3")) is None
    assert floor.refused(c.Ready(agent_id="ann"))["code"] == "not-found"
    assert floor.refused(c.Connect(agent_id="ann"))["code"] == "not-found"


def test_chat_on_offer_beside_a_call_goes_to_somebody_else() -> None:
    ann = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("chat", 1), ("voice", 1)), blending=Blending.MIXED)
    floor = Bench(msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": ann}))
    talking(floor)
    chat = floor.call("offered", "c2", to="100", details={"channel": "chat"})
    assert floor.offered_to(chat) == "ann"
    dismiss(floor, "ann")
    assert (floor.offered_to(chat), floor.states("ann")) == (None, [AgentState.BUSY])


@pytest.mark.parametrize("by", ["accepted", "invited", "consulted"])
def test_phone_of_an_inactive_agent_rings_no_longer(by: str) -> None:
    floor = Bench()
    if by == "accepted":
        floor.on("bob")
        contact = floor.arrives()
        floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    else:
        contact = talking(floor)
        floor.on("bob")
        kind = c.Conference if by == "invited" else c.ConsultCall
        floor.do(kind(agent_id="ann", contact_id=contact, to=BOB))
    dismiss(floor, "bob")
    assert floor.orders() == ["call.cancel"]
    assert (floor.states("bob"), "bob" in seen(floor)) == ([AgentState.LOGGED_OFF], False)
    left = floor.contact(contact)
    assert (left.state, left.invited, left.consult) == (
        ContactState.WAITING if by == "accepted" else ContactState.ACTIVE,
        (),
        None,
    )


def test_inactive_agent_whom_a_supervisor_frees_is_gone() -> None:
    floor = Bench()
    contact = talking(floor)
    dismiss(floor, "ann")
    floor.do(c.Release(agent_id="ann", by="sue"))
    assert (floor.orders(), "ann" in seen(floor), floor.states("ann")) == (
        ["call.cancel"],
        False,
        [AgentState.LOGGED_OFF],
    )
    floor.wait(6)
    assert floor.contact(contact).state is ContactState.WAITING


def test_phone_that_has_passed_on_is_its_new_owners() -> None:
    config = without(CONFIG, "ann")
    bob = msgspec.structs.replace(config.agents["bob"], address="1001")
    floor = Bench(msgspec.structs.replace(config, agents={**config.agents, "bob": bob}))
    assert floor.state.store.by_address["1001"] == "bob"


async def test_former_agents_are_read_from_the_records(database: Database, sessions: Sessions) -> None:
    async with sessions.write() as session:
        for agent in ("mei", "tom", "una"):
            await make_agent(session, agent)
        await change_agent(session, "tom", {"active": False}, now)
    connection = await asyncpg.connect(database.dsn)
    try:
        config = await load(connection)
    finally:
        await connection.close()
    assert (sorted(config.agents), sorted(config.former)) == (["mei", "una"], ["tom"])
    assert config.former["tom"].name == config.person("tom").name  # type: ignore[union-attr]


def taken_by_cho(floor: Bench) -> str:
    """Cho, as a supervisor, has taken Ann's call over, and Ann is still on it."""
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="cho", address="7001"))
    floor.now += 1
    floor.call("supervisor_joined", details={"supervisor": "cho"})
    return contact


def test_supervisor_who_is_made_inactive_while_they_have_a_call_is_not_kept_on_it_when_they_hang_up() -> None:
    floor = Bench()
    contact = taken_by_cho(floor)
    floor.call("connection_cleared", agent="1001")
    dismiss(floor, "cho")
    floor.call("supervisor_left", details={"supervisor": "cho"})
    assert (floor.contact(contact).agents, floor.contact(contact).listeners) == ((), ())
    floor.wait(31)
    assert floor.states("cho") == [AgentState.LOGGED_OFF]


def test_caller_stays_with_the_supervisor_who_is_made_an_agent_while_they_have_the_call() -> None:
    floor = Bench(without(CONFIG, "cho"))
    contact = taken_by_cho(floor)
    floor.do(c.Configure(config=CONFIG))
    floor.call("connection_cleared", agent="1001")
    floor.wait(60)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
    floor.call("supervisor_left", details={"supervisor": "cho"})
    assert not any(leg.agent == "cho" for leg in floor.contact(contact).call.legs)
    floor.wait(5)
    assert floor.offered_to(contact) == "ann"
