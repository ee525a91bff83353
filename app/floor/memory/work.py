"""One command's work on the floor: the state it may change, the instant it happens at, and the effects it gathers."""

from typing import Any

import msgspec

from app.agents import presence
from app.agents.presence import AgentState, PresenceEvent
from app.core.errors import Conflict, NotFound
from app.floor.memory import views
from app.floor.memory.effects import AddEntry, Effect, Happened, SwitchOrder
from app.floor.memory.entities import Contact, LiveAgent
from app.floor.memory.reasons import why_gone
from app.floor.memory.store import Store
from app.floor.memory.timeline import Entry
from app.routing.engine.occupancy import after_busy, after_idle
from app.telephony.events import OrderType
from app.telephony.instructions import Script

FREE = (AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OFF)
"""Nothing holds an agent in these, so nothing is to follow."""

_encode = msgspec.json.Encoder().encode


class Work:
    """What a handler holds: `store` to change, `now` (epoch seconds), and ways to tell what happened.

    `replies_to` is the contact whose platform can be told a script in the answer to this very command: `reply`.
    """

    def __init__(self, store: Store, now: float, seq: int) -> None:
        self.store = store
        self.now = now
        self.seq = seq
        self.effects: list[Effect] = []
        self.replies_to: str | None = None
        self.reply: Script | None = None

    def happened(self, kind: str, body: bytes, contact: str | None = None, agent: str | None = None) -> None:
        """Record an event; with `agent` it is a frame for that agent's sockets."""
        self.seq += 1
        self.effects.append(
            Happened(seq=self.seq, at=self.now, type=kind, body=body, contact=contact, agent=agent),
        )

    def tell(self, kind: str, data: dict[str, Any], contact: str | None = None, agent: str | None = None) -> None:
        """Record an event whose data are plain values."""
        self.happened(kind, _encode(data), contact, agent)

    def order(self, kind: OrderType, contact: Contact, agent_id: str | None = None, /, **data: Any) -> None:
        """Command the switch about a contact's call."""
        body = {"call_id": contact.call.id, "contact_id": contact.id, **data}
        if agent_id is not None:
            body["agent"] = {"id": agent_id, "address": self.address(agent_id)}
        self.seq += 1
        self.effects.append(
            SwitchOrder(
                seq=self.seq,
                at=self.now,
                source=contact.call.source,
                contact=contact.id,
                agent=agent_id,
                type=str(kind),
                body=_encode(body),
            )
        )

    def instruct(self, contact: Contact, script: Script) -> None:
        """Tell the contact's platform a script: in the answer where it waits for one, else as an order."""
        if self.replies_to == contact.id and self.reply is None:
            self.reply = script
        else:
            self.order(OrderType.SCRIPT, contact, script=msgspec.to_builtins(script))

    def add_entry(self, contact: str, started_at: float, at: float, kind: str, /, **data: Any) -> None:
        """Add a line to the timeline of an interaction that is already written."""
        told = {key: value for key, value in data.items() if value is not None}
        self.effects.append(AddEntry(contact=contact, started_at=started_at, entry=Entry(at, kind, told)))

    def address(self, agent_id: str) -> str | None:
        """Where an agent's phone is."""
        record = self.store.config.person(agent_id)
        return record.address if record else None

    def known(self, agent_id: str) -> None:
        """Raise NotFound unless the configuration knows this agent."""
        if agent_id not in self.store.config.agents:
            raise NotFound(f"No agent {agent_id}.", agent_id=agent_id)

    def agent_body(self, agent_id: str) -> dict[str, Any]:
        """The answer that tells an agent how they stand now."""
        return {"agent": views.agent_view(self.store.config, self.store.agent(agent_id))}

    def contact(self, contact_id: str) -> Contact:
        """A contact that is on the floor; raises NotFound."""
        contact = self.store.contacts.get(contact_id)
        if contact is None:
            raise NotFound(f"No live contact {contact_id}; it may have ended.", contact_id=contact_id)
        return contact

    def move(self, agent_id: str, event: PresenceEvent, **changes: Any) -> LiveAgent:
        """Move an agent by the presence table, apply `changes`, and tell their sockets. Raises WrongState.

        Who was made inactive meanwhile and is held by nothing any more is gone.
        """
        agent = self.store.agent(agent_id)
        state = presence.move(agent.state, event)
        if state in FREE and agent_id not in self.store.config.agents:
            state, changes = AgentState.LOGGED_OFF, {**changes, "reason": None, "after": None, "silent_at": None}
        if state is not agent.state:
            changes.setdefault("since", self.now)
            changes["occupancy"] = _occupancy(agent, self.now)
        if state is not AgentState.NOT_READY:
            changes.setdefault("reason", None)
        if state in FREE:
            changes.setdefault("after", None)
        moved = agent.with_(state=state, **changes)
        if moved != agent:
            self.store.put_agent(moved)
            self.tell_agent_state(moved)
        return moved

    def free(self, agent_id: str, **changes: Any) -> None:
        """Let an agent go from an offer, a contact or wrap-up: ready again, unless they were away or their sockets or
        their phone are gone; a contact that ends never makes anybody ready who had not been.
        """
        agent = self.store.agent(agent_id)
        reason = agent.after or self._kept_from_ready(agent)
        wrapping = agent.state is AgentState.WORKING_AFTER_CALL
        if reason is None:
            self.move(agent_id, PresenceEvent.WRAP_UP_DONE if wrapping else PresenceEvent.RELEASE, **changes)
        else:
            event = PresenceEvent.MAKE_NOT_READY if wrapping else PresenceEvent.MISS
            self.move(agent_id, event, reason=reason, after=None, **changes)

    def _kept_from_ready(self, agent: LiveAgent) -> str | None:
        if not agent.connected:
            return "connection_lost"
        return why_gone(agent.phone) if self.store.phone_gone(agent) else None

    def profile(self, contact: Contact) -> msgspec.Raw:
        """The profile that comes with a contact's screen pop, as JSON."""
        return msgspec.Raw(self.store.profiles.get(contact.id, b"null"))

    def tell_agent_state(self, agent: LiveAgent) -> None:
        """Tell an agent's sockets their present state."""
        body = _encode({"agent": views.agent_view(self.store.config, agent)})
        self.happened("agent.state", body, agent=agent.id)

    def tell_contact(self, kind: str, contact: Contact, to: tuple[str, ...] = (), **more: Any) -> None:
        """Tell what became of a contact: an event for each agent on it (or for those given), or one for nobody."""
        body = _encode({"contact": views.contact_view(contact), **more})
        for agent in to or contact.agents or (None,):
            self.happened(kind, body, contact.id, agent)


def _occupancy(agent: LiveAgent, now: float) -> float:
    passed = now - agent.since
    busy = agent.state in (AgentState.BUSY, AgentState.WORKING_AFTER_CALL)
    return round(after_busy(agent.occupancy, passed) if busy else after_idle(agent.occupancy, passed), 9)


def wrong_contact_state(contact: Contact, wish: str, accepted: str) -> Conflict:
    """A refusal that names the contact's present state and what would be accepted."""
    return Conflict(
        f"Cannot {wish}: contact {contact.id} is {contact.state}; accepted is {accepted}.",
        state=str(contact.state),
        contact_id=contact.id,
        accepted=accepted,
    )
