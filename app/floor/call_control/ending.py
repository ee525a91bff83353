"""The end of a contact: everybody is free of it, and it goes into the history."""

from app.calls.call import Call
from app.calls.leg import LegState
from app.core.instants import to_millisecond
from app.floor import recordings
from app.floor.call_control import party
from app.floor.call_control.contacts import leave
from app.floor.call_control.wrap_up import keep_or_drop
from app.floor.memory.effects import EndContact
from app.floor.memory.entities import WAITS, Contact, ContactState, EndedCall
from app.floor.memory.work import Work
from app.floor.queue.callbacks import open_callback
from app.floor.queue.offers import release
from app.floor.queue.stays import leave_visit


def end_contact(work: Work, contact: Contact, call: Call, cause: str | None = None) -> None:
    """The contact is over: free everybody, write the interaction, remember the call."""
    for each in contact.offers:
        release(work, contact, each.agent, "caller_gone")
    contact = recordings.over(work, contact.with_(call=call))
    for agent_id in _told_late(work, contact):
        contact = leave_visit(work, contact, "answered", agent_id)
        contact = contact.with_(served_by=(*contact.served_by, agent_id))
    kept, present = _keeps_place(contact), (*contact.agents, *(each.agent for each in contact.invited))
    for invite in contact.invited:
        contact = party.uninvite(work, contact, invite.agent, "caller_gone")
    if contact.consult is not None:
        present = tuple(dict.fromkeys((*present, *filter(None, (contact.consult.agent,)))))
        contact = party.let_go(work, contact, "caller_gone")
    agents = contact.agents
    contact = leave_visit(work, contact, _way_out(contact, cause, kept))
    for agent_id in agents:
        contact = leave(work, contact, agent_id)
    outcome = cause or ("callback" if kept else _outcome(contact))
    contact = contact.with_(
        state=ContactState.WRAP_UP,
        offer=None,
        also=(),
        under_way=(),
        leaving=(),
        requeue_at=None,
        close_at=None,
        ended_at=work.now,
        agents=(),
    )
    contact = contact.noted(work.now, "contact.ended", outcome=outcome, cause=call.cause)
    work.effects.append(EndContact(contact, outcome))
    work.tell_contact("contact.ended", contact.with_(agents=present), outcome=outcome)
    said_at = to_millisecond(max(leg.since for leg in call.legs)) if call.legs else work.now
    ended = EndedCall(contact.id, contact.arrived_at, work.now, said_at)
    key = (call.source, call.id)
    work.store.put_in(work.store.ended, key, None)  # an id may have been used before, and the newest end stands last
    work.store.put_in(work.store.ended, key, ended)
    if kept:
        open_callback(work, contact)
    keep_or_drop(work, contact)


def _keeps_place(contact: Contact) -> bool:
    """Whether a callback that was promised is due: also where the line has closed or taken a message since then, or the
    end of the call was never told."""
    waits = contact.state in WAITS
    return contact.callback_to is not None and (waits or contact.ending is not None)


def _told_late(work: Work, contact: Contact) -> list[str]:
    """The agents of whom it was told only after their part was over that they had answered. Who waits at their phone
    for a customer who is being called has not."""
    customer = contact.call.customer
    if contact.call.direction == "outbound" and (customer is None or not customer.talked):
        return []
    talked = [leg.agent for leg in contact.call.legs if leg.agent and leg.talked]
    known = work.store.config.agents
    return [agent for agent in dict.fromkeys(talked) if agent not in contact.served_by and agent in known]


def _way_out(contact: Contact, cause: str | None, kept: bool) -> str:
    """How the stay in the queue ended, of a contact that is over without having been answered from it."""
    if cause == "swept":
        return "swept"
    if kept:
        return "callback"
    return "callback_failed" if contact.promised else "abandoned"


def _outcome(contact: Contact) -> str:
    if contact.served_by:
        return "answered"
    if contact.ending is not None:
        return contact.ending
    if contact.visits and not contact.promised:
        return "abandoned"
    failed = contact.call.direction == "outbound" or any(leg.state is LegState.FAILED for leg in contact.call.legs)
    return "failed" if failed else "unrouted"
