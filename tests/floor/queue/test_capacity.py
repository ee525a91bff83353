"""Several contacts at once: capacity by channel, blending, and what is reserved counts."""

import msgspec

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from app.floor.memory.entities import ContactState
from app.routing.engine.capacity import Blending
from tests.floor.factories import CONFIG, Bench


def chatting(blending: Blending, chats: int = 2) -> FloorConfig:
    """The small bank, where Ann takes chats, too."""
    ann = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("chat", chats), ("voice", 1)), blending=blending)
    return msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": ann})


def chat(floor: Bench, key: str) -> str:
    return floor.call("offered", key, to="100", details={"channel": "chat"})


def taken(floor: Bench, key: str) -> str:
    contact = chat(floor, key)
    floor.answers("ann", contact, key)
    return contact


def test_chats_come_up_to_the_capacity_one_offer_at_a_time_chatwoot_1198() -> None:
    floor = Bench(chatting(Blending.EXCLUSIVE))
    floor.on("ann")
    first = taken(floor, "c1")
    second, third = chat(floor, "c2"), chat(floor, "c3")
    assert (floor.offered_to(second), floor.offered_to(third)) == ("ann", None)
    floor.answers("ann", second, "c2")
    assert floor.offered_to(third) is None
    assert floor.agent("ann").contacts == (first, second)
    floor.call("cleared", "c1")
    assert floor.offered_to(third) == "ann"


def test_call_does_not_come_into_chats_unless_channels_may_meet() -> None:
    for blending, expected in ((Blending.EXCLUSIVE, None), (Blending.MIXED, "ann")):
        floor = Bench(chatting(blending))
        floor.on("ann")
        taken(floor, "c1")
        assert floor.offered_to(floor.arrives(call_id="v1")) == expected


def test_agent_who_takes_no_chats_is_offered_none() -> None:
    floor = Bench()
    floor.on("ann")
    assert floor.offered_to(chat(floor, "c1")) is None


def test_busy_agent_who_lets_an_offer_pass_is_asked_no_more_and_keeps_what_they_have() -> None:
    floor = Bench(chatting(Blending.EXCLUSIVE, chats=3))
    floor.on("ann")
    first = taken(floor, "c1")
    second = chat(floor, "c2")
    floor.wait(20)
    assert (floor.states("ann"), floor.agent("ann").contacts) == ([AgentState.BUSY], (first,))
    assert floor.contact(second).state is ContactState.WAITING
    floor.call("cleared", "c1")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=first))
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, "no_answer")


def test_break_after_this_contact_stops_further_ones() -> None:
    floor = Bench(chatting(Blending.EXCLUSIVE, chats=3))
    floor.on("ann")
    taken(floor, "c1")
    floor.do(c.NotReady(agent_id="ann", reason="lunch", after_contact=True))
    assert floor.offered_to(chat(floor, "c2")) is None


def test_last_of_several_is_wrapped_up() -> None:
    floor = Bench(chatting(Blending.EXCLUSIVE))
    floor.on("ann")
    taken(floor, "c1")
    second = taken(floor, "c2")
    floor.call("cleared", "c1")
    assert floor.states("ann") == [AgentState.BUSY]
    floor.call("cleared", "c2")
    assert (floor.states("ann"), floor.agent("ann").wrap_up) == ([AgentState.WORKING_AFTER_CALL], second)


def test_offer_beside_more_contacts_than_a_lowered_capacity_allows_goes_to_somebody_else() -> None:
    floor = Bench(chatting(Blending.EXCLUSIVE))
    floor.on("ann")
    taken(floor, "c1")
    second = chat(floor, "c2")
    assert floor.offered_to(second) == "ann"
    floor.do(c.Configure(config=chatting(Blending.EXCLUSIVE, chats=1)))
    assert floor.contact(second).state is ContactState.WAITING
    assert floor.contact(second).missed_by == ()
    floor.do(c.Configure(config=chatting(Blending.EXCLUSIVE)))
    assert floor.offered_to(second) == "ann"


def test_offer_beside_a_contact_of_another_channel_goes_to_somebody_else_where_they_may_not_meet_any_more() -> None:
    floor = Bench(chatting(Blending.MIXED))
    floor.on("ann")
    taken(floor, "c1")
    call = floor.arrives(call_id="c2")
    assert floor.offered_to(call) == "ann"
    floor.do(c.Configure(config=chatting(Blending.EXCLUSIVE)))
    assert floor.contact(call).state is ContactState.WAITING
