"""Bringing the waiting and the ready together: who is offered to whom, and what becomes of an offer.

Before every command no ready agent stands beside a waiting contact that they may take. A command can therefore only
make a new pair through what it touched, and matching looks at nothing else.
"""

from collections.abc import Collection
from typing import Any

import msgspec

from app.agents.presence import PresenceEvent
from app.core.errors import Conflict
from app.core.instants import iso
from app.floor.commands import ContactCommand
from app.floor.memory import views
from app.floor.memory.entities import Contact, ContactState, LiveAgent
from app.floor.memory.parts import Offer, Visit
from app.floor.memory.store import Store, required
from app.floor.memory.work import Work
from app.floor.queue import overflow
from app.floor.queue.placing import placed
from app.routing.engine.decision import Decision
from app.routing.engine.engine import Pair
from app.routing.sentences import BESIDE

DEFAULT_OFFER_SECONDS = 20.0
AGAIN_SECONDS = 30.0
"""For so long after an offer was missed nobody who has missed the contact is asked again while others are on duty."""

NAMED = "named"
BUSY = "busy"
"""Why an offer is taken back from an agent whom the switch gave another call."""


def match(work: Work) -> None:
    """Offer every waiting contact that can now be offered.

    Agents choose first, so that whoever waited longer is served first; then the newly waiting choose among the rest.
    """
    store = work.store
    agents = [store.agents[key] for key in _who_choose(store) if key in store.engine.ready]
    agents.sort(key=lambda agent: (agent.idle_since, agent.id))
    made = [_bring_together(work, store.engine.contact_for(agent.id)) for agent in agents]
    seek = dict(store.touched_contacts)
    if store.touched_agents:
        seek |= store.missed
    contacts = [c for key in seek if (c := store.contacts.get(key)) and c.state is ContactState.WAITING]
    contacts.sort(key=lambda contact: contact.place)
    made += [_bring_together(work, store.engine.agent_for(contact.id)) for contact in contacts]
    for pair in filter(None, made):
        if not _answers_at_once(work, pair.agent):
            _offer_to_more(work, pair)


def _who_choose(store: Store) -> Collection[str]:
    """Where rules have changed, everybody who is ready, if anybody waits otherwise than before."""
    anew = store.configured and bool(store.touched_contacts or store.missed) and bool(store.engine.line)
    return [key for key, _ in store.engine.ready.everyone()] if anew else store.touched_agents


def _bring_together(work: Work, pair: Pair | None) -> Pair | None:
    if pair is not None:
        contact, agent = work.store.contacts[pair.contact], work.store.agents[pair.agent]
        offer(work, contact, agent, _decision(work, contact, agent, pair))
    return pair


def _offer_to_more(work: Work, pair: Pair) -> None:
    """Offer to further agents at the same time: whoever accepts first has the contact.

    Everybody has chosen by now: whoever is still ready is so because nobody waits whom they could take. So nobody is
    kept from an agent by this.
    """
    rules = work.store.config.queues.get(work.store.contacts[pair.contact].queue or "")
    for _ in range(rules.offer_agents - 1 if rules is not None else 0):
        _offer_also(work, work.store.contacts[pair.contact], pair)


def _offer_also(work: Work, contact: Contact, pair: Pair) -> None:
    asked = (*contact.missed_by, *(each.agent for each in contact.offers))
    engine, selection = work.store.engine, work.store.config.queues[contact.queue or ""].selection
    wanted = required(contact)
    ranked, _ = engine.ready.best(wanted, selection, asked, 1)
    while ranked and _answers_at_once(work, ranked[0].agent):
        # they would take it from who was chosen before them, in the same instant
        asked = (*asked, ranked[0].agent)
        ranked, _ = engine.ready.best(wanted, selection, asked, 1)
    if not ranked or contact.offer is None:
        return
    agent = work.store.agents[ranked[0].agent]
    also = contact.with_(also=(*contact.also, Offer(agent.id, contact.offer.expires_at)))
    beside = pair._replace(agent=agent.id, rule=BESIDE, rivals=(), passed_over=())
    _reserve(work, also, agent, contact.offer.expires_at, _decision(work, contact, agent, beside))


def _answers_at_once(work: Work, agent_id: str) -> bool:
    """Whether this agent's phone answers for them: then they have it, and nobody else is asked."""
    record = work.store.config.agents.get(agent_id)
    return record is not None and record.auto_accept


def offer(work: Work, contact: Contact, agent: LiveAgent, why: Decision) -> None:
    """Reserve the agent and pop the contact."""
    queue = work.store.config.queues.get(contact.queue or "")
    expires_at = work.now + (queue.offer_seconds if queue else DEFAULT_OFFER_SECONDS)
    popped = contact.with_(state=ContactState.OFFERED, offer=Offer(agent.id, expires_at), also=())
    _reserve(work, popped, agent, expires_at, why)


def _reserve(work: Work, contact: Contact, agent: LiveAgent, expires_at: float, why: Decision) -> None:
    work.store.put_contact(contact.noted(work.now, "contact.offered", agent=agent.id, rule=why.rule))
    work.move(agent.id, PresenceEvent.RESERVE, offer=contact.id, served_at=work.now)
    frame = {
        "contact": views.contact_view(contact),
        "why": why,
        "expires_at": iso(expires_at),
        "auto_accepted": _answers_at_once(work, agent.id),
    }
    work.tell("contact.offered", frame, contact.id, agent.id)


