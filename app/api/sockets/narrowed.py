"""Supervisors who watch a part of the floor: some queues, some teams. Of thousands of agents a team's leader is told of
their own; and what is told costs by those whom it concerns, however many watch.

A contact is in sight while it is in one of the queues or with somebody of the teams (on the call, on offer, consulted,
invited), an agent while they are in one of the teams. The frame that tells where it went is the last one of it.

Who is in which team is known from what was told: the floor's memory is ahead of that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import structlog

from app.api.sockets.asked import Only
from app.core.errors import Invalid
from app.core.wire import fault
from app.realtime.hub import Hub, Subscription

log = structlog.get_logger(__name__)

TOPIC = "floor, in part"
NOBODY: frozenset["Watch"] = frozenset()


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
    team: str | None = None


class _Frame(msgspec.Struct):
    contact: Seen | None = None
    contact_id: str | None = None
    agent: _Agent | None = None


class _Thing(NamedTuple):
    """What is in sight of somebody: an agent, or a contact."""

    kind: str
    id: str


_Teams = dict[str, str | None]
"""The team of each agent."""

_read = msgspec.json.Decoder(_Frame).decode


class Watch:
    """One supervisor's socket. Until it is `opened` by its snapshot, what happens is kept back."""

    def __init__(self, only: Only, subscription: Subscription) -> None:
        self.only = only
        self.subscription = subscription
        self.in_sight: set[_Thing] = set()
        self.kept_back: list[tuple[int, _Frame | None, bytes]] | None = []


class Narrowed:
    """Those who watch a part of the floor, by what they watch."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._opening: set[Watch] = set()
        self._open: set[Watch] = set()
        self._queues: dict[str, set[Watch]] = defaultdict(set)
        self._teams: dict[str, set[Watch]] = defaultdict(set)
        self._sight: dict[_Thing, set[Watch]] = defaultdict(set)
        self._team_of: _Teams = {}

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
        part = _part(snapshot, watch.only)
        then = {agent["id"]: agent["team"] for agent in snapshot["agents"]}
        self._team_of = then | self._team_of  # what was told since is newer
        self._opening.discard(watch)
        self._open.add(watch)
        for table, names in ((self._queues, watch.only.queues), (self._teams, watch.only.teams)):
            for name in names:
                table[name].add(watch)
        for agent in part["agents"]:
            self._see(watch, _Thing("agent", agent["id"]))
        for contact in part["contacts"]:
            if contact["ended_at"] is None:
                self._see(watch, _Thing("contact", contact["id"]))
        kept, watch.kept_back = watch.kept_back or [], None
        for seq, frame, raw in kept:
            if seq > snapshot["seq"]:
                self._hand_out(seq, frame, raw, {watch}, then)
        return part

    def publish(self, seq: int, raw: bytes) -> None:
        """Hand a frame of the floor to those whom it concerns; one that says so in no known way, to all."""
        frame = _understood(raw)
        for watch in self._opening:
            assert watch.kept_back is not None
            watch.kept_back.append((seq, frame, raw))
        self._hand_out(seq, frame, raw, self._open, self._team_of)

    def _hand_out(self, seq: int, frame: _Frame | None, raw: bytes, among: set[Watch], team_of: _Teams) -> None:
        """To those `among` the open watches whom it concerns, as the teams were then; they follow."""
        if frame is None:
            for watch in among:
                watch.subscription.put(raw, seq)
            return
        if frame.agent is not None:
            team_of[frame.agent.id] = frame.agent.team
        thing, whose = self._whose(frame, team_of)
        saw = self._sight.get(thing, NOBODY) if thing is not None else NOBODY
        over = frame.contact is not None and frame.contact.ended_at is not None
        for watch in (whose | saw).intersection(among):
            if thing is not None and watch in whose and not over:
                self._see(watch, thing)
            elif thing is not None:
                self._lose(watch, thing)
            watch.subscription.put(raw, seq)

    def _whose(self, frame: _Frame, team_of: _Teams) -> tuple[_Thing | None, set[Watch]]:
        """What a frame is about, and by whom it is watched from then on. One that only names a contact moves none."""
        if frame.agent is not None:
            return _Thing("agent", frame.agent.id), set(_of(self._teams, frame.agent.team))
        if frame.contact is not None:
            teams = {team_of.get(agent) for agent in frame.contact.people}
            by_team = (_of(self._teams, team) for team in teams)
            return _Thing("contact", frame.contact.id), set(_of(self._queues, frame.contact.queue)).union(*by_team)
        if frame.contact_id is not None:
            thing = _Thing("contact", frame.contact_id)
            return thing, set(self._sight.get(thing, NOBODY))
        return None, set()

    def _see(self, watch: Watch, thing: _Thing) -> None:
        watch.in_sight.add(thing)
        self._sight[thing].add(watch)

    def _lose(self, watch: Watch, thing: _Thing) -> None:
        watch.in_sight.discard(thing)
        _remove(self._sight, thing, watch)

    def _forget(self, watch: Watch) -> None:
        self._opening.discard(watch)
        self._open.discard(watch)
        for thing in tuple(watch.in_sight):
            self._lose(watch, thing)
        for table, names in ((self._queues, watch.only.queues), (self._teams, watch.only.teams)):
            for name in names:
                _remove(table, name, watch)
        if not self._open and not self._opening:
            self._team_of.clear()  # nobody is left to whom changes are published


def _understood(raw: bytes) -> _Frame | None:
    try:
        return _read(raw)
    except msgspec.DecodeError:
        log.exception("a frame of the floor does not say whom it concerns")
        return None


def _of(table: Mapping[str, set[Watch]], key: str | None) -> Iterable[Watch]:
    return table.get(key, NOBODY) if key is not None else NOBODY


def _remove(table: dict[Any, set[Watch]], key: str | _Thing, watch: Watch) -> None:
    if key in table:
        table[key].discard(watch)
        if not table[key]:
            del table[key]


def _part(snapshot: Mapping[str, Any], only: Only) -> dict[str, Any]:
    """Queues, teams and their agents as named, and the contacts that are in sight."""
    team_of = {agent["id"]: agent["team"] for agent in snapshot["agents"]}
    _ensure_known("queues", only.queues, {queue["id"] for queue in snapshot["queues"]})
    _ensure_known("teams", only.teams, {team["id"] for team in snapshot["teams"]})
    here = [agent for agent in snapshot["agents"] if agent["team"] in only.teams]
    contacts = msgspec.convert(snapshot["contacts"], list[Seen], from_attributes=True)
    in_sight = [
        view
        for view, contact in zip(snapshot["contacts"], contacts, strict=True)
        if contact.queue in only.queues or any(team_of.get(agent) in only.teams for agent in contact.people)
    ]
    states = dict.fromkeys(snapshot["by_state"], 0)
    for agent in here:
        states[agent["state"]] += 1
    queues = [queue for queue in snapshot["queues"] if queue["id"] in only.queues]
    teams = [team for team in snapshot["teams"] if team["id"] in only.teams]
    named = {"queues": queues, "teams": teams, "agents": here}
    return {**snapshot, **named, "by_state": states, "contacts": in_sight}


def _ensure_known(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    if missing := sorted(set(named) - there):
        told = f"names {what} that there are not"
        faults = [fault(f"only.{what}", f"{told}: {', '.join(missing)}", ", ".join(sorted(there)) or f"no {what}")]
        raise Invalid(f"This hello {told}: {', '.join(missing)}.", faults=faults)
