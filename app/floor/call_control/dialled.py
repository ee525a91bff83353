"""Calls that agents dial at their phones themselves: followed like those that they dial by command."""

from app.floor.call_control import contacts
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work
from app.telephony.events import CallEvent, EventType


def at_the_phone(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """The contact with the agent who has dialled it: busy from now on, and on it once the customer answers."""
    agent_id = event.agent
    if event.type != EventType.OFFERED or agent_id is None or agent_id not in work.store.config.agents:
        return contact
    fresh = contact.state is ContactState.ARRIVING and not contact.agents and not contact.served_by
    if not fresh or contact.call.direction != "outbound" or contact.call.over:
        return contact
    contact = contact.with_(
        state=ContactState.CONNECTING,
        agents=(agent_id,),
        close_at=work.now + contacts.DIAL_SECONDS,
        sent_away=False,
    )
    contact = contact.noted(work.now, "call.dialled", agent=agent_id, to=contact.call.to, at="phone")
    work.store.put_contact(contact)
    contacts.occupy(work, contact.id, agent_id)
    return contact
