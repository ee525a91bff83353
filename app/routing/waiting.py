"""The waiting, in order of virtual arrival, grouped by what they require.

An agent who frees looks only at the groups that their skills satisfy, and in each only at its head, so the cost grows
with the number of matching kinds of requirement and not with the number of callers.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sortedcontainers import SortedList

from app.routing.requirement import Requirement, Skills, satisfies


class Place(NamedTuple):
    """A contact's place: earlier virtual arrival first, ties by contact id (ids sort by the time of their making)."""

    virtual_arrival: float
    contact: str


def virtual_arrival(queued_at: float, *bonuses: float) -> float:
    """When the contact would have had to arrive to be where it is: one second of bonus is one second of waiting."""
    return queued_at - sum(bonuses)


class WaitingLine:
    """All waiting contacts of a floor."""

    def __init__(self) -> None:
        self._groups: dict[Requirement, SortedList] = {}
        self._matching: dict[Skills, list[SortedList]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, wanted: Requirement, place: Place) -> None:
        """Put a contact at its place."""
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = SortedList()
            for skills, groups in self._matching.items():
                if satisfies(skills, wanted):
                    groups.append(group)
        group.add(place)
        self._size += 1

    def remove(self, wanted: Requirement, place: Place) -> None:
        """Take a contact out; it must be at that place."""
        self._groups[wanted].remove(place)
        self._size -= 1

    def heads(self, skills: Skills, may_take: Callable[[str], bool]) -> list[Place]:
        """For each kind of requirement that these skills satisfy, the first contact that `may_take` allows; sorted.

        The first of them is the one to take; the rest are those it was preferred to.
        """
        return sorted(
            place
            for group in self._groups_for(skills)
            if (place := next((p for p in group if may_take(p.contact)), None)) is not None
        )

    def everyone(self) -> Iterator[tuple[Requirement, Place]]:
        """Each waiting contact with what it requires, in no particular order."""
        for wanted, group in self._groups.items():
            for place in group:
                yield wanted, place

    def _groups_for(self, skills: Skills) -> list[SortedList]:
        groups = self._matching.get(skills)
        if groups is None:
            groups = [group for wanted, group in self._groups.items() if satisfies(skills, wanted)]
            self._matching[skills] = groups
        return groups
