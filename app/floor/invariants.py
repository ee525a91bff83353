"""What must hold after every command, by the plain definitions: no index is trusted here.

Tests hold a floor against it after each command, and the tables of one that was killed.
"""

from app.agents.presence import AgentState
from app.calls.leg import LegState
from app.floor.call_control.phones import check_phones
from app.floor.memory import under_way
from app.floor.memory.due import contact_deadline
from app.floor.memory.entities import WAITS, Contact, ContactState, LiveAgent
from app.floor.memory.store import TAKING, Store
from app.floor.memory.work import Work
from app.floor.queue.offers import eligible
from app.floor.state import FloorState
from app.routing.engine.capacity import free_channels


def check(state: FloorState) -> None:
    """Raise AssertionError, naming what is broken, unless the floor is sound."""
    store = state.store
    for agent in store.agents.values():
        _agent_is_sound(store, agent)
    for contact in store.contacts.values():
        _contact_is_sound(store, contact)
        _recordings_are_sound(contact)
        _flow_is_sound(contact)
        _nobody_is_left_in_between(contact)
        _nobody_is_held_for_ever(store, contact)
        _nobody_is_cut_off(contact)
    check_phones(store)
    _nobody_waits_beside_an_idle_agent(state)
    _indexes_are_functions_of_the_entities(store)


def _agent_is_sound(store: Store, agent: LiveAgent) -> None:
    reserved = agent.state is AgentState.RESERVED
    offered = agent.offer is not None
    assert offered == reserved or agent.state is AgentState.BUSY, f"{agent.id} is {agent.state} with {agent.offer}"
    if agent.offer is not None:
        contact = store.contacts.get(agent.offer)
        assert contact is not None, f"{agent.id} is reserved for {agent.offer}, which is gone"
        asked = [each.agent for each in contact.offers]
        assert agent.id in asked, f"{contact.id} is on offer to {asked}, not {agent.id}"
        record = store.config.agents.get(agent.id)
        if record is not None:
            free = free_channels(record.capacity, record.blending, store.channels_of(agent))
            assert contact.channel in free, f"{agent.id} holds an offer beside {agent.contacts}: capacity exceeded"
    assert (agent.state is AgentState.BUSY) == bool(agent.contacts), f"{agent.id} is {agent.state}: {agent.contacts}"
    if agent.id not in store.config.agents:
        finishes = agent.state in (AgentState.LOGGED_OFF, AgentState.BUSY, AgentState.WORKING_AFTER_CALL)
        assert finishes, f"{agent.id} is inactive, and {agent.state}"
        assert agent.offer is None, f"{agent.id} is inactive, and {agent.offer} is on offer to them"
    for key in agent.contacts:
        assert key in store.contacts, f"{agent.id} is busy with {key}, which is gone"
        assert agent.id in _taken_up(store.contacts[key]), f"{agent.id} is busy with {key}, which does not know"
    wrapping = agent.state is AgentState.WORKING_AFTER_CALL
    assert wrapping == (agent.wrap_up is not None), f"{agent.id} is {agent.state}, wraps up {agent.wrap_up}"
    assert wrapping or agent.wrap_up_until is None, f"{agent.id} has a limit of a wrap-up that is over"


def _taken_up(contact: Contact) -> list[str]:
    """Whom a contact keeps busy."""
    consulted = [contact.consult.agent] if contact.consult is not None and contact.consult.agent is not None else []
    rung = [contact.offer.agent] if contact.state is ContactState.CONNECTING and contact.offer is not None else []
    return [*contact.agents, *consulted, *rung, *(each.agent for each in contact.invited)]


def _contact_is_sound(store: Store, contact: Contact) -> None:
    offered = contact.state in (ContactState.OFFERED, ContactState.CONNECTING)
    if contact.call.direction == "inbound" or contact.state is ContactState.OFFERED:
        assert offered == (contact.offer is not None), f"{contact.id} is {contact.state} with offer {contact.offer}"
    assert contact.state is ContactState.OFFERED or not contact.also, f"{contact.id} is still on offer to others"
    for offer in contact.offers if contact.state is ContactState.OFFERED else ():
        agent = store.agent(offer.agent)
        assert agent.offer == contact.id, f"{contact.id} is on offer to {agent.id}, who has {agent.offer}"
    if contact.offer is not None and contact.state is ContactState.CONNECTING:
        agent = store.agent(contact.offer.agent)
        assert contact.id in agent.contacts, f"{contact.id} connects to {agent.id}, who does not know"
    if (consult := contact.consult) is not None:
        assert contact.state is ContactState.ACTIVE, f"{contact.id} is {contact.state}: {consult}"
        assert consult.by in contact.agents, f"{contact.id}: {consult}"
        assert consult.agent is None or contact.id in store.agent(consult.agent).contacts, f"{contact.id}: {consult}"
    for invite in contact.invited:
        assert contact.state is ContactState.ACTIVE, f"{contact.id} is {contact.state}: {invite}"
        assert invite.agent not in contact.agents, f"{contact.id}: {invite} has come"
        assert contact.id in store.agent(invite.agent).contacts, f"{contact.id}: {invite} does not know"
    for key in contact.agents:
        assert contact.id in store.agent(key).contacts, f"{contact.id} is with {key}, who does not know"
        leg = contact.call.leg_of(key)
        assert leg is None or leg.state not in (LegState.CLEARED, LegState.FAILED), f"{key}'s leg ended, yet on call"
    if contact.state is ContactState.WRAP_UP:
        assert contact.wrapping, f"{contact.id} has ended and nobody wraps it up"
    for key in contact.wrapping:
        assert store.agent(key).wrap_up == contact.id, f"{key} should wrap up {contact.id}"
    if contact.state is not ContactState.WRAP_UP and not contact.promised:
        assert contact_deadline(contact) is not None, f"{contact.id} would never be swept"


