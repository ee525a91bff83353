"""The floor's memory: entities by id, and indexes that are nothing but functions of the entities.

`put_*` keeps both together and remembers how to take it back, so that a command that fails leaves no trace.
"""

from collections.abc import Callable
from typing import Any

from sortedcontainers import SortedList

from app.agents.presence import ON_DUTY, AgentState
from app.floor.config import FloorConfig
from app.floor.entities import Contact, ContactState, EndedCall, LiveAgent
from app.routing.requirement import Requirement, Skills
from app.routing.selection import AgentPool, Idle
from app.routing.waiting import Place, WaitingLine

CallKey = tuple[str, str]
"""Source and the platform's call id."""

SWEEP_SECONDS = 4 * 3600.0
"""A call of which nothing was heard for so long is closed, and says so."""

ENDED_MEMORY_SECONDS = 600.0
"""How long an ended call is remembered in memory; after that the history knows it."""


class Store:
    """Entities and indexes. Reads are plain attributes; writes go through `put_*` and `drop_contact`."""

    def __init__(self, config: FloorConfig) -> None:
        self.config = config
        self.contacts: dict[str, Contact] = {}
        self.agents: dict[str, LiveAgent] = {}
        self.profiles: dict[str, bytes] = {}
        self.ended: dict[CallKey, EndedCall] = {}
        self.calls: dict[CallKey, str] = {}
        self.missed: dict[str, None] = {}
        self.touched_contacts: dict[str, None] = {}
        self.touched_agents: dict[str, None] = {}
        self.new_profiles: set[str] = set()
        self._in_batch = False
        self._mark = 0
        self._undo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.reindex(config)

    def reindex(self, config: FloorConfig) -> None:
        """Take a new configuration and build every index anew."""
        self.config = config
        self.by_address = {agent.address: agent.id for agent in config.agents.values()}
        self.waiting, self.idle, self.on_duty = WaitingLine(), AgentPool(), AgentPool()
        self.deadlines: SortedList = SortedList()
        self.calls.clear()
        self.missed.clear()
        for contact in self.contacts.values():
            self._index_contact(None, contact)
        for agent in self.agents.values():
            self._index_agent(None, agent)

    def begin(self) -> None:
        """Start a command: a rollback will come back to here."""
        if not self._in_batch:
            self._undo.clear()
        self._mark = len(self._undo)
        self.touched_contacts.clear()
        self.touched_agents.clear()
        self.new_profiles.clear()

    def begin_batch(self) -> None:
        """From here on commands stay undoable together, by `rollback_batch`, until the next `begin_batch`."""
        self._in_batch = True
        self._undo.clear()

    def rollback_batch(self) -> None:
        """Undo every command since `begin_batch`."""
        self._mark = 0
        self.rollback()

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        while len(self._undo) > self._mark:
            undo, arguments = self._undo.pop()
            undo(*arguments)
        self.touched_contacts.clear()
        self.touched_agents.clear()

    def agent(self, agent_id: str) -> LiveAgent:
        """The agent; one who was never here is logged off."""
        return self.agents.get(agent_id) or LiveAgent(id=agent_id)

    def put_contact(self, contact: Contact) -> None:
        """Keep this value of the contact."""
        old = self.contacts.get(contact.id)
        self.touched_contacts[contact.id] = None
        self._undo.append((self._set_contact, (contact.id, old)))
        self._set_contact(contact.id, contact)

    def drop_contact(self, contact_id: str) -> None:
        """Forget the contact and its profile."""
        self.touched_contacts[contact_id] = None
        self._undo.append((self._set_contact, (contact_id, self.contacts[contact_id])))
        self._set_contact(contact_id, None)
        self.put_in(self.profiles, contact_id, None)

    def put_agent(self, agent: LiveAgent) -> None:
        """Keep this value of the agent."""
        self.touched_agents[agent.id] = None
        self._undo.append((self._set_agent, (agent.id, self.agents.get(agent.id))))
        self._set_agent(agent.id, agent)

    def put_profile(self, contact_id: str, profile: bytes) -> None:
        """Keep the profile that was read for a new contact; it never changes."""
        self.new_profiles.add(contact_id)
        self.put_in(self.profiles, contact_id, profile)

    def put_in(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Set (or with None remove) one entry of a plain table, undoably."""
        self._undo.append((_assign, (table, key, table.get(key))))
        _assign(table, key, value)

    def due(self, now: float) -> list[tuple[float, str, str]]:
        """(deadline, "contact" or "agent", id) of everything due at `now`, earliest first."""
        return list(self.deadlines.irange(maximum=(now, "~", "")))

    def next_deadline(self) -> float | None:
        """The earliest deadline there is."""
        return self.deadlines[0][0] if self.deadlines else None

    def skills(self, agent_id: str) -> Skills:
        """An agent's skills; one whom the configuration does not know has none."""
        record = self.config.agents.get(agent_id)
        return record.skills if record else ()

    def _set_contact(self, contact_id: str, contact: Contact | None) -> None:
        self._index_contact(self.contacts.get(contact_id), contact)
        _assign(self.contacts, contact_id, contact)

    def _set_agent(self, agent_id: str, agent: LiveAgent | None) -> None:
        self._index_agent(self.agents.get(agent_id), agent)
        _assign(self.agents, agent_id, agent)

    def _index_contact(self, old: Contact | None, new: Contact | None) -> None:
        before, after = waiting_key(old), waiting_key(new)
        if before != after:
            if before is not None:
                self.waiting.remove(*before)
                self.missed.pop(before[1].contact, None)
            if after is not None:
                self.waiting.add(*after)
        if new is not None and after is not None and new.missed_by:
            self.missed[new.id] = None
        self._move_deadline(contact_deadline(old), contact_deadline(new))
        if old is None and new is not None:
            self.calls[(new.call.source, new.call.id)] = new.id
        elif old is not None and new is None:
            key = (old.call.source, old.call.id)
            if self.calls.get(key) == old.id:
                del self.calls[key]

    def _index_agent(self, old: LiveAgent | None, new: LiveAgent | None) -> None:
        for pool, key in ((self.idle, self._idle_key), (self.on_duty, self._duty_key)):
            before, after = key(old), key(new)
            if before != after:
                if before is not None:
                    pool.remove(*before)
                if after is not None:
                    pool.add(*after)
        self._move_deadline(agent_deadline(old), agent_deadline(new))

    def _idle_key(self, agent: LiveAgent | None) -> tuple[Skills, Idle] | None:
        if agent is None or agent.state is not AgentState.READY or agent.id not in self.config.agents:
            return None
        return self.skills(agent.id), Idle(agent.idle_since, agent.id)

    def _duty_key(self, agent: LiveAgent | None) -> tuple[Skills, Idle] | None:
        if agent is None or agent.state not in ON_DUTY or agent.id not in self.config.agents:
            return None
        return self.skills(agent.id), Idle(0.0, agent.id)

    def _move_deadline(self, before: tuple[float, str, str] | None, after: tuple[float, str, str] | None) -> None:
        if before == after:
            return
        if before is not None:
            self.deadlines.remove(before)
        if after is not None:
            self.deadlines.add(after)


def waiting_key(contact: Contact | None) -> tuple[Requirement, Place] | None:
    """Where the contact stands among the waiting, if it waits."""
    if contact is None or contact.state is not ContactState.WAITING:
        return None
    return contact.wanted, contact.place


def contact_deadline(contact: Contact | None) -> tuple[float, str, str] | None:
    """When something must happen to the contact by itself: offer expiry, return to the queue, the sweep."""
    if contact is None or contact.state is ContactState.WRAP_UP:
        return None
    when = contact.heard_at + SWEEP_SECONDS
    if contact.offer is not None:
        when = min(when, contact.offer.expires_at)
    for due in (contact.requeue_at, contact.close_at):
        if due is not None:
            when = min(when, due)
    return when, "contact", contact.id


def agent_deadline(agent: LiveAgent | None) -> tuple[float, str, str] | None:
    """When something must happen to the agent by itself: wrap-up limit, silence."""
    if agent is None:
        return None
    due = [when for when in (agent.wrap_up_until, agent.silent_at) if when is not None]
    return (min(due), "agent", agent.id) if due else None


def _assign(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