def offer_by_name(work: Work, contact: Contact, agent_id: str) -> bool:
    """Offer to one agent because somebody asked for them; False if they are not ready now."""
    agent = work.store.agent(agent_id)
    standing = work.store.engine.ready.find(agent_id)
    if standing is None or contact.channel not in standing.kind.channels or contact.call.source in standing.kind.away:
        return False
    offer(work, contact, agent, _decision(work, contact, agent, None))
    return True


def offered(work: Work, command: ContactCommand, wish: str) -> Contact:
    """The contact that is on offer to the agent; raises Conflict."""
    contact = work.store.contacts.get(command.contact_id)
    offers = contact.offers if contact is not None and contact.state is ContactState.OFFERED else ()
    if contact is None or command.agent_id not in (each.agent for each in offers):
        agent = work.store.agent(command.agent_id)
        raise Conflict(
            f"Cannot {wish}: contact {command.contact_id} is not on offer to {agent.id}; the offer may have expired.",
            state=str(agent.state),
            contact_state=str(contact.state) if contact else "ended",
            contact_id=command.contact_id,
        )
    return contact


def take_back(
    work: Work,
    contact: Contact,
    why: str,
    event: PresenceEvent | None = None,
    /,
    *,
    agent: str | None = None,
    **agent_changes: Any,
) -> None:
    """End the offer to `agent` (or the only one there is, or a connection that did not come about); unless it still
    stands with others, the contact waits on at its place, and its queue's rules are looked at.

    `event` moves the agent; without one they are simply free again. Only an agent who was BUSY elsewhere is not held
    to have missed it.
    """
    assert contact.offer is not None
    agent_id = agent or contact.offer.agent
    missed = contact.missed_by
    if why != BUSY and agent_id not in missed:
        missed = (*missed, agent_id)
    left = contact.without_offer(agent_id).with_(
        missed_by=missed,
        again_at=work.now + AGAIN_SECONDS if missed else None,
        wishes=_still_wished(contact, agent_id, why),
    )
    if left.offer is None:
        left = placed(work, opened_visit(work, left.with_(state=ContactState.WAITING)))
        left = left.with_(overflow_at=overflow.again_at(work, left))
    work.store.put_contact(left.noted(work.now, "offer.withdrawn", agent=agent_id, reason=why))
    release(work, contact, agent_id, why, event, **agent_changes)


def _still_wished(contact: Contact, agent_id: str, why: str) -> tuple[tuple[str, float], ...]:
    """Whom the contact still waits for by name: not one who has let it pass."""
    return contact.wishes if why == BUSY else tuple(wish for wish in contact.wishes if wish[0] != agent_id)


def opened_visit(work: Work, contact: Contact) -> Contact:
    """The contact with an open stay in its queue; one that a colleague took by name begins to wait only now."""
    if contact.queue is None or (contact.visits and contact.visits[-1].left_at is None):
        return contact
    visit = Visit(queue=contact.queue, entered_at=work.now, estimated_wait=contact.estimated_wait)
    return contact.with_(visits=(*contact.visits, visit))


def release(
    work: Work, contact: Contact, agent_id: str, why: str, event: PresenceEvent | None = None, /, **changes: Any
) -> None:
    """Free the agent of an offer, and say why it is gone; another contact that is on offer to them waits on."""
    agent = work.store.agent(agent_id)
    if agent.offer not in (None, contact.id):
        take_back(work, work.contact(agent.offer or ""), BUSY, agent=agent_id)
        agent = work.store.agent(agent_id)
    left = tuple(key for key in agent.contacts if key != contact.id)
    if left:
        after = changes.get("reason", agent.after) if event is not None else agent.after
        work.store.put_agent(agent.with_(offer=None, contacts=left, after=after))
        work.tell_agent_state(work.store.agent(agent_id))
    elif event is None:
        work.free(agent_id, offer=None, contacts=left)
    else:
        work.move(agent_id, event, offer=None, contacts=left, **changes)
    work.tell("offer.withdrawn", {"contact_id": contact.id, "reason": why}, contact.id, agent_id)


def eligible(work: Work, agent: LiveAgent, contact: Contact) -> bool:
    """Whether a ready agent may be offered this waiting contact now; the plain definition that the indexes speed up."""
    standing = work.store.engine.ready.find(agent.id)
    return standing is not None and work.store.engine.eligible(agent.id, standing.kind, contact.id)


def _decision(work: Work, contact: Contact, agent: LiveAgent, pair: Pair | None) -> Decision:
    rules = work.store.config.queues.get(contact.queue or "")
    why = Decision(
        rule=NAMED,
        wanted=contact.wanted,
        step=contact.step,
        waited_seconds=round(work.now - (contact.queued_at or work.now), 3),
        bonus_seconds=contact.bonus,
        precedence=contact.precedence,
        idle_seconds=round(work.now - agent.idle_since, 3),
        excluded=contact.missed_by,
    )
    if pair is None:
        return why
    return msgspec.structs.replace(
        why,
        rule=pair.rule,
        selection=rules.selection if rules is not None else why.selection,
        rank=pair.rank,
        considered=pair.considered,
        rivals=pair.rivals,
        passed_over=pair.passed_over,
    )
