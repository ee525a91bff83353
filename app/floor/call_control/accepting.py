"""An offer is taken or refused: by the agent, or taken at once where their record says that their phone answers for
them."""

from typing import Any

from app.agents.presence import PresenceEvent
from app.floor import commands as c
from app.floor.call_control import contacts
from app.floor.memory import views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Offer
from app.floor.memory.work import Work
from app.floor.queue.offers import DEFAULT_OFFER_SECONDS, offered, release, take_back
from app.telephony.events import OrderType


def accept(work: Work, command: c.AcceptOffer) -> dict[str, Any]:
    """Take the offered contact: the switch connects the agent's phone."""
    _take(work, offered(work, command, "accept"), command.agent_id)
    return {"contact": views.contact_view(work.contact(command.contact_id))}


def decline(work: Work, command: c.DeclineOffer) -> dict[str, Any]:
    """Refuse the offered contact; the queue says whether that keeps the agent ready."""
    contact = offered(work, command, "decline")
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or rules.decline_keeps_ready:
        take_back(work, contact, "declined", agent=command.agent_id)
    else:
        take_back(work, contact, "declined", PresenceEvent.MISS, agent=command.agent_id, reason="declined")
    return work.agent_body(command.agent_id)


def accept_for_agents(work: Work) -> bool:
    """Take what was just offered to agents whose phone answers for them; the offer and this are one command, so the
    phone rings at the offer. Tells whether there was any: it may have made room for another contact."""
    found = [key for key in work.store.touched_agents if _accepts_at_once(work, key)]
    for agent_id in found:
        contact = work.contact(work.store.agent(agent_id).offer or "")
        _take(work, contact, agent_id, auto=True)
        work.tell_contact("contact.updated", work.contact(contact.id), (agent_id,))
    return bool(found)


def _accepts_at_once(work: Work, agent_id: str) -> bool:
    offer, record = work.store.agent(agent_id).offer, work.store.config.agents.get(agent_id)
    return offer is not None and record is not None and record.auto_accept


def _take(work: Work, contact: Contact, agent_id: str, auto: bool | None = None) -> None:
    contact = _rescinded(work, contact, agent_id)
    if contact.promised:
        _call_back(work, contact, agent_id, auto)
        return
    seconds = _ring_seconds(work, contact, auto)
    taken = contact.with_(state=ContactState.CONNECTING, offer=Offer(agent_id, work.now + seconds))
    work.store.put_contact(taken.noted(work.now, "offer.accepted", agent=agent_id, auto=auto))
    contacts.occupy(work, contact.id, agent_id)
    work.order(OrderType.CONNECT, taken, agent_id, ring_seconds=seconds)


def _ring_seconds(work: Work, contact: Contact, auto: bool | None) -> float:
    """How long the phone may ring: where it rings at the offer, as long as the offer would have stood."""
    if not auto:
        return contacts.CONNECT_SECONDS
    rules = work.store.config.queues.get(contact.queue or "")
    return rules.offer_seconds if rules is not None else DEFAULT_OFFER_SECONDS


def _rescinded(work: Work, contact: Contact, agent_id: str) -> Contact:
    """The first who accepts has the contact; it is rescinded from all others, who have not missed it."""
    others = [each.agent for each in contact.offers if each.agent != agent_id]
    for other in others:
        contact = contact.without_offer(other)
    work.store.put_contact(contact)
    for other in others:
        release(work, contact, other, "taken")
    return contact


def _call_back(work: Work, contact: Contact, agent_id: str, auto: bool | None) -> None:
    """The agent takes a callback: the switch rings their phone and then the customer's."""
    contact = contact.with_(
        state=ContactState.CONNECTING, offer=None, agents=(agent_id,), close_at=work.now + contacts.DIAL_SECONDS
    )
    work.store.put_contact(contact.noted(work.now, "offer.accepted", agent=agent_id, auto=auto))
    contacts.occupy(work, contact.id, agent_id)
    work.order(OrderType.DIAL, contact, agent_id, to=contact.call.to)
