"""How the floor shows itself on the wires: JSON-ready values, instants as RFC 3339."""

from typing import Any

import msgspec

from app.agents.presence import AgentState
from app.calls.leg import Leg
from app.core.instants import iso
from app.floor.entities import Contact, ContactState, LiveAgent
from app.floor.store import Store


def contact_view(contact: Contact) -> dict[str, Any]:
    """A contact as agents and supervisors see it."""
    call = contact.call
    return {
        "id": contact.id,
        "call_id": call.id,
        "source": call.source,
        "channel": contact.channel,
        "direction": call.direction,
        "from": call.from_,
        "to": call.to,
        "state": contact.state,
        "held": call.held,
        "queue": contact.queue,
        "tier": contact.customer.tier if contact.customer else None,
        "customer": contact.customer,
        "candidates": contact.candidates,
        "arrived_at": iso(contact.arrived_at),
        "queued_at": _iso(contact.queued_at),
        "ended_at": _iso(contact.ended_at),
        "agents": contact.agents,
        "legs": [leg_view(leg) for leg in call.legs],
    }


def leg_view(leg: Leg) -> dict[str, Any]:
    """A leg and its times (seconds up to `since`)."""
    return {
        "id": leg.id,
        "party": leg.party,
        "agent": leg.agent,
        "state": leg.state,
        "since": iso(leg.since),
        "queue_seconds": round(leg.queue_seconds, 3),
        "ring_seconds": round(leg.ring_seconds, 3),
        "talk_seconds": round(leg.talk_seconds, 3),
        "hold_seconds": round(leg.hold_seconds, 3),
    }


def agent_view(store: Store, agent: LiveAgent) -> dict[str, Any]:
    """An agent and what they are doing."""
    record = store.config.agents.get(agent.id)
    return {
        "id": agent.id,
        "name": record.name if record else agent.id,
        "state": agent.state,
        "reason": agent.reason,
        "since": iso(agent.since),
        "connected": agent.connected,
        "offer": agent.offer,
        "contact_id": agent.contacts[-1] if agent.contacts else agent.offer or agent.wrap_up,
        "contacts": agent.contacts,
        "wrap_up": agent.wrap_up,
        "wrap_up_until": _iso(agent.wrap_up_until),
    }


def agent_snapshot(store: Store, agent_id: str) -> dict[str, Any]:
    """What a socket's welcome carries: the agent, and the contacts they have, are offered or wrap up."""
    agent = store.agent(agent_id)
    mine = [key for key in (*agent.contacts, agent.offer, agent.wrap_up) if key is not None]
    return {
        "agent": agent_view(store, agent),
        "contacts": [_own_contact(store, store.contacts[key]) for key in mine if key in store.contacts],
    }


def floor_snapshot(store: Store, now: float) -> dict[str, Any]:
    """The whole floor: queues with their waiting, agents, contacts."""
    agents = [store.agent(agent_id) for agent_id in sorted(store.config.agents)]
    return {
        "at": iso(now),
        "queues": [_queue_view(store, queue_id, now) for queue_id in sorted(store.config.queues)],
        "agents": [agent_view(store, agent) for agent in agents],
        "by_state": {state: sum(1 for agent in agents if agent.state is state) for state in AgentState},
        "contacts": [contact_view(contact) for contact in store.contacts.values()],
    }


def _own_contact(store: Store, contact: Contact) -> dict[str, Any]:
    view = contact_view(contact)
    if contact.offer is not None:
        view["expires_at"] = iso(contact.offer.expires_at)
    view["profile"] = msgspec.Raw(store.profiles.get(contact.id, b"null"))
    return view


def _queue_view(store: Store, queue_id: str, now: float) -> dict[str, Any]:
    here = [contact for contact in store.contacts.values() if contact.queue == queue_id]
    waiting = [c for c in here if c.state in (ContactState.WAITING, ContactState.OFFERED, ContactState.CONNECTING)]
    return {
        "id": queue_id,
        "name": store.config.queues[queue_id].name,
        "waiting": len(waiting),
        "offered": sum(1 for c in waiting if c.state is not ContactState.WAITING),
        "active": sum(1 for c in here if c.state is ContactState.ACTIVE),
        "longest_wait_seconds": round(max((now - (c.queued_at or now) for c in waiting), default=0.0), 3),
    }


def _iso(instant: float | None) -> str | None:
    return None if instant is None else iso(instant)