def _nobody_is_cut_off(contact: Contact) -> None:
    """A call that an agent is on closes by itself where somebody has hung up, and then it does."""
    if contact.state is ContactState.ACTIVE:
        asked = under_way.closing(contact)
        assert asked == (contact.close_at is not None), f"{contact.id} closes at {contact.close_at}, asked for: {asked}"


def _flow_is_sound(contact: Contact) -> None:
    """Whom a flow has nobody else has, and time goes on with it; an answer of who waits is not waited for in vain."""
    if contact.in_flow and contact.ended_at is None:
        assert contact.flow is not None
        assert contact.state is ContactState.ARRIVING, f"{contact.id} is in a flow and {contact.state}"
        assert not contact.agents, f"{contact.id} is in a flow and with {contact.agents}"
        assert contact.flow.due_at is not None, f"{contact.id} would be in its flow for ever"
        assert not contact.sent_away, f"{contact.id} is in a flow and was sent away"
        assert contact.requeue_at is None, f"{contact.id} is in a flow and would wait again"
    if contact.comfort is not None:
        comfort = contact.comfort
        assert (comfort.asked is None) == (comfort.asked_until is None), f"{contact.id} is asked without end"
        assert comfort.told_at is None or comfort.announce is not None, f"{contact.id} is to be told nothing"
        assert comfort.offered_at is None or comfort.callback is not None, f"{contact.id} is to be offered nothing"
        assert comfort.asked is None or comfort.asked <= contact.last_script, f"{contact.id} was asked in the future"


def _nobody_is_left_in_between(contact: Contact) -> None:
    """A caller whom nobody has and who waits for nobody goes on by themselves: with their flow, back into a queue, or
    to their end; unless no queue takes them, or the switch has sent them to somebody else."""
    waits = contact.state in WAITS
    if waits:
        assert not contact.sent_away, f"{contact.id} waits, and was sent away"
        taken_by = [each.by for each in contact.listeners if each.taking and each.inside]
        assert not taken_by or contact.state is ContactState.CONNECTING, f"{contact.id} waits, and {taken_by} has it"
        dialled = contact.promised and contact.state is ContactState.CONNECTING  # which a supervisor may have ended
        assert contact.ending is None or dialled, f"{contact.id} waits, and was turned away: {contact.ending}"
    if contact.state is not ContactState.ARRIVING or contact.call.direction != "inbound":
        return
    elsewhere = contact.sent_away and contact.ending in (None, "transferred")
    goes_on = contact.in_flow or contact.requeue_at is not None or contact.close_at is not None
    assert goes_on or elsewhere or contact.unrouted, f"{contact.id} is alone and would be forgotten"


def _nobody_is_held_for_ever(store: Store, contact: Contact) -> None:
    """A callback that is kept from agents while its queue is closed is looked at when that opens, if it ever does.
    Hours of single days only may have had their last one, which nobody can tell who does not know what time it is."""
    rules = store.config.queues.get(contact.queue or "")
    if contact.state is not ContactState.WAITING or not contact.held or rules is None or rules.hours is None:
        return
    if contact.overflow_at is None and any(rules.hours.weekly):
        opens = rules.hours.next_change(contact.heard_at)
        assert opens is None, f"{contact.id} is held, and nothing happens when its queue opens at {opens}"


def _recordings_are_sound(contact: Contact) -> None:
    live = [each.id for each in contact.recordings if each.live]
    assert live in ([], [each.id for each in contact.recordings[-1:]]), f"{contact.id} is recorded by {live}"
    assert not live or contact.ended_at is None, f"{contact.id} has ended and is still recorded"


def _nobody_waits_beside_an_idle_agent(state: FloorState) -> None:
    store = state.store
    work = Work(store, 0.0, 0)
    ready = [agent for agent in store.agents.values() if agent.state in TAKING]
    for contact in store.contacts.values():
        if contact.state is ContactState.WAITING and not contact.held:
            for agent in ready:
                assert not eligible(work, agent, contact), f"{contact.id} waits while {agent.id} is ready for it"


def _indexes_are_functions_of_the_entities(store: Store) -> None:
    fresh = Store(store.config)
    fresh.contacts, fresh.agents = store.contacts, store.agents
    fresh.reindex(store.config)
    mine, theirs = store.engine, fresh.engine
    assert sorted(mine.line.everyone(), key=str) == sorted(theirs.line.everyone(), key=str)
    assert dict(mine.ready.everyone()) == dict(theirs.ready.everyone())
    assert dict(mine.duty.everyone()) == dict(theirs.duty.everyone())
    assert list(store.deadlines) == list(fresh.deadlines)
    assert store.calls == fresh.calls
    assert set(store.missed) == set(fresh.missed)
    assert set(store.wishing) == set(fresh.wishing)
    assert set(store.profiles) <= set(store.contacts)
