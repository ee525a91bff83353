"""Agents on the pure floor: order, presence, lost connections, refusals."""

from typing import Any

import msgspec
import pytest

from app.agents.presence import AgentState
from app.core.instants import iso
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.routing.engine.decision import Decision, PassedOver, Rival
from app.routing.engine.requirement import Requirement, Selection
from tests.floor.factories import CONFIG, Bench


def test_agent_who_frees_takes_the_oldest_waiting_not_the_newest_chatwoot_10376_and_10685() -> None:
    floor = Bench()
    first = floor.arrives(call_id="c1")
    floor.wait(5)
    second = floor.arrives(call_id="c2")
    floor.on("ann")
    assert floor.offered_to(first) == "ann"
    assert floor.offered_to(second) is None


@pytest.mark.parametrize(("head_start", "first"), [(59, "gold"), (61, "standard")])
def test_tier_bonus_is_bounded_seconds_and_starves_nobody(head_start: float, first: str) -> None:
    floor = Bench()
    contacts = {"standard": floor.arrives(call_id="c1", tier="standard")}
    floor.wait(head_start)
    contacts["gold"] = floor.arrives(call_id="c2", tier="gold")
    floor.on("ann")
    assert floor.offered_to(contacts[first]) == "ann"


def test_language_of_the_caller_is_required_where_the_queue_asks_for_it() -> None:
    floor = Bench()
    floor.on("dee", "cho")
    contact = floor.arrives("300", language="zh")
    assert floor.offered_to(contact) == "cho"
    assert floor.contact(contact).wanted.skills == (("wealth", 4), ("zh", 3))


def test_a_break_does_not_reset_idleness() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    floor.do(c.NotReady(agent_id="ann", reason="coffee"))
    floor.wait(5)
    floor.do(c.Ready(agent_id="ann"))
    assert floor.offered_to(floor.arrives()) == "ann"


def offer_told(floor: Bench, to: str) -> dict[str, Any]:
    (body,) = (each.body for each in floor.told("contact.offered") if each.agent == to)
    told: dict[str, Any] = msgspec.json.decode(body)
    return {**told, "why": msgspec.convert(told["why"], Decision)}


CARDS = Requirement(skills=(("cards", 2),))


def test_decision_says_why_this_agent_and_who_came_next() -> None:
    floor = Bench()
    floor.on("cho", "ann", "bob")
    floor.now += 0.25
    floor.arrives(tier="gold")
    told = offer_told(floor, "ann")
    assert told["why"] == Decision(
        rule="contact_finds_agent",
        wanted=CARDS,
        bonus_seconds=60.0,
        idle_seconds=2.25,
        considered=2,
        rivals=(Rival("bob", 1.0),),
        passed_over=(PassedOver("cho", ("skill:cards:2",)),),
    )
    assert (told["expires_at"], told["auto_accepted"]) == (iso(floor.now + 20), False)


def test_decision_says_why_this_caller_and_who_waited_before_them() -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], selection=Selection.ROUND_ROBIN, strict_tiers=True)
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    other = floor.arrives("200", call_id="c0", tier="private")
    floor.now += 100
    plain = floor.arrives(call_id="c1")
    floor.now += 1
    floor.arrives(call_id="c2", tier="gold")
    floor.now += 12.25
    floor.do(c.Connect(agent_id="ann"))
    floor.do(c.Ready(agent_id="ann"))
    assert offer_told(floor, "ann")["why"] == Decision(
        rule="agent_finds_contact",
        selection=Selection.ROUND_ROBIN,
        wanted=CARDS,
        waited_seconds=12.25,
        bonus_seconds=60.0,
        precedence=-1,
    )
    floor.do(c.Connect(agent_id="dee"))
    floor.do(c.Ready(agent_id="dee"))
    why = offer_told(floor, "dee")["why"]
    assert (why.considered, [each.id for each in why.rivals]) == (2, [plain])
    assert floor.offered_to(other) == "dee"


def test_offer_to_one_more_agent_says_so_and_not_again_who_lost() -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], offer_agents=2)
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    floor.on("cho", "ann", "bob", "dee")
    floor.arrives()
    assert len(offer_told(floor, "ann")["why"].rivals) == 2
    assert offer_told(floor, "bob")["why"] == Decision(rule="beside", wanted=CARDS, idle_seconds=2.0, considered=3)


def test_of_agents_who_free_at_once_the_one_idle_longest_has_the_next_caller() -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], offer_agents=2, selection=Selection.MOST_SKILLED)
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    floor.on("bob", "dee")
    contact = floor.arrives(call_id="c1")
    assert [each.agent for each in floor.contact(contact).offers] == ["dee", "bob"]
    waits = floor.arrives("200", call_id="c2")
    floor.call("cleared", "c1")
    assert floor.offered_to(waits) == "bob"


def test_expired_offer_cannot_be_accepted_and_the_present_state_is_named_streams_658() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(21)
    problem = floor.refused(c.AcceptOffer(agent_id="ann", contact_id=contact))
    assert (problem["code"], problem["state"]) == ("conflict", "not_ready")


