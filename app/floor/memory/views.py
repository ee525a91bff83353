"""How the floor shows itself on the wires: JSON-ready values, instants as RFC 3339."""

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from app.agents.presence import AgentState
from app.calls.leg import Leg
from app.calls.recording import Recording
from app.core.instants import iso
from app.floor.configuration.config import FloorConfig
from app.floor.memory.entities import WAITS, Contact, ContactState, LiveAgent
from app.floor.memory.parts import JOIN, Consult
from app.floor.memory.store import Store


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
        "held": held(contact),
        "queue": contact.queue,
        "tier": contact.customer.tier if contact.customer else None,
        "customer": contact.customer,
        "candidates": contact.candidates,
        "arrived_at": iso(contact.arrived_at),
        "queued_at": _iso(contact.queued_at),
        "estimated_wait_seconds": contact.estimated_wait,
        "callback_of": contact.callback_of,
        "ended_at": _iso(contact.ended_at),
        "agents": contact.agents,
        "offered_to": [each.agent for each in contact.offers],
        "consult": _consult_view(contact.consult),
        "invited": [each.agent for each in contact.invited],
        "legs": [leg_view(leg) for leg in call.legs],
        "recordings": [recording_view(each) for each in contact.recordings],
    }


def held(contact: Contact) -> bool:
    """Whether the caller is on hold: for whoever is on the call, or for the supervisors whom alone they can hear."""
    heard = [] if contact.agents else [each for each in contact.listeners if each.inside and each.mode == JOIN]
    return contact.call.held or (bool(heard) and all(each.held for each in heard))


def recording_view(recording: Recording) -> dict[str, Any]:
    """A recording as it stands; `for_secret`: it is paused while one is keyed."""
    return {
        "id": recording.id,
        "state": recording.state,
        "for_secret": recording.for_secret,
        "by": recording.by,
        "queue": recording.queue,
        "started_at": iso(recording.started_at),
        "seconds": recording.seconds,
    }


def _consult_view(consult: Consult | None) -> dict[str, Any] | None:
    if consult is None:
        return None
    state = "answered" if consult.answered else "ringing"
    return {"by": consult.by, "agent": consult.agent, "number": consult.number, "state": state}


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


def agent_view(config: FloorConfig, agent: LiveAgent) -> dict[str, Any]:
    """An agent and what they are doing."""
    record = config.person(agent.id)
    return {
        "id": agent.id,
        "name": record.name if record else agent.id,
        "team": record.team if record else None,
        "state": agent.state,
        "reason": agent.reason,
        "after": agent.after,
        "since": iso(agent.since),
        "connected": agent.connected,
        "phone": agent.phone,
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
        "agent": agent_view(store.config, agent),
        "contacts": [_own_contact(store, store.contacts[key]) for key in mine if key in store.contacts],
    }


class Picture(NamedTuple):
    """The floor at one moment. Entities never change, so it can be shown later and elsewhere."""

    seq: int
    at: float
    config: FloorConfig
    contacts: tuple[Contact, ...]
    agents: dict[str, LiveAgent]

    def shown(self) -> dict[str, Any]:
        """The whole floor: queues with their waiting, teams, agents, contacts. Takes a while where it is large."""
        return {
            "seq": self.seq,
            "at": iso(self.at),
            "queues": self.queues(),
            "teams": [{"id": key, "name": name} for key, name in sorted(self.config.teams.items())],
            "agents": [agent_view(self.config, agent) for agent in self._everybody()],
            "unrouted": sum(1 for contact in self.contacts if contact.unrouted),
            "by_state": self.by_state(),
            "contacts": [contact_view(contact) for contact in self.contacts],
        }

    def by_state(self) -> dict[str, int]:
        """How many agents are in each state; who has never been here is logged off."""
        states = Counter(agent.state for agent in self._everybody())
        return {state: states[state] for state in AgentState}

    def _everybody(self) -> list[LiveAgent]:
        """All agents, and who was made inactive and has not finished yet."""
        here = (key for key, agent in self.agents.items() if agent.state is not AgentState.LOGGED_OFF)
        return [self.agents.get(key) or LiveAgent(id=key) for key in sorted({*self.config.agents, *here})]

    def queues(self) -> list[dict[str, Any]]:
        """Each queue with how many wait in it, and for how long the first of them has (seconds)."""
        here: dict[str, list[Contact]] = {key: [] for key in sorted(self.config.queues)}
        for contact in self.contacts:
            if contact.queue in here:
                here[contact.queue].append(contact)
        return [_queue_view(self.config.queues[key].name, key, found, self.at) for key, found in here.items()]


def picture(store: Store, seq: int, now: float) -> Picture:
    """Hold on to the floor as it is now; cheap."""
    return Picture(seq, now, store.config, tuple(store.contacts.values()), dict(store.agents))


def _own_contact(store: Store, contact: Contact) -> dict[str, Any]:
    view = contact_view(contact)
    if contact.offer is not None:
        view["expires_at"] = iso(contact.offer.expires_at)
    view["profile"] = msgspec.Raw(store.profiles.get(contact.id, b"null"))
    return view


def _queue_view(name: str, queue_id: str, here: list[Contact], now: float) -> dict[str, Any]:
    waiting = [c for c in here if c.state in WAITS]
    return {
        "id": queue_id,
        "name": name,
        "waiting": len(waiting),
        "offered": sum(1 for c in waiting if c.state is not ContactState.WAITING),
        "active": sum(1 for c in here if c.state is ContactState.ACTIVE),
        "longest_wait_seconds": round(max((now - (c.queued_at or now) for c in waiting), default=0.0), 3),
    }


def _iso(instant: float | None) -> str | None:
    return None if instant is None else iso(instant)
