"""The engine: who waits, who is ready, and which of them belong together. The floor and the simulation both run on it.

Pure memory. Whoever drives it tells every change (`put_contact`, `put_ready`, `put_duty`) and then asks for what was
touched: `contact_for` an agent who has become ready, `agent_for` a contact that has begun to wait or has loosened.
Before each change no ready agent stands beside a waiting contact that they may take, so nothing else can have become
possible. On a pair the driver takes both out (`put_contact(id, None)`, `put_ready(id, None)`) before it asks again.
"""

from math import isfinite
from typing import NamedTuple

import msgspec

from app.routing.engine.decision import PassedOver, Rival
from app.routing.engine.duty import Duty
from app.routing.engine.requirement import Kind, Requirement, Selection, names, satisfies
from app.routing.engine.selection import ReadyPool, Standing
from app.routing.engine.waiting import Place, WaitingLine

RIVALS_KEPT = 3
LOOKED_AT = 8
"""How many of the foremost are looked at for those who were passed over."""

FARTHEST = 1e9
"""How far behind a rival is told to be where the measures are infinitely far apart."""

CONTACT_FINDS_AGENT = "contact_finds_agent"
AGENT_FINDS_CONTACT = "agent_finds_contact"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How a contact waits now; `missed_by` are the agents to whom it is not offered again while others are on duty."""

    wanted: Requirement
    place: Place
    selection: Selection = Selection.LONGEST_IDLE
    missed_by: tuple[str, ...] = ()


class Pair(NamedTuple):
    """An agent and a contact that belong together, and why."""

    agent: str
    contact: str
    rule: str
    rank: int
    considered: int
    rivals: tuple[Rival, ...]
    passed_over: tuple[PassedOver, ...]


class Engine:
    """The indexes over the waiting and the ready, and the decisions on them."""

    def __init__(self, explains: bool = True) -> None:
        """Without `explains` no rivals and none who were passed over are looked for."""
        self.line = WaitingLine()
        self.ready = ReadyPool()
        self.duty = Duty()
        self._waiting: dict[str, Waiting] = {}
        self._explains = explains

    def put_contact(self, contact: str, waiting: Waiting | None) -> None:
        """The contact waits like this from now on, or (None) does not wait."""
        before = self._waiting.get(contact)
        if before is not None and (waiting is None or _spot(before) != _spot(waiting)):
            self.line.remove(*_spot(before))
            before = None
        if waiting is None:
            self._waiting.pop(contact, None)
            return
        if before is None:
            self.line.add(*_spot(waiting))
        self._waiting[contact] = waiting

    def put_ready(self, agent: str, standing: Standing | None) -> None:
        """The agent can take a contact, standing like this, or (None) cannot."""
        if agent in self.ready:
            self.ready.remove(agent)
        if standing is not None:
            self.ready.add(agent, standing)

    def put_duty(self, agent: str, kind: Kind | None) -> None:
        """The agent is on duty as this kind, ready or not, or (None) is not on duty."""
        self.duty.put(agent, kind)

    def waiting(self, contact: str) -> Waiting | None:
        """How a contact waits, if it does."""
        return self._waiting.get(contact)

    def contact_for(self, agent: str) -> Pair | None:
        """An agent frees while contacts wait: the first in waiting order that they may take."""
        if agent not in self.ready:
            return None
        kind = self.ready.standing(agent).kind
        heads = self.line.heads(agent, kind, lambda contact: self._offerable(agent, contact))
        if not heads:
            return None
        first = heads[0]
        if not self._explains:
            return Pair(agent, first.contact, AGENT_FINDS_CONTACT, 0, len(heads), (), ())
        rivals = tuple(_behind(first, each) for each in heads[1 : 1 + RIVALS_KEPT])
        passed = tuple(
            PassedOver(each, _why_not(agent, kind, self._waiting[each].wanted, self._waiting[each].missed_by))
            for each in self.line.before(first, RIVALS_KEPT)
        )
        rank = 1 + self.line.rank(first)
        return Pair(agent, first.contact, AGENT_FINDS_CONTACT, rank, len(heads), rivals, passed)

    def agent_for(self, contact: str) -> Pair | None:
        """A contact waits while agents are ready: the best of those who may take it, by its selection."""
        waiting = self._waiting.get(contact)
        if waiting is None or not self.ready:
            return None
        wanted, missed = waiting.wanted, waiting.missed_by
        ranked, count = self.ready.best(wanted, waiting.selection, missed, 1 + RIVALS_KEPT)
        if not ranked and missed and not self.duty.anyone(wanted, missed):
            missed = ()
            ranked, count = self.ready.best(wanted, waiting.selection, missed, 1 + RIVALS_KEPT)
        if not ranked:
            return None
        best = ranked[0]
        if not self._explains:
            return Pair(best.agent, contact, CONTACT_FINDS_AGENT, 0, count, (), ())
        rivals = tuple(Rival(each.agent, _gap(best.measure, each.measure)) for each in ranked[1:])
        return Pair(
            best.agent,
            contact,
            CONTACT_FINDS_AGENT,
            1 + self.line.rank(waiting.place),
            count,
            rivals,
            self._passed_agents(wanted, missed, best.idle_since),
        )

    def eligible(self, agent: str, kind: Kind, contact: str) -> bool:
        """Whether a waiting contact may go to this agent: the plain definition that the indexes speed up."""
        wanted = self._waiting[contact].wanted
        return names(wanted, agent) and satisfies(kind, wanted) and self._offerable(agent, contact)

    def _offerable(self, agent: str, contact: str) -> bool:
        """Not again to one who missed or declined it, unless nobody else on duty could take it."""
        waiting = self._waiting[contact]
        if agent not in waiting.missed_by:
            return True
        return not self.duty.anyone(waiting.wanted, waiting.missed_by)

    def _passed_agents(
        self, wanted: Requirement, missed_by: tuple[str, ...], idle_since: float
    ) -> tuple[PassedOver, ...]:
        passed: list[PassedOver] = []
        for agent in self.ready.longest_idle(LOOKED_AT):
            standing = self.ready.standing(agent)
            if standing.idle_since > idle_since or len(passed) >= RIVALS_KEPT:
                break
            why = _why_not(agent, standing.kind, wanted, missed_by)
            if why:
                passed.append(PassedOver(agent, why))
        return tuple(passed)


def _why_not(agent: str, kind: Kind, wanted: Requirement, missed_by: tuple[str, ...]) -> tuple[str, ...]:
    return (*lacking(agent, kind, wanted), *(("missed",) if agent in missed_by else ()))


def _spot(waiting: Waiting) -> tuple[Requirement, Place, tuple[str, ...]]:
    return waiting.wanted, waiting.place, waiting.missed_by


def lacking(agent: str, kind: Kind, wanted: Requirement) -> tuple[str, ...]:
    """What keeps an agent from a requirement: "skill:NAME:LEVEL" that is wanted, "one_of:NAME:LEVEL|...", "team",
    "phone", "agents", "excluded"."""
    levels = dict(kind.skills)
    why = [f"skill:{skill}:{level}" for skill, level in wanted.skills if levels.get(skill, 0) < level]
    why += [
        "one_of:" + "|".join(f"{skill}:{level}" for skill, level in group)
        for group in wanted.one_of
        if not any(levels.get(skill, 0) >= level for skill, level in group)
    ]
    if wanted.channel not in kind.channels:
        why.append(f"channel:{wanted.channel}")
    if wanted.source in kind.away:
        why.append("phone")
    if wanted.teams and kind.team not in wanted.teams:
        why.append("team")
    if wanted.agents and agent not in wanted.agents:
        why.append("agents")
    if agent in wanted.excluded:
        why.append("excluded")
    return tuple(why)


def _gap(best: float, measure: float) -> float:
    """How far behind, as a number that JSON can hold: who was never occupied is infinitely far before all others."""
    if measure == best:
        return 0.0
    gap = measure - best
    return round(gap, 3) if isfinite(gap) else FARTHEST


def _behind(first: Place, other: Place) -> Rival:
    return Rival(other.contact, round(other.virtual_arrival - first.virtual_arrival, 3))
