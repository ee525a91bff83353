"""Supervisors who watch a part of the floor: some queues, some teams. Of thousands of agents a team's leader is told of
their own; and what is told costs by those whom it concerns, however many watch.

A contact is in sight while it is in one of the queues or with somebody of the teams (on the call, on offer, consulted,
invited). The frame that tells where it went is the last one of it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from app.api.sockets.asked import Only
from app.core.errors import Invalid
from app.core.wire import fault
from app.realtime.hub import Hub, Subscription

TOPIC = "floor, in part"

TeamOf = Callable[[str], str | None]
"""The team of an agent by id; None for nobody's."""


class _Consult(msgspec.Struct):
    agent: str | None = None


class Seen(msgspec.Struct):
    """What is needed of a contact to know whose it is."""

    id: str
    queue: str | None = None
    ended_at: str | None = None
    agents: list[str] = []
    offered_to: list[str] = []
    invited: list[str] = []
    consult: _Consult | None = None

    @property
    def people(self) -> Iterator[str]:
        """The agents whom it concerns."""
        yield from (*self.agents, *self.offered_to, *self.invited)
        if self.consult is not None and self.consult.agent is not None:
            yield self.consult.agent


class _Agent(msgspec.Struct):
    id: str


class _Frame(msgspec.Struct):
    contact: Seen | None = None
    contact_id: str | None = None
    agent: _Agent | None = None


_read = msgspec.json.Decoder(_Frame).decode


class Watch:
    """One supervisor's socket. Until it is `opened` by its snapshot, what happens is kept back."""

    def __init__(self, only: Only, subscription: Subscription) -> None:
        self.only = only
        self.subscription = subscription
        self.in_sight: set[str] = set()
        self.kept_back: list[tuple[int, _Frame, bytes]] | None = []


class Narrowed:
    """Those who watch a part of the floor, by what they watch."""

    def __init__(self, hub: Hub, team_of: TeamOf) -> None:
        self._hub = hub
        self._team_of = team_of
        self._opening: set[Watch] = set()
        self._queues: dict[str, set[Watch]] = defaultdict(set)
        self._teams: dict[str, set[Watch]] = defaultdict(set)
        self._contacts: dict[str, set[Watch]] = defaultdict(set)

    def __len__(self) -> int:
        return self._hub.count(TOPIC)

    @contextmanager
    def watching(self, only: Only, backlog: int) -> Iterator[Watch]:
        """Watch from here on, at most `backlog` frames behind."""
        with self._hub.subscribe(TOPIC, backlog) as subscription:
            watch = Watch(only, subscription)
            self._opening.add(watch)
            try:
                yield watch
            finally:
                self._forget(watch)

    def opened(self, watch: Watch, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a floor's snapshot that is watched; what has happened after it follows.

        Raises Invalid where a queue or a team is named that there is not.
        """
        part = _part(snapshot, watch.only, self._team_of)
        self._opening.discard(watch)
        for table, names in ((self._queues, watch.only.queues), (self._teams, watch.only.teams)):
            for name in names:
                table[name].add(watch)
        for contact in part["contacts"]:
            if contact["ended_at"] is None:
                self._see(watch, contact["id"])
        kept, watch.kept_back = watch.kept_back or [], None
        for seq, frame, raw in kept:
            if seq > snapshot["seq"] and watch in self._concerned(frame):
                self._tell(watch, seq, frame, raw)
        return part

    def publish(self, seq: int, raw: bytes) -> None:
        """Hand a frame of the floor to those whom it concerns."""
        frame = _read(raw)
        for watch in self._opening:
            assert watch.kept_back is not None
            watch.kept_back.append((seq, frame, raw))
        for watch in self._concerned(frame):
            self._tell(watch, seq, frame, raw)

    def _concerned(self, frame: _Frame) -> set[Watch]:
        if frame.agent is not None:
            return set(self._of(self._teams, self._team_of(frame.agent.id)))
        if frame.contact is None:
            return set(self._of(self._contacts, frame.contact_id))
        return self._whose(frame.contact) | self._of(self._contacts, frame.contact.id)

    def _whose(self, contact: Seen) -> set[Watch]:
        teams = {self._team_of(agent) for agent in contact.people}
        return set(self._of(self._queues, contact.queue)).union(*(self._of(self._teams, team) for team in teams))

    def _of(self, table: Mapping[str, set[Watch]], key: str | None) -> set[Watch]:
        return (table.get(key) if key is not None else None) or set()

    def _tell(self, watch: Watch, seq: int, frame: _Frame, raw: bytes) -> None:
        if (contact := frame.contact) is not None:
            if contact.ended_at is None and watch in self._whose(contact):
                self._see(watch, contact.id)
            else:
                self._lose(watch, contact.id)
        watch.subscription.put(raw, seq)

    def _see(self, watch: Watch, contact: str) -> None:
        watch.in_sight.add(contact)
        self._contacts[contact].add(watch)

    def _lose(self, watch: Watch, contact: str) -> None:
        watch.in_sight.discard(contact)
        _remove(self._contacts, contact, watch)

    def _forget(self, watch: Watch) -> None:
        self._opening.discard(watch)
        for contact in tuple(watch.in_sight):
            self._lose(watch, contact)
        for table, names in ((self._queues, watch.only.queues), (self._teams, watch.only.teams)):
            for name in names:
                _remove(table, name, watch)


def _remove(table: dict[str, set[Watch]], key: str, watch: Watch) -> None:
    if key in table:
        table[key].discard(watch)
        if not table[key]:
            del table[key]


def _part(snapshot: Mapping[str, Any], only: Only, team_of: TeamOf) -> dict[str, Any]:
    """Queues and agents as named, and the contacts that are in sight."""
    agents = [(each, team_of(each["id"])) for each in snapshot["agents"]]
    _ensure_known("queues", only.queues, {queue["id"] for queue in snapshot["queues"]})
    _ensure_known("teams", only.teams, {team for _, team in agents if team is not None})
    here = [agent for agent, team in agents if team in only.teams]
    contacts = msgspec.convert(snapshot["contacts"], list[Seen], from_attributes=True)
    in_sight = [
        view
        for view, contact in zip(snapshot["contacts"], contacts, strict=True)
        if contact.queue in only.queues or any(team_of(agent) in only.teams for agent in contact.people)
    ]
    states = dict.fromkeys(snapshot["by_state"], 0)
    for agent in here:
        states[agent["state"]] += 1
    queues = [queue for queue in snapshot["queues"] if queue["id"] in only.queues]
    return {**snapshot, "queues": queues, "agents": here, "by_state": states, "contacts": in_sight}


def _ensure_known(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    if missing := sorted(set(named) - there):
        told = f"names {what} that there are not" + (", or that nobody is in" if what == "teams" else "")
        faults = [fault(f"only.{what}", f"{told}: {', '.join(missing)}", f"of {', '.join(sorted(there)) or 'none'}")]
        raise Invalid(f"This hello {told}: {', '.join(missing)}.", faults=faults)
