"""The ready agents, grouped by skills; which of them takes a contact that arrives while several could.

Longest idle: the time since the agent's last contact ended, which a break does not reset. Ties break by agent id.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sortedcontainers import SortedList

from app.routing.requirement import Requirement, Skills, satisfies


class Idle(NamedTuple):
    """A ready agent, and since when they have been idle (epoch seconds)."""

    since: float
    agent: str


class AgentPool:
    """Agents of one kind of availability, grouped by skills, each group in order of idleness."""

    def __init__(self) -> None:
        self._groups: dict[Skills, SortedList] = {}
        self._matching: dict[Requirement, list[SortedList]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, skills: Skills, idle: Idle) -> None:
        """An agent joins."""
        group = self._groups.get(skills)
        if group is None:
            group = self._groups[skills] = SortedList()
            for wanted, groups in self._matching.items():
                if satisfies(skills, wanted):
                    groups.append(group)
        group.add(idle)
        self._size += 1

    def remove(self, skills: Skills, idle: Idle) -> None:
        """An agent leaves; they must be there."""
        self._groups[skills].remove(idle)
        self._size -= 1

    def longest_idle(self, wanted: Requirement, excluded: tuple[str, ...] = ()) -> list[Idle]:
        """For each set of skills that satisfies `wanted`, the longest idle agent not excluded; longest idle first."""
        return sorted(
            idle
            for group in self._groups_for(wanted)
            if (idle := next((i for i in group if i.agent not in excluded), None)) is not None
        )

    def count(self, wanted: Requirement) -> int:
        """How many agents here hold what is wanted."""
        return sum(len(group) for group in self._groups_for(wanted))

    def anyone(self, wanted: Requirement, excluded: tuple[str, ...]) -> bool:
        """Whether there is an agent here, not excluded, who holds what is wanted."""
        return any(idle.agent not in excluded for group in self._groups_for(wanted) for idle in group)

    def everyone(self) -> Iterator[tuple[Skills, Idle]]:
        """Each agent with their skills, in no particular order."""
        for skills, group in self._groups.items():
            for idle in group:
                yield skills, idle

    def _groups_for(self, wanted: Requirement) -> list[SortedList]:
        groups = self._matching.get(wanted)
        if groups is None:
            groups = [group for skills, group in self._groups.items() if satisfies(skills, wanted)]
            self._matching[wanted] = groups
        return groups
