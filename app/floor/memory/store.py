"""The floor's memory: entities by id, and indexes that are nothing but functions of the entities.

`put_*` keeps both together and remembers how to take it back, so that a command that fails leaves no trace.
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from sortedcontainers import SortedList

from app.agents.presence import ON_DUTY, AgentState
from app.floor.configuration.changes import Changes
from app.floor.configuration.config import FloorConfig
from app.floor.memory.due import Deadline, agent_deadline, contact_deadline
from app.floor.memory.entities import Contact, ContactState, EndedCall, LiveAgent, Phone
from app.routing.engine.capacity import VOICE, free_channels
from app.routing.engine.duty import Duty
from app.routing.engine.engine import Engine, Waiting
from app.routing.engine.occupancy import occupancy_key
from app.routing.engine.requirement import Kind, Requirement, Selection
from app.routing.engine.selection import Standing
from app.routing.estimate import Flow
from app.telephony.events import NOT_THERE, PhoneWord

CallKey = tuple[str, str]
"""Source and the platform's call id."""

TAKING = (AgentState.READY, AgentState.BUSY)
"""States in which something may be on offer to an agent: a busy one may have room for another."""

ENDED_MEMORY_SECONDS = 600.0
"""How long an ended call is remembered in memory; after that the history knows it."""

LEFT_OVER = 1000
"""So much of what nobody is and nobody asks any more may stand in the indexes before they are built anew: each changed
agent leaves a kind there, each changed queue its requirements, which every agent who holds them is ranked for."""

OF_A_QUEUE = 50
"""For how many kinds the requirements of a changed queue count."""


