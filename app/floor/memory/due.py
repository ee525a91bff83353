"""When something happens to a contact or an agent by itself: the earliest of the deadlines that are theirs."""

from math import inf

from app.floor.memory.entities import Contact, ContactState, LiveAgent

Deadline = tuple[float, str, str]
"""When, "contact" or "agent", id."""

SWEEP_SECONDS = 4 * 3600.0
"""A call of which nothing was heard for so long is closed, and says so."""


def contact_deadline(contact: Contact | None) -> Deadline | None:
    """When something must happen to the contact by itself: offer expiry, a looser step, return to the queue, sweep."""
    if contact is None or contact.state is ContactState.WRAP_UP:
        return None
    when = sweep_at(contact)
    if contact.offer is not None:
        when = min(when, contact.offer.expires_at)
    waits = contact.state is ContactState.WAITING
    timers = (contact.loosens_at, contact.overflow_at, contact.again_at, contact.speaks_at) if waits else ()
    in_flow = contact.flow.due_at if contact.in_flow and contact.flow is not None else None
    for due in (contact.let_go_at, contact.requeue_at, contact.close_at, in_flow, *timers):
        if due is not None:
            when = min(when, due)
    return None if when == inf else (when, "contact", contact.id)


def sweep_at(contact: Contact) -> float:
    """When a call of which nothing was heard is closed; never, while a promised callback waits, and however long it has
    waited, not before the limit of its dialling."""
    if contact.promised and contact.state in (ContactState.WAITING, ContactState.OFFERED):
        return inf
    silent = contact.heard_at + SWEEP_SECONDS
    return silent if contact.close_at is None else max(silent, contact.close_at)


def agent_deadline(agent: LiveAgent | None) -> Deadline | None:
    """When something must happen to the agent by itself: wrap-up limit, silence."""
    if agent is None:
        return None
    due = [when for when in (agent.wrap_up_until, agent.silent_at) if when is not None]
    return (min(due), "agent", agent.id) if due else None
