"""Agents who come to a call and leave it, as their legs say."""

from app.calls.call import TALKING
from app.calls.leg import ENDINGS
from app.floor.call_control import consulting, contacts, handed_on, holding, party
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.reasons import why_not_reached
from app.floor.memory.work import Work
from app.floor.queue import callbacks
from app.floor.supervision import supervising
from app.telephony.events import HUNG_UP, CallEvent, EventType

_PARTS = (EventType.CONNECTION_CLEARED, EventType.SUPERVISOR_LEFT)


def joined(work: Work, contact: Contact, event: CallEvent, news: bool) -> Contact:
    """Whose phone has answered is on the contact; also one of whom it is told first that they have handed it on, where
    that is `news` to the legs of the call: they may have had the caller before, and be rung again."""
    contact = consulting.joined(work, contact)
    consulted = contact.consult.agent if contact.consult is not None else None
    for leg in contact.call.legs:
        if leg.agent in (None, consulted) or leg.agent in contact.agents or leg.agent not in work.store.config.agents:
            continue
        if contact.call.answered_by(leg.agent):
            contact = contacts.engage(work, contact, leg.agent)
    if news and _handed_on(contact, event):
        contact = contacts.connected(work, contact, event.agent or "")
    if contact.state is ContactState.CONNECTING and contact.call.direction == "outbound":
        contact = _customer_answered(work, contact)
    return contact


def _handed_on(contact: Contact, event: CallEvent) -> bool:
    """Whether the agent who accepted, or was invited, has had the caller and has sent them elsewhere, of which only the
    latter is told yet. Where their leg has ended otherwise, it is an earlier one."""
    if event.type != EventType.TRANSFERRED or contact.promised:
        return False
    invite = next((each for each in contact.invited if each.agent == event.agent), None)
    if invite is not None:
        leg = party.new_leg(contact, invite.known, invite.agent)
    else:
        leg = contact.call.leg_of(event.agent or "") if _rung(contact, event) else None
    return leg is not None and [mark.kind for mark in leg.marks if mark.kind in ENDINGS] == [event.type]


def _rung(contact: Contact, event: CallEvent) -> bool:
    """Whether an event is of the agent who accepted, and whose phone is rung."""
    offer = contact.offer
    return contact.state is ContactState.CONNECTING and offer is not None and event.agent == offer.agent


def _customer_answered(work: Work, contact: Contact) -> Contact:
    leg = contact.call.customer
    if leg is None or leg.state not in TALKING:
        return contact
    for agent_id in contact.agents:
        contact = contacts.engage(work, contact, agent_id)
    return contact


def left(work: Work, contact: Contact, event: CallEvent, news: bool) -> Contact:
    """Whose leg has ended is on the contact no longer; a caller whom nobody else has goes where they belong.
    Whether it is `news` to the legs of the call."""
    gone = [key for key in contact.agents if (leg := contact.call.leg_of(key)) is not None and leg.ended]
    consult = contact.consult
    if news and not gone and contact.agents and event.type == EventType.TRANSFERRED:
        contact = handed_on.told_after(contact, event)
        work.store.put_contact(contact)
    if gone and callbacks.put_back(work, contact, why_not_reached(event.cause)):
        return work.store.contacts[contact.id]
    for agent_id in gone:
        contact = contacts.leave(work, handed_on.remembered(contact, agent_id, consult, event.type), agent_id)
        work.store.put_contact(contact)
        contact = consulting.parted(work, contact, agent_id, event.type)
    done = event.type in _PARTS and consult is None
    if done:
        holding.left_on_hold(work, contact, gone)
    if gone and not contact.agents:
        transferred = event.type == EventType.TRANSFERRED
        transferred = transferred and not any(consulting.had_since(contact, key, event.at) for key in gone)
        contact = supervising.last_left(work, contact, consult, transferred=transferred, served=done)
        if event.cause == HUNG_UP and contact.requeue_at is not None:
            contact = contacts.put_down(work, contact)
    return contact


def not_connected(contact: Contact, event: CallEvent) -> bool:
    """Whether this event says that the phone of the agent who accepted will not answer."""
    if event.type == EventType.TRANSFERRED or not _rung(contact, event):
        return False
    leg = contact.call.leg_of(event.agent or "")
    return leg is not None and leg.ended