class Store:
    """Entities and indexes. Reads are plain attributes; writes go through `put_*` and `drop_contact`."""

    def __init__(self, config: FloorConfig) -> None:
        self.config = config
        self.contacts: dict[str, Contact] = {}
        self.agents: dict[str, LiveAgent] = {}
        self.phones: dict[str, Phone] = {}
        self.profiles: dict[str, bytes] = {}
        self.ended: dict[CallKey, EndedCall] = {}
        self.calls: dict[CallKey, str] = {}
        self._of_call: dict[CallKey, frozenset[str]] = {}
        self.missed: dict[str, None] = {}
        self.wishing: dict[str, None] = {}
        self.lines: dict[str, dict[str, None]] = {}
        self.flows: dict[str, Flow] = {}
        self.touched_contacts: dict[str, None] = {}
        self.touched_agents: dict[str, None] = {}
        self.touched_phones: dict[str, None] = {}
        self.left_duty: dict[str, None] = {}
        self.logged_off: dict[str, None] = {}
        self.new_profiles: set[str] = set()
        self.configured = False
        self._in_batch = False
        self._mark = 0
        self._undo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.reindex(config)
        self.obeyed: FloorConfig | None = config

    def reindex(self, config: FloorConfig) -> None:
        """Take a new configuration and build every index anew. What is on the floor may stand by any other one."""
        self.config, self.obeyed = config, None
        self._left_over = 0
        self._know_addresses()
        self.engine = Engine()
        self.logged_on = Duty()
        self.deadlines: SortedList = SortedList()
        self._due_contacts: dict[str, Deadline] = {}
        self._due_agents: dict[str, Deadline] = {}
        self.calls.clear()
        self._of_call.clear()
        self.missed.clear()
        self.wishing.clear()
        self.lines.clear()
        for contact in self.contacts.values():
            self._index_contact(None, contact)
        for agent in self.agents.values():
            self._index_agent(None, agent)

    def follow(self, config: FloorConfig, changed: Changes) -> None:
        """Take a new configuration, which differs from the present one by `changed`: the indexes follow in what hangs
        on that, and are then those that `reindex` would build."""
        obeyed, self.config = self.obeyed, config
        self._left_over += len(changed.people) + OF_A_QUEUE * len(changed.queues)
        if self._left_over > LEFT_OVER:
            self.reindex(config)
            self.obeyed = obeyed
            return
        if changed.addresses:
            self._know_addresses()
        for agent in [self.agents[key] for key in changed.people if key in self.agents]:
            self._index_agent(agent, agent)
        for contact in [self.contacts[key] for queue in changed.queues for key in self.lines.get(queue, ())]:
            self._index_contact(contact, contact)
        self.left_duty.clear()  # nobody has gone: who is no agent any more is dismissed by whoever obeys
        self.logged_off.clear()

    def put_obeyed(self) -> None:
        """What is on the floor stands by the present configuration from now on. Undone with the rest: the configuration
        stays, and is then obeyed again."""
        self._undo.append((self._set_obeyed, (self.obeyed,)))
        self.obeyed = self.config

    def _set_obeyed(self, config: FloorConfig | None) -> None:
        self.obeyed = config

    def _know_addresses(self) -> None:
        config = self.config
        everybody = (*config.former.values(), *config.agents.values())  # a phone may have passed on to somebody else
        self.by_address = {agent.address: agent.id for agent in everybody}
        self.rung_at = frozenset(agent.address for agent in config.agents.values() if agent.needs_phone)

    def begin(self) -> None:
        """Start a command: a rollback will come back to here."""
        if not self._in_batch:
            self._undo.clear()
        self._mark = len(self._undo)
        self.touched_contacts.clear()
        self.touched_agents.clear()
        self.touched_phones.clear()
        self.left_duty.clear()
        self.logged_off.clear()
        self.new_profiles.clear()
        self.configured = False

    def begin_batch(self) -> None:
        """From here on commands stay undoable together, by `rollback_batch`, until they are settled."""
        self._in_batch = True
        self._undo.clear()

    def undoable(self) -> int:
        """How much there is to undo: where a batch ends, for `settle`."""
        return len(self._undo)

    def settle(self, end: int) -> None:
        """What was done before `end` is not undone any more."""
        del self._undo[:end]

    def rollback_batch(self) -> None:
        """Undo every command that is not settled."""
        self._mark = 0
        self.rollback()

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        while len(self._undo) > self._mark:
            undo, arguments = self._undo.pop()
            undo(*arguments)
        self.touched_contacts.clear()
        self.touched_agents.clear()
        self.touched_phones.clear()

    def agent(self, agent_id: str) -> LiveAgent:
        """The agent; one who was never here is logged off."""
        return self.agents.get(agent_id) or LiveAgent(id=agent_id)

    def waiting(self, queue: str | None = None) -> list[Contact]:
        """Those who wait in a queue, or in any, in waiting order."""
        lines = self.lines.values() if queue is None else (self.lines.get(queue, {}),)
        return sorted((self.contacts[key] for line in lines for key in line), key=lambda contact: contact.place)

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

    def put_phone(self, address: str, phone: Phone | None) -> None:
        """Keep what is said of a phone; None forgets it."""
        self.touched_phones[address] = None
        self.put_in(self.phones, address, phone)

    def phone_gone(self, agent: LiveAgent) -> bool:
        """Whether no call can be put through to an agent who takes calls, because their phone is not there."""
        record = self.config.agents.get(agent.id)
        return record is not None and record.needs_phone and agent.phone in NOT_THERE

    def on_private_call(self, agent: LiveAgent) -> bool:
        """Whether the agent's phone is on a call that is none of ours."""
        return agent.phone is PhoneWord.IN_USE and VOICE not in self.channels_of(agent)

    def put_profile(self, contact_id: str, profile: bytes) -> None:
        """Keep the profile that was read for a contact: when it opens, or once its caller has proved who they are."""
        self.new_profiles.add(contact_id)
        self.put_in(self.profiles, contact_id, profile)

    def put_in(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Set (or with None remove) one entry of a plain table, undoably."""
        self._undo.append((_assign, (table, key, table.get(key))))
        _assign(table, key, value)

    def due(self, now: float) -> list[Deadline]:
        """Everything due at `now`, earliest first."""
        return list(self.deadlines.irange(maximum=(now, "~", "")))

    def next_deadline(self, without: Collection[str] = ()) -> float | None:
        """The earliest deadline there is, of others than these."""
        return next((when for when, _, key in self.deadlines if key not in without), None)

    def _set_contact(self, contact_id: str, contact: Contact | None) -> None:
        self._index_contact(self.contacts.get(contact_id), contact)
        _assign(self.contacts, contact_id, contact)

    def _set_agent(self, agent_id: str, agent: LiveAgent | None) -> None:
        self._index_agent(self.agents.get(agent_id), agent)
        _assign(self.agents, agent_id, agent)

    def _index_contact(self, old: Contact | None, new: Contact | None) -> None:
        self._stand_in_line(old, new)
        key = _id(new or old)
        after = self._waiting(new)
        if self.engine.waiting(key) != after:
            self.engine.put_contact(key, after)
            if after is not None and after.missed_by:
                self.missed[key] = None
            else:
                self.missed.pop(key, None)
        _note(self.wishing, key, new is not None and new.state is ContactState.WAITING and bool(new.wishes))
        self._move_deadline(self._due_contacts, key, contact_deadline(new))
        self._index_call(old, new)

    def _index_call(self, old: Contact | None, new: Contact | None) -> None:
        before, after = _call_key(old), _call_key(new)
        if before == after:
            return
        if before is not None:
            self._have_call(before, self._of_call[before] - {_id(old)})
        if after is not None:
            self._have_call(after, self._of_call.get(after, frozenset()) | {_id(new)})

    def _have_call(self, key: CallKey, contacts: frozenset[str]) -> None:
        """A call is that of its newest contact: one that is still wrapped up may speak again, after a long silence."""
        _assign(self._of_call, key, contacts or None)
        _assign(self.calls, key, max(contacts, default=None))

    def _index_agent(self, old: LiveAgent | None, new: LiveAgent | None) -> None:
        key = _id(new or old)
        ready = self._standing(new)
        if self.engine.ready.find(key) != ready:
            self.engine.put_ready(key, ready)
        here = self._kind_logged_on(new)
        if (was := self.logged_on.kind(key)) != here:
            self.logged_on.put(key, here)
            _note(self.logged_off, key, was is not None and here is None)
        duty = self._kind_on_duty(new)
        if (was := self.engine.duty.kind(key)) != duty:
            self.engine.put_duty(key, duty)
            _note(self.left_duty, key, was is not None and duty is None)
        self._move_deadline(self._due_agents, key, agent_deadline(new))

    def _stand_in_line(self, old: Contact | None, new: Contact | None) -> None:
        before = old.queue if old is not None and old.state is ContactState.WAITING else None
        after = new.queue if new is not None and new.state is ContactState.WAITING else None
        if before != after:
            if before is not None:
                del self.lines[before][_id(old)]
            if after is not None:
                self.lines.setdefault(after, {})[_id(new)] = None

    def _waiting(self, contact: Contact | None) -> Waiting | None:
        if contact is None or contact.state is not ContactState.WAITING or contact.held:
            return None
        rules = self.config.queues.get(contact.queue or "")
        selection = rules.selection if rules is not None else Selection.LONGEST_IDLE
        return Waiting(wanted=required(contact), place=contact.place, selection=selection, missed_by=contact.missed_by)

    def _standing(self, agent: LiveAgent | None) -> Standing | None:
        if agent is None or agent.state not in TAKING or agent.offer or agent.after or not agent.connected:
            return None
        record = self.config.agents.get(agent.id)
        if record is None or self.phone_gone(agent) or self.on_private_call(agent):
            return None
        kind = _reached(record.kind, agent)
        if agent.contacts:
            free = free_channels(record.capacity, record.blending, self.channels_of(agent))
            if not free:
                return None
            kind = Kind(record.skills, record.team, free, agent.away)
        return Standing(
            kind=kind,
            idle_since=agent.idle_since,
            served_at=agent.served_at,
            occupancy=occupancy_key(agent.occupancy, agent.since),
        )

    def channels_of(self, agent: LiveAgent) -> list[str]:
        """The channels of an agent's contacts, each as often as they have one of it."""
        return [contact.channel for key in agent.contacts if (contact := self.contacts.get(key)) is not None]

    def _kind_logged_on(self, agent: LiveAgent | None) -> Kind | None:
        """Who is here at all, be it on a break: nobody is sent away as long as somebody may come back for them."""
        if agent is None or agent.state is AgentState.LOGGED_OFF or not agent.connected:
            return None
        record = self.config.agents.get(agent.id)
        return record.kind if record is not None else None

    def _kind_on_duty(self, agent: LiveAgent | None) -> Kind | None:
        """Who may have a contact in a moment: not one who goes on a break then, is gone, or wraps up without end."""
        if agent is None or agent.state not in ON_DUTY or agent.id not in self.config.agents:
            return None
        endless = agent.state is AgentState.WORKING_AFTER_CALL and agent.wrap_up_until is None
        if agent.after or not agent.connected or endless:
            return None
        return _reached(self.config.agents[agent.id].kind, agent)

    def _move_deadline(self, known: dict[str, Deadline], key: str, after: Deadline | None) -> None:
        before = known.get(key)
        if before == after:
            return
        if before is not None:
            self.deadlines.remove(before)
        if after is not None:
            self.deadlines.add(after)
        _assign(known, key, after)


def required(contact: Contact) -> Requirement:
    """What a waiting contact requires of the agent who takes it: a call stays with the platform that it came to, so
    their phone must be there."""
    if contact.channel != VOICE:
        return contact.wanted
    return msgspec.structs.replace(contact.wanted, source=contact.call.source)


def _reached(kind: Kind, agent: LiveAgent) -> Kind:
    return msgspec.structs.replace(kind, away=agent.away) if agent.away else kind


def _call_key(contact: Contact | None) -> CallKey | None:
    return None if contact is None else (contact.call.source, contact.call.id)


def _id(entity: Contact | LiveAgent | None) -> str:
    assert entity is not None, "nothing became of nothing"
    return entity.id


def _note(keys: dict[str, None], key: str, noted: bool) -> None:
    if noted:
        keys[key] = None
    else:
        keys.pop(key, None)


def _assign(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
