"""What supervisors do to the floor when something is stuck. Every act is in the timeline, with who did it."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.calls.call import close, take_off
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control import consulting, contacts, ending, holding, party, wrap_up
from app.floor.memory import under_way, views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.floor.queue import callbacks
from app.floor.queue.offers import take_back
from app.floor.supervision import supervising
from app.telephony.events import OrderType

RELEASED = "released"


def release(work: Work, command: c.Release) -> dict[str, Any]:
    """Free an agent of whatever holds them. A caller whom only they had waits again, at the old place."""
    if command.agent_id not in work.store.agents:  # who was made inactive is freed, too
        work.known(command.agent_id)
    agent = work.store.agent(command.agent_id)
    if agent.state in (AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OFF):
        raise Conflict(
            f"Agent {agent.id} is {agent.state}: nothing holds them.",
            state=str(agent.state),
            accepted=["reserved", "busy", "working_after_call"],
        )
    if agent.offer is not None:
        contact = work.contact(agent.offer)
        work.store.put_contact(contact.noted(work.now, "agent.released", agent=agent.id, by=command.by))
        take_back(
            work, work.contact(agent.offer), RELEASED, PresenceEvent.MAKE_NOT_READY, agent=agent.id, reason=RELEASED
        )
    for contact_id in agent.contacts:
        _leave(work, work.contact(contact_id), agent.id, command.by)
    if work.store.agent(agent.id).wrap_up is not None:
        wrap_up.settle(work, agent.id)
        work.move(agent.id, PresenceEvent.MAKE_NOT_READY, reason=RELEASED, after=None)
    return work.agent_body(agent.id)


def end_call(work: Work, command: c.EndCall) -> dict[str, Any]:
    """Hang up on a call; if its end is not confirmed in time, it is closed. A callback for which nobody is being rung
    is over at once, and one that is being dialled does not go back to its place."""
    contact = work.contact(command.contact_id)
    if contact.ended_at is not None:
        raise wrong_contact_state(contact, "end", "a call that is not over")
    noted = contact.noted(work.now, "call.ended_by_supervisor", by=command.by)
    if contact.promised and contact.state in (ContactState.WAITING, ContactState.OFFERED):
        ending.end_contact(work, noted, close(noted.call, work.now, "ended by supervisor"))
        return {"contact": views.contact_view(noted.with_(state=ContactState.WRAP_UP, ended_at=work.now))}
    if contact.promised:
        noted = noted.with_(ending="failed")
    under_way.must_be_new(work, contact, OrderType.DISCONNECT, command.by, for_all=True)
    work.order(OrderType.DISCONNECT, contact)
    closing = noted.with_(close_at=work.now + contacts.END_SECONDS)
    under_way.given(work, closing, OrderType.DISCONNECT, command.by, for_all=True)
    return {"contact": views.contact_view(contact)}


def ask_callback(work: Work, command: c.AskCallback) -> dict[str, Any]:
    """Keep the place of a waiting caller for a callback. A number that is given corrects the one before."""
    contact = work.contact(command.contact_id)
    if contact.state not in (ContactState.WAITING, ContactState.OFFERED) or contact.promised:
        raise wrong_contact_state(contact, "call back", "a caller who waits")
    callbacks.ask_callback(work, contact.with_(callback_to=None) if command.number else contact, command.number)
    asked = work.contact(contact.id)
    if asked.callback_to is None:
        raise Conflict("The caller's number is not known; give one.", contact_id=contact.id, accepted=["number"])
    return {"contact": views.contact_view(asked), "callback_to": asked.callback_to}


def _leave(work: Work, contact: Contact, agent_id: str, by: str) -> None:
    contact = contact.noted(work.now, "agent.released", agent=agent_id, by=by)
    if contact.state is ContactState.CONNECTING and contact.offer is not None:
        work.order(OrderType.CANCEL, contact, agent_id)
        take_back(work, contact, RELEASED, PresenceEvent.MISS, reason=RELEASED)
        return
    if callbacks.put_back(work, contact, RELEASED):
        return
    if set(contact.agents) > {agent_id}:
        holding.taken_back(work, contact, (agent_id,))
    contact = supervising.released(work, contact, agent_id)
    if agent_id in (each.agent for each in contact.invited):
        party.uninvite(work, contact, agent_id, RELEASED, missed=True)
        return
    consult = contact.consult
    taken_off = contact.with_(call=take_off(contact.call, agent_id, contact.platform_time(work.now)))
    if consult is not None and consult.agent == agent_id:
        party.let_go(work, taken_off, RELEASED, missed=True)
        return
    contact = contacts.leave(work, taken_off, agent_id)
    work.store.put_contact(contact)
    contact = consulting.parted(work, contact, agent_id)
    if not contact.agents:
        party.tell_over(work, supervising.last_left(work, contact, consult))
    agent = work.store.agent(agent_id)
    if agent.state is AgentState.READY:
        work.move(agent_id, PresenceEvent.MAKE_NOT_READY, reason=RELEASED)
