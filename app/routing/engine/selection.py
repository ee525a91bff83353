"""The ready agents, ranked for each requirement; which of them takes a contact that arrives while several could.

For each requirement and selection in use there is one ranked list, kept as agents become ready or are taken. A
decision is then a look at the head of a list; becoming ready costs by the number of requirements that one satisfies.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import msgspec
from sortedcontainers import SortedList

from app.routing.engine.matching import Matching
from app.routing.engine.requirement import Kind, Requirement, Selection, names, satisfies, score

MOST_LISTS = 5000
"""Of requirements in use there are few; where a flood of odd ones came, all lists are made anew as they are needed."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a ready agent stands. Instants are epoch seconds.

    `idle_since` is the end of their last contact, which a break does not reset; `served_at` when they were last offered
    one; `occupancy` is a number that orders agents by how occupied they were lately and does not change while they are
    idle (see `occupancy_key`).
    """

    kind: Kind
    idle_since: float
    served_at: float = 0.0
    occupancy: float = 0.0


class Ranked(NamedTuple):
    """An agent in a ranked list, lower first: the selection's own measure, then idleness, then the id."""

    measure: float
    second: float
    idle_since: float
    agent: str


class ReadyList(NamedTuple):
    """The ready agents for one requirement by one selection."""

    wanted: Requirement
    selection: Selection
    agents: SortedList


def rank(agent: str, standing: Standing, wanted: Requirement, selection: Selection) -> Ranked:
    """Where an agent stands among those who could take it.

    Least skilled that suffices keeps specialists free: the lowest levels in what is asked for, then in everything.
    """
    idle, kind = standing.idle_since, standing.kind
    match selection:
        case Selection.LONGEST_IDLE:
            return Ranked(idle, 0.0, idle, agent)
        case Selection.MOST_SKILLED:
            return Ranked(-score(kind, wanted), 0.0, idle, agent)
        case Selection.LEAST_SKILLED:
            return Ranked(score(kind, wanted), sum(level for _, level in kind.skills), idle, agent)
        case Selection.LEAST_OCCUPIED:
            return Ranked(standing.occupancy, 0.0, idle, agent)
        case Selection.ROUND_ROBIN:
            return Ranked(standing.served_at, 0.0, idle, agent)


_BY_REQUIREMENT = frozenset({Selection.MOST_SKILLED, Selection.LEAST_SKILLED})

_Alike = dict[str, Standing]
"""The ready agents of one kind."""

_Lists = dict[Selection, ReadyList]
"""Those of one requirement."""


class ReadyPool:
    """All ready agents of a floor.

    Who becomes ready is put into the lists only when somebody looks at them: most who free are taken at once while
    callers wait.
    """

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}
        self._begin_anew()

    def __len__(self) -> int:
        return len(self._standings)

    def __contains__(self, agent: str) -> bool:
        return agent in self._standings

    def add(self, agent: str, standing: Standing) -> None:
        """An agent becomes ready."""
        self._standings[agent] = standing
        self._new[agent] = None

    def remove(self, agent: str) -> None:
        """An agent is ready no more; they must have been."""
        standing = self._standings.pop(agent)
        if agent in self._new:
            del self._new[agent]
            return
        self._idle.remove((standing.idle_since, agent))
        same, asked = self._of(standing.kind)
        del same[agent]
        for agents, ranked in _places(agent, standing, asked):
            agents.remove(ranked)

    def standing(self, agent: str) -> Standing:
        """How a ready agent stands."""
        return self._standings[agent]

    def find(self, agent: str) -> Standing | None:
        """How an agent stands, if they are ready."""
        return self._standings.get(agent)

    def best(
        self, wanted: Requirement, selection: Selection, without: tuple[str, ...], most: int
    ) -> tuple[list[Ranked], int]:
        """The first `most` of those who may take it, leaving out some; and how many may, without those."""
        ranked = self._named(wanted, selection) if wanted.agents else self._list(wanted, selection).agents
        if not without:
            return list(islice(ranked, most)), len(ranked)
        out = frozenset(without)  # they stand in front where they are still ready, and may be a thousand
        if len(ranked) <= len(without):
            left = [each for each in ranked if each.agent not in out]
            return left[:most], len(left)
        allowed = (each for each in ranked if each.agent not in out)
        return list(islice(allowed, most)), len(ranked) - sum(self._may(agent, wanted) for agent in without)

    def longest_idle(self, most: int) -> Iterator[str]:
        """The agents who have been idle longest, whatever they can do."""
        self._settle()
        return (agent for _, agent in islice(self._idle, most))

    def everyone(self) -> Iterator[tuple[str, Standing]]:
        """Each ready agent, in no particular order."""
        return iter(self._standings.items())

    def _may(self, agent: str, wanted: Requirement) -> bool:
        standing = self._standings.get(agent)
        return standing is not None and names(wanted, agent) and satisfies(standing.kind, wanted)

    def _named(self, wanted: Requirement, selection: Selection) -> list[Ranked]:
        fits = {agent: self._standings[agent] for agent in wanted.agents if self._may(agent, wanted)}
        return sorted(rank(agent, each, wanted, selection) for agent, each in fits.items())

    def _begin_anew(self) -> None:
        """Forget all lists; they are made as they are looked at."""
        self._new = dict.fromkeys(self._standings)
        self._idle = SortedList()
        self._matching: Matching[_Alike, _Lists] = Matching()
        self._count = 0

    def _settle(self) -> None:
        """Put those who have become ready into the lists."""
        for agent in self._new:
            standing = self._standings[agent]
            self._idle.add((standing.idle_since, agent))
            same, asked = self._of(standing.kind)
            same[agent] = standing
            for agents, ranked in _places(agent, standing, asked):
                agents.add(ranked)
        self._new.clear()

    def _of(self, kind: Kind) -> tuple[_Alike, list[_Lists]]:
        return self._matching.of_kind(kind) or self._matching.add_kind(kind, {})

    def _list(self, wanted: Requirement, selection: Selection) -> ReadyList:
        known = self._matching.of_requirement(wanted)
        if known is None or selection not in known[0]:
            return self._made(wanted, selection)
        self._settle()
        return known[0][selection]

    def _made(self, wanted: Requirement, selection: Selection) -> ReadyList:
        if self._count >= MOST_LISTS:
            self._begin_anew()
        self._settle()
        self._count += 1
        lists, holders = self._matching.of_requirement(wanted) or self._matching.add_requirement(wanted, {})
        fits = ((agent, standing) for same in holders for agent, standing in same.items() if names(wanted, agent))
        ranked = SortedList(rank(agent, standing, wanted, selection) for agent, standing in fits)
        made = lists[selection] = ReadyList(wanted, selection, ranked)
        return made


def _places(agent: str, standing: Standing, asked: list[_Lists]) -> Iterator[tuple[SortedList, Ranked]]:
    """The lists that an agent belongs into, and where; most selections rank an agent alike in all of them."""
    alike: dict[Selection, Ranked] = {}
    for lists in asked:
        for selection, each in lists.items():
            if agent in each.wanted.excluded:
                continue
            ranked = alike.get(selection)
            if ranked is None:
                ranked = rank(agent, standing, each.wanted, selection)
                if selection not in _BY_REQUIREMENT:
                    alike[selection] = ranked
            yield each.agents, ranked
