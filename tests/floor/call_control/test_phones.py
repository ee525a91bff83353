"""What platforms tell of agents' phones: registered, gone, on a call of their own."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.routing.engine.capacity import Blending
from app.telephony.events import PhoneWord
from tests.floor.factories import CONFIG, Bench

GONE, HERE, TALKS, UNKNOWN = PhoneWord.UNAVAILABLE, PhoneWord.AVAILABLE, PhoneWord.IN_USE, PhoneWord.UNKNOWN
MISSING = PhoneWord.MISSING


def tells(floor: Bench, state: PhoneWord, address: str = "1001", source: str = "pbx") -> None:
    floor.do(c.PhoneState(source=source, address=address, state=state))


def stands(floor: Bench, agent: str = "ann") -> tuple[AgentState, str | None]:
    return floor.agent(agent).state, floor.agent(agent).reason


def test_nobody_becomes_ready_without_their_phone_and_is_told_what_to_do() -> None:
    floor = Bench()
    floor.do(c.Connect(agent_id="ann"))
    tells(floor, GONE)
    problem = floor.refused(c.Ready(agent_id="ann"))
    assert (problem["reason"], problem["accepted"]) == ("phone_unregistered", ["register the phone"])
    assert floor.refused(c.Dial(agent_id="ann", contact_id="x", to="1"))["reason"] == "phone_unregistered"
    tells(floor, HERE)
    assert stands(floor) == (AgentState.NOT_READY, "logged_on"), "they had not been ready"
    floor.do(c.Ready(agent_id="ann"))


def test_a_ready_agent_whose_phone_goes_is_not_ready_until_it_is_back() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, GONE)
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")
    assert b'"phone":"unavailable"' in floor.told("agent.state")[0].body
    contact = floor.arrives()
    assert floor.offered_to(contact) is None
    tells(floor, HERE)
    assert floor.offered_to(contact) == "ann"


def test_a_phone_of_which_nothing_was_known_for_a_while_is_back_all_the_same() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, GONE)
    tells(floor, UNKNOWN)
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")
    tells(floor, HERE)
    assert stands(floor) == (AgentState.READY, None)


@pytest.mark.parametrize("chosen", [c.NotReady(agent_id="ann", reason="lunch"), c.LogOff(agent_id="ann")])
def test_who_chose_otherwise_meanwhile_is_left_alone_when_the_phone_is_back(chosen: c.Command) -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, GONE)
    floor.do(chosen)
    before = stands(floor)
    tells(floor, HERE)
    assert stands(floor) == before
    assert [told.agent for told in floor.told("agent.state")] == ["ann"], "but told"


def test_offer_goes_to_the_next_at_once_when_the_phone_goes() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    tells(floor, GONE)
    assert (floor.offered_to(contact), stands(floor)) == ("bob", (AgentState.NOT_READY, "phone_unregistered"))


def test_caller_who_is_being_connected_goes_to_the_next_at_once() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    tells(floor, GONE)
    assert floor.orders() == ["call.cancel"]
    assert (floor.offered_to(contact), stands(floor)) == ("bob", (AgentState.NOT_READY, "phone_unregistered"))


def test_a_callback_that_is_being_dialled_waits_on() -> None:
    floor = Bench()
    first = floor.arrives()
    floor.do(c.AskCallback(contact_id=first, number="+8613900000000"))
    floor.call("cleared")
    floor.on("ann")
    (callback,) = floor.state.store.contacts
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=callback))
    tells(floor, GONE)
    assert floor.contact(callback).state is ContactState.WAITING
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")


def test_who_talks_goes_on_and_is_not_ready_afterwards() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    tells(floor, GONE)
    assert floor.contact(contact).state is ContactState.ACTIVE
    floor.call("cleared")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")


def test_registered_anywhere_is_registered_and_what_nobody_says_counts_for_nothing() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, HERE, source="cloud")
    tells(floor, GONE)
    assert stands(floor) == (AgentState.READY, None)
    tells(floor, UNKNOWN, source="cloud")
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")
    tells(floor, UNKNOWN)
    assert (floor.agent("ann").phone, floor.state.store.phones) == (None, {})
    floor.do(c.Ready(agent_id="ann"))


def test_nothing_is_offered_during_a_private_call() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, TALKS)
    assert b'"phone":"in_use"' in floor.told("agent.state")[0].body
    contact = floor.arrives()
    assert (floor.offered_to(contact), stands(floor)) == (None, (AgentState.READY, None))
    tells(floor, HERE)
    assert floor.offered_to(contact) == "ann"


def test_a_call_of_ours_is_no_private_one() -> None:
    chats = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("chat", 1), ("voice", 1)), blending=Blending.MIXED)
    floor = Bench(msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": chats}))
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    tells(floor, TALKS)
    chat = floor.call("offered", "c2", to="100", details={"channel": "chat"})
    assert floor.offered_to(chat) == "ann"


def test_a_phone_is_known_before_its_agent_is_and_follows_the_records() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, GONE, "1099")
    moved = msgspec.structs.replace(CONFIG.agents["ann"], address="1099")
    floor.do(c.Configure(config=msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": moved})))
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")
    floor.do(c.Configure(config=CONFIG))
    assert (floor.agent("ann").phone, stands(floor)[0]) == (None, AgentState.NOT_READY)
    sources = {"cloud": CONFIG.sources["cloud"]}
    floor.do(c.Configure(config=msgspec.structs.replace(CONFIG, sources=sources)))
    assert floor.state.store.phones == {}, "who is gone says nothing any more"


def test_who_only_writes_needs_no_phone() -> None:
    writer = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("chat", 2),))
    floor = Bench(msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": writer}))
    tells(floor, GONE)
    floor.on("ann")
    assert stands(floor) == (AgentState.READY, None)


def test_a_call_goes_to_nobody_whose_phone_is_at_another_platform_only() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    tells(floor, HERE, source="cloud")
    tells(floor, GONE, source="pbx")
    assert stands(floor) == (AgentState.READY, None)
    assert floor.offered_to(floor.arrives()) == "bob"
    assert b'"why":["phone"]' in floor.told("contact.offered")[0].body
    waits = floor.arrives(call_id="c2")
    assert floor.offered_to(waits) is None
    there = floor.call("offered", "c3", source="cloud", to="1")
    assert floor.offered_to(there) == "ann"


def test_who_waits_is_offered_as_soon_as_the_phone_is_at_their_platform() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, HERE, source="cloud")
    tells(floor, GONE, source="pbx")
    waits = floor.arrives()
    assert floor.offered_to(waits) is None
    tells(floor, HERE, source="pbx")
    assert floor.offered_to(waits) == "ann"


def test_who_is_asked_for_by_name_must_be_at_the_platform_of_the_call() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    tells(floor, HERE, address="1002", source="cloud")
    tells(floor, GONE, address="1002", source="pbx")
    contact = floor.arrives()
    floor.answers("ann", contact)
    for command in (c.ConsultCall, c.Conference, c.Transfer):
        problem = floor.refused(command(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
        assert problem["detail"] == "The phone 1002 of agent bob is not registered at pbx, so it cannot be rung."
        assert (problem["reason"], problem["accepted"]) == ("phone_unregistered", ["register the phone at pbx"])
    tells(floor, HERE, address="1002", source="pbx")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    tells(floor, GONE, address="1002", source="pbx")
    problem = floor.refused(c.Dial(agent_id="bob", contact_id="x", to="1", source="pbx"))
    assert "not registered at pbx" in problem["detail"]
    dialled = floor.do(c.Dial(agent_id="bob", contact_id="x", to="1"))
    assert dialled["contact"]["source"] == "cloud"


@pytest.mark.parametrize("kind", [c.Listen, c.TakeCall])
def test_a_supervisors_phone_must_be_at_the_platform_of_the_call(kind: type[c.Listen | c.TakeCall]) -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    wish = kind(contact_id=contact, by="sue", address="7001")
    tells(floor, HERE, address="7001", source="cloud")
    for word, why in ((GONE, "The phone 7001 is not registered at pbx"), (MISSING, "no endpoint 7001 at pbx")):
        tells(floor, word, address="7001", source="pbx")
        assert why in floor.refused(wish)["detail"]
        assert floor.contact(contact).listeners == ()
    tells(floor, HERE, address="7001", source="pbx")
    floor.do(wish)
    assert floor.orders() == ["call.listen"]


def test_a_supervisor_in_the_call_may_change_what_they_do_though_their_phone_is_told_to_be_away() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    floor.call("supervisor_joined", details={"supervisor": "sue"})
    tells(floor, GONE, address="7001")
    floor.do(c.Listen(contact_id=contact, by="sue", mode="whisper"))


def test_a_phone_that_no_platform_has_keeps_its_agent_from_ready_and_they_are_told_what_is_wrong() -> None:
    floor = Bench()
    floor.do(c.Connect(agent_id="ann"))
    tells(floor, MISSING)
    problem = floor.refused(c.Ready(agent_id="ann"))
    assert problem["detail"] == "There is no endpoint 1001 at pbx, so the phone of agent ann cannot be rung."
    assert problem["reason"] == "phone_missing"
    assert problem["accepted"] == ["an endpoint 1001 at pbx", "the address of a phone that is there"]
    tells(floor, MISSING, source="cloud")
    assert "no endpoint 1001 at cloud and pbx" in floor.refused(c.Ready(agent_id="ann"))["detail"]
    tells(floor, GONE, source="cloud")
    assert floor.refused(c.Ready(agent_id="ann"))["reason"] == "phone_unregistered", "it only has to sign on"


def test_a_phone_that_one_of_several_platforms_has_is_there_and_calls_of_the_others_go_elsewhere() -> None:
    floor = Bench()
    tells(floor, MISSING)
    tells(floor, HERE, source="cloud")
    floor.on("ann", "bob")
    assert floor.offered_to(floor.arrives()) == "bob"
    assert floor.offered_to(floor.call("offered", "c2", source="cloud", to="1")) == "ann"


def test_a_ready_agent_is_told_that_their_phone_is_missing_and_then_that_it_has_to_sign_on() -> None:
    floor = Bench()
    floor.on("ann")
    tells(floor, MISSING)
    assert stands(floor) == (AgentState.NOT_READY, "phone_missing")
    assert b'"phone":"missing"' in floor.told("agent.state")[0].body
    tells(floor, GONE)
    assert stands(floor) == (AgentState.NOT_READY, "phone_unregistered")
    tells(floor, HERE)
    assert stands(floor) == (AgentState.READY, None)


@pytest.mark.parametrize("accepted", [False, True])
def test_offer_of_a_platform_that_has_lost_the_phone_goes_on_though_another_platform_has_it(accepted: bool) -> None:
    floor = Bench()
    tells(floor, HERE)
    tells(floor, HERE, source="cloud")
    floor.on("ann", "bob")
    contact = floor.arrives()
    if accepted:
        floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    tells(floor, GONE, source="cloud")
    assert floor.contact(contact).offer is not None, "another platform is of no matter"
    tells(floor, HERE, source="cloud")
    tells(floor, GONE)
    assert (floor.offered_to(contact), stands(floor)) == ("bob", (AgentState.READY, None))
    assert floor.orders() == (["call.cancel"] if accepted else [])
