"""Who is rung about a contact, consulted or invited: where their leg stands, and letting them go."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.calls.leg import Leg, LegState, Party
from app.floor.memory import under_way
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Consult
from app.floor.memory.work import Work
from app.floor.queue.offers import BUSY, take_back
from app.telephony.events import CallEvent, EventType, OrderType

RING_SECONDS = {"agent": 30.0, "number": 60.0}
GRACE_SECONDS = 5.0
"""How much longer than the phone may ring the platform may take to say that it was not answered."""


def leg_of(contact: Contact) -> Leg | None:
    """The consulted party's leg; those that the call had before the consultation are somebody else's, or older."""
    consult = contact.consult
    if consult is None:
        return None
    return new_leg(contact, consult.known, consult.agent)


def new_leg(contact: Contact, known: tuple[str, ...], agent: str | None) -> Leg | None:
    """The newest leg of that agent, or of somebody outside, which is none of those that were `known` before."""
    new = (leg for leg in reversed(contact.call.legs) if leg.id not in known)
    if agent is not None:
        return next((leg for leg in new if leg.agent == agent), None)
    return next((leg for leg in new if leg.party is Party.OTHER), None)


def not_reached_again(contact: Contact, known: tuple[str, ...], agent: str | None, event: CallEvent) -> bool:
    """Whether a party that was on the call before is told not to be reached, with no new leg: the event is taken as one
    of the leg that ended then, but it is younger than that end. Somebody outside has to be told of by the leg's id. A
    leg that failed is cleared as well, which a platform may say later."""
    if event.type not in (EventType.FAILED, EventType.CONNECTION_CLEARED) or event.agent != agent:
        return False
    if agent is None and event.leg_id is None:
        return False
    legs = [leg for leg in contact.call.legs if leg.id in known and leg.agent == agent]
    if agent is None:
        legs = [leg for leg in legs if leg.party is Party.OTHER and leg.id.split("#")[0] == event.leg_id]
    return bool(legs) and legs[-1].ended and legs[-1].since < event.at and not _clears_failed(legs[-1], event)


def _clears_failed(leg: Leg, event: CallEvent) -> bool:
    """Whether this is the only time that a leg which failed is said to be cleared."""
    if leg.state is not LegState.FAILED or event.type != EventType.CONNECTION_CLEARED:
        return False
    return [mark.kind for mark in leg.marks].count(EventType.CONNECTION_CLEARED) == 1


def address(work: Work, consult: Consult) -> dict[str, Any]:
    """The consulted party in an order."""
    if consult.agent is not None:
        return {"agent": consult.agent, "address": work.address(consult.agent)}
    return {"number": consult.number}


def let_go(work: Work, contact: Contact, reason: str, *, missed: bool = False) -> Contact:
    """End the consultation. A colleague is free again and is told; one who `missed` it is not ready, for the reason."""
    consult = contact.consult
    if consult is None:
        return contact
    agents = tuple(key for key in contact.agents if key != consult.agent)
    contact = under_way.consulted(contact).with_(consult=None, agents=agents)
    contact = contact.noted(work.now, "consult.ended", agent=consult.agent, number=consult.number, reason=reason)
    work.store.put_contact(contact)
    if consult.agent is not None:
        _freed(work, contact.id, consult.agent, reason, missed)
    return contact


def uninvite(work: Work, contact: Contact, agent_id: str, reason: str, *, missed: bool = False) -> Contact:
    """An invited agent does not come, and is free again as whoever is not consulted any longer."""
    order = next(each.order for each in contact.invited if each.agent == agent_id)
    contact = under_way.failed(contact, order)
    contact = contact.with_(invited=tuple(each for each in contact.invited if each.agent != agent_id))
    contact = contact.noted(work.now, "conference.ended", agent=agent_id, reason=reason)
    work.store.put_contact(contact)
    _freed(work, contact.id, agent_id, reason, missed)
    return contact


def spare(work: Work, contact: Contact, agent_id: str, reason: str, *, missed: bool = False) -> bool:
    """Stop ringing an agent who is to talk about the caller, or with them, and let them go; False where nobody rings
    them for that. One who `missed` it is not ready, for the reason."""
    if agent_id in (each.agent for each in contact.invited):
        work.order(OrderType.CANCEL, contact, agent_id)
        tell_over(work, uninvite(work, contact, agent_id, reason, missed=missed))
        return True
    consult = contact.consult
    if consult is None or consult.agent != agent_id or consult.answered:
        return False
    work.order(OrderType.CANCEL, contact, agent_id, to=address(work, consult))
    tell_over(work, let_go(work, contact, reason, missed=missed))
    return True


def tell_over(work: Work, contact: Contact) -> None:
    """Tell the agents on the call that somebody does not come, or has gone, where no event of the call brings it to
    them; and the floor of a caller whom no agent has any more, and who does not wait."""
    if contact.ended_at is None and (contact.agents or contact.state is ContactState.ARRIVING):
        work.tell_contact("contact.updated", contact)


def _freed(work: Work, contact_id: str, agent_id: str, reason: str, missed: bool) -> None:
    if contact_id in work.store.agent(agent_id).contacts:
        _free(work, contact_id, agent_id, reason if missed else None)
        work.tell("offer.withdrawn", {"contact_id": contact_id, "reason": reason}, contact_id, agent_id)


def _free(work: Work, contact_id: str, agent_id: str, missed: str | None) -> None:
    agent = work.store.agent(agent_id)
    left = tuple(key for key in agent.contacts if key != contact_id)
    if left or agent.state is not AgentState.BUSY:
        work.store.put_agent(agent.with_(contacts=left))
        work.tell_agent_state(work.store.agent(agent_id))
        return
    if agent.offer is not None:
        take_back(work, work.contact(agent.offer), BUSY, agent=agent_id)
    if missed is None:
        work.free(agent_id, contacts=(), offer=None)
    else:
        work.move(agent_id, PresenceEvent.MISS, contacts=(), offer=None, reason=missed)