def test_ready_while_talking_is_refused_with_the_present_state() -> None:
    floor = Bench()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    problem = floor.refused(c.Ready(agent_id="ann"))
    assert (problem["code"], problem["state"]) == ("wrong-state", "busy")


def test_another_agents_offer_cannot_be_accepted() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.refused(c.AcceptOffer(agent_id="bob", contact_id=contact))
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.refused(c.AcceptOffer(agent_id="ann", contact_id=contact))


def test_closing_the_browser_takes_a_ready_agent_off_connect_blog() -> None:
    floor = Bench()
    floor.on("ann")
    floor.do(c.Disconnect(agent_id="ann", last_heard=floor.now))
    floor.wait(44)
    assert floor.agent("ann").state is AgentState.READY
    floor.wait(1)
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, "connection_lost")
    floor.do(c.Connect(agent_id="ann"))
    assert floor.agent("ann").state is AgentState.NOT_READY, "coming back makes nobody ready"


def test_lost_connection_during_an_offer_moves_the_caller_on_livekit_1472() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.Disconnect(agent_id="ann", last_heard=floor.now - 40))
    floor.wait(5)
    assert floor.offered_to(contact) == "bob"


def test_talking_agent_stays_on_the_call_when_the_connection_is_lost() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.do(c.Disconnect(agent_id="ann", last_heard=floor.now))
    floor.wait(60)
    assert floor.contact(contact).state is ContactState.ACTIVE
    floor.call("cleared")
    floor.wait(31)
    assert floor.agent("ann").reason == "connection_lost"


def test_second_client_changes_nothing_rocketchat_23563() -> None:
    floor = Bench()
    floor.on("ann")
    floor.do(c.NotReady(agent_id="ann", reason="lunch"))
    before = floor.agent("ann")
    floor.do(c.Connect(agent_id="ann"))
    assert floor.agent("ann") == before


def test_contact_is_not_offered_to_an_agent_without_a_socket_rocketchat_39495() -> None:
    floor = Bench()
    floor.refused(c.Ready(agent_id="ann"))
    assert floor.offered_to(floor.arrives()) is None


def test_wrap_up_is_a_state_of_its_own_and_ends_at_its_limit_asterisk_1377() -> None:
    floor = Bench()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    floor.call("cleared")
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL
    waiting = floor.arrives(call_id="c2")
    floor.wait(29)
    assert floor.offered_to(waiting) is None
    floor.wait(1)
    assert floor.offered_to(waiting) == "ann"


def test_a_later_choice_of_the_agent_is_never_overridden_streams_613() -> None:
    floor = Bench()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    floor.call("cleared")
    floor.do(c.NotReady(agent_id="ann", reason="training"))
    floor.wait(120)
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, "training")


@pytest.mark.parametrize("code", ["nonsense", ""])
def test_unknown_wrap_up_code_is_refused_with_those_accepted(code: str) -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("cleared")
    problem = floor.refused(c.FinishWrapUp(agent_id="ann", contact_id=contact, code=code))
    assert problem["faults"][0]["accepted"] == "one of callback, solved"
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL


def test_hold_twice_and_retrieve_unheld_are_refused() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.refused(c.Retrieve(agent_id="ann", contact_id=contact))
    floor.do(c.Hold(agent_id="ann", contact_id=contact))
    floor.call("held", agent="ann")
    assert floor.refused(c.Hold(agent_id="ann", contact_id=contact))["state"] == "held"
    floor.do(c.Retrieve(agent_id="ann", contact_id=contact))


def test_transfer_needs_exactly_one_destination_that_exists() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    for to in (c.Destination(), c.Destination(queue="cards", number="1"), c.Destination(queue="nope")):
        assert floor.refused(c.Transfer(agent_id="ann", contact_id=contact, to=to))["code"] == "invalid"
    floor.refused(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))


def test_new_owner_gives_everybody_time_to_come_back() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    floor.do(c.TakeOver())
    floor.do(c.Connect(agent_id="ann"))
    floor.wait(46)
    assert floor.states("ann", "bob") == [AgentState.READY, AgentState.NOT_READY]


def test_new_configuration_is_obeyed_at_once() -> None:
    floor = Bench()
    floor.on("cho")
    contact = floor.arrives("100")
    assert floor.offered_to(contact) is None
    config = floor.state.store.config
    cho = msgspec.structs.replace(config.agents["cho"], skills=(("cards", 5),))
    floor.do(c.Configure(config=msgspec.structs.replace(config, agents={**config.agents, "cho": cho})))
    assert floor.offered_to(contact) == "cho"


def test_supervisors_are_told_that_an_agent_is_back() -> None:
    floor = Bench()
    floor.on("ann")
    floor.do(c.Disconnect(agent_id="ann", last_heard=floor.now))
    floor.wait(50)
    floor.do(c.Connect(agent_id="ann"))
    (told,) = floor.told("agent.state")
    assert b'"connected":true' in told.body
