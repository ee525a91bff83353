"""Bringing the waiting and the ready together: who is offered to whom, and what becomes of an offer.

Before every command no ready agent stands beside a waiting contact that they may take. A command can therefore only
make a new pair through what it touched, and matching looks at nothing else.
"""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.core.instants import iso
from app.floor import views
from app.floor.entities import Contact, ContactState, LiveAgent, Offer, Visit
from app.floor.work import Work
from app.routing.decision import Decision, Rival
from app.routing.requirement import satisfies
from app.routing.selection import Idle

DEFAULT_OFFER_SECONDS = 20.0
RIVALS_KEPT = 3
BUSY = "busy"
"""Why an offer is taken back from an agent whom the switch gave another call."""


def match(work: Work) -> None:
    """Offer every waiting contact that can now be offered.

    Agents choose first, so that whoever waited longer is served first; then the newly waiting choose among the rest.
    """
    store = work.store
    agents = [store.agents[key] for key in store.touched_agents if store.agent(key).state is AgentState.READY]
    for agent in sorted(agents, key=lambda agent: (agent.idle_since, agent.id)):
        agent_finds_contact(work, agent)
    seek = dict(store.touched_contacts)
    if store.touched_agents:
        seek |= store.missed
    contacts = [c for key in seek if (c := store.contacts.get(key)) and c.state is ContactState.WAITING]
    for contact in sorted(contacts, key=lambda contact: contact.place):
        contact_finds_agent(work, contact)


def agent_finds_contact(work: Work, agent: LiveAgent) -> None:
    """An agent frees while contacts wait: the first in waiting order that they may take."""
    if agent.id not in work.store.config.agents:
        return
    heads = work.store.waiting.heads(work.store.skills(agent.id), lambda key: may_take(work, agent.id, key))
    if not heads:
        return
    first = heads[0]
    rivals = tuple(
        Rival(place.contact, round(place.virtual_arrival - first.virtual_arrival, 3))
        for place in heads[1 : 1 + RIVALS_KEPT]
    )
    contact = work.store.contacts[first.contact]
    offer(work, contact, agent, _decision(work, contact, agent, "agent_finds_contact", len(heads), rivals))


def contact_finds_agent(work: Work, contact: Contact) -> None:
    """A contact begins to wait while agents are idle: the longest idle of those who may take it."""
    idle = work.store.idle
    ranked = idle.longest_idle(contact.wanted, contact.missed_by)
    if not ranked and contact.missed_by and not work.store.on_duty.anyone(contact.wanted, contact.missed_by):
        ranked = idle.longest_idle(contact.wanted)
    if not ranked:
        return
    agent = work.store.agents[ranked[0].agent]
    rivals = tuple(_rival(ranked[0], other) for other in ranked[1 : 1 + RIVALS_KEPT])
    considered = idle.count(contact.wanted)
    offer(work, contact, agent, _decision(work, contact, agent, "contact_finds_agent", considered, rivals))


def may_take(work: Work, agent_id: str, contact_id: str) -> bool:
    """Whether a contact may be offered to an agent whose skills suffice: not again to one who missed or declined it,
    unless nobody else on duty is eligible."""
    contact = work.store.contacts[contact_id]
    if agent_id not in contact.missed_by:
        return True
    return not work.store.on_duty.anyone(contact.wanted, contact.missed_by)


def offer(work: Work, contact: Contact, agent: LiveAgent, why: Decision) -> None:
    """Reserve the agent and pop the contact."""
    queue = work.store.config.queues.get(contact.queue or "")
    expires_at = work.now + (queue.offer_seconds if queue else DEFAULT_OFFER_SECONDS)
    offered = contact.with_(state=ContactState.OFFERED, offer=Offer(agent.id, expires_at))
    work.store.put_contact(offered.noted(work.now, "contact.offered", agent=agent.id, rule=why.rule))
    work.move(agent.id, PresenceEvent.RESERVE, offer=contact.id)
    frame = {"contact": views.contact_view(offered), "why": why, "expires_at": iso(expires_at)}
    work.tell("contact.offered", frame, contact.id, agent.id)


def offer_by_name(work: Work, contact: Contact, agent_id: str) -> bool:
    """Offer to one agent because somebody asked for them; False if they are not ready now."""
    agent = work.store.agent(agent_id)
    if agent.state is not AgentState.READY:
        return False
    offer(work, contact, agent, _decision(work, contact, agent, "named", 1, ()))
    return True


def take_back(
    work: Work, contact: Contact, why: str, event: PresenceEvent | None = None, /, **agent_changes: Any
) -> None:
    """End an offer (or a connection that did not come about) and let the contact wait on at its place.

    `event` moves the agent; without one they are simply free again. Only an agent who was BUSY elsewhere is not held
    to have missed it.
    """
    assert contact.offer is not None
    agent_id = contact.offer.agent
    missed = contact.missed_by
    if why != BUSY and agent_id not in missed:
        missed = (*missed, agent_id)
    waiting = opened_visit(work, contact.with_(state=ContactState.WAITING, offer=None, missed_by=missed))
    work.store.put_contact(waiting.noted(work.now, "offer.withdrawn", agent=agent_id, reason=why))
    release(work, contact, agent_id, why, event, **agent_changes)


def opened_visit(work: Work, contact: Contact) -> Contact:
    """The contact with an open stay in its queue; one that a colleague took by name begins to wait only now."""
    if contact.queue is None or (contact.visits and contact.visits[-1].left_at is None):
        return contact
    return contact.with_(visits=(*contact.visits, Visit(queue=contact.queue, entered_at=work.now)))


def release(
    work: Work, contact: Contact, agent_id: str, why: str, event: PresenceEvent | None = None, /, **changes: Any
) -> None:
    """Free the agent of an offer, and say why it is gone."""
    agent = work.store.agent(agent_id)
    left = tuple(key for key in agent.contacts if key != contact.id)
    if left:
        work.store.put_agent(agent.with_(offer=None, contacts=left))
    elif event is None:
        work.free(agent_id, offer=None, contacts=left)
    else:
        work.move(agent_id, event, offer=None, contacts=left, **changes)
    work.tell("offer.withdrawn", {"contact_id": contact.id, "reason": why}, contact.id, agent_id)


def eligible(work: Work, agent: LiveAgent, contact: Contact) -> bool:
    """Whether a ready agent may be offered this waiting contact now; the plain definition that the indexes speed up."""
    skilled = satisfies(work.store.skills(agent.id), contact.wanted)
    return skilled and agent.id in work.store.config.agents and may_take(work, agent.id, contact.id)


def _rival(first: Idle, other: Idle) -> Rival:
    return Rival(other.agent, round(other.since - first.since, 3))


def _decision(
    work: Work, contact: Contact, agent: LiveAgent, rule: str, considered: int, rivals: tuple[Rival, ...]
) -> Decision:
    return Decision(
        rule=rule,
        requires=contact.wanted.skills,
        waited_seconds=round(work.now - (contact.queued_at or work.now), 3),
        bonus_seconds=contact.bonus,
        idle_seconds=round(work.now - agent.idle_since, 3),
        considered=considered,
        rivals=rivals,
        excluded=contact.missed_by,
    )
