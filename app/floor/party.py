"""The consulted party of a contact: where their leg stands, and letting them go."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.calls.leg import Leg, LegState, Party
from app.floor import under_way
from app.floor.entities import Consult, Contact
from app.floor.offers import BUSY, take_back
from app.floor.work import Work

TALKING = (LegState.CONNECTED, LegState.HELD)


def leg_of(contact: Contact) -> Leg | None:
    """The consulted party's leg; those that the call had before the consultation are somebody else's, or older."""
    consult = contact.consult
    if consult is None:
        return None
    new = (leg for leg in reversed(contact.call.legs) if leg.id not in consult.known)
    if consult.agent is not None:
        return next((leg for leg in new if leg.agent == consult.agent), None)
    return next((leg for leg in new if leg.party is Party.OTHER), None)


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
    contact = under_way.consulted(contact.with_(consult=None, agents=agents))
    contact = contact.noted(work.now, "consult.ended", agent=consult.agent, number=consult.number, reason=reason)
    work.store.put_contact(contact)
    if consult.agent is not None and contact.id in work.store.agent(consult.agent).contacts:
        _free(work, contact.id, consult.agent, reason if missed else None)
        told = {"contact_id": contact.id, "reason": reason}
        work.tell("offer.withdrawn", told, contact.id, consult.agent)
    return contact


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
