"""The waiting, in order, grouped by what they require.

An agent who frees looks only at the groups that their kind satisfies or that name them, and in each only at its head,
so the cost grows with the number of matching kinds of requirement and not with the number of callers.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from sortedcontainers import SortedList

from app.routing.engine.matching import Matching
from app.routing.engine.requirement import Kind, Requirement, names, satisfies


class Place(NamedTuple):
    """A contact's place, lower first. `precedence` is 0, or minus the tier's rank in a queue with strict tiers; then
    earlier virtual arrival first, ties by contact id (ids sort by the time of their making)."""

    precedence: int
    virtual_arrival: float
    contact: str


class Group(NamedTuple):
    """The contacts that require the same: those that nobody has missed, in order; the others in order, and once more by
    who missed them, since those of one such set may go to the same agents."""

    wanted: Requirement
    places: SortedList
    missed: SortedList
    by_missed: dict[tuple[str, ...], SortedList]

    def __bool__(self) -> bool:
        return bool(self.places or self.missed)

    def add(self, place: Place, missed_by: tuple[str, ...]) -> None:
        """Put a contact at its place."""
        if not missed_by:
            self.places.add(place)
            return
        self.missed.add((place, missed_by))
        alike = self.by_missed.get(missed_by)
        if alike is None:
            alike = self.by_missed[missed_by] = SortedList()
        alike.add(place)

    def remove(self, place: Place, missed_by: tuple[str, ...]) -> None:
        """Take a contact out."""
        if not missed_by:
            self.places.remove(place)
            return
        self.missed.remove((place, missed_by))
        alike = self.by_missed[missed_by]
        alike.remove(place)
        if not alike:
            del self.by_missed[missed_by]

    def head(self, agent: str, may_take: Callable[[str], bool]) -> Place | None:
        """The first that may go to the agent; `may_take` is asked only of contacts that this agent has missed."""
        first: Place | None = self.places[0] if self.places else None
        if not self.missed:
            return first
        place, missed_by = self.missed[0]
        if first is not None and first < place:
            return first
        if agent not in missed_by:
            foremost: Place = place
            return foremost
        for others, alike in self.by_missed.items():
            place = alike[0]
            if (first is None or place < first) and (agent not in others or may_take(place.contact)):
                first = place
        return first


def virtual_arrival(queued_at: float, *bonuses: float) -> float:
    """When the contact would have had to arrive to be where it is: one second of bonus is one second of waiting."""
    return queued_at - sum(bonuses)


class WaitingLine:
    """All waiting contacts of a floor.

    Who begins to wait is put into the groups only when somebody looks at them: most are taken at once while agents are
    ready.
    """

    def __init__(self) -> None:
        self._new: dict[Place, tuple[Requirement, tuple[str, ...]]] = {}
        self._all = SortedList()
        self._naming: dict[str, dict[Requirement, Group]] = {}
        self._matching: Matching[None, Group] = Matching()

    def __len__(self) -> int:
        return len(self._all) + len(self._new)

    def add(self, wanted: Requirement, place: Place, missed_by: tuple[str, ...] = ()) -> None:
        """Put a contact at its place."""
        self._new[place] = wanted, missed_by

    def remove(self, wanted: Requirement, place: Place, missed_by: tuple[str, ...] = ()) -> None:
        """Take a contact out; it must be there as it was added."""
        if place in self._new:
            del self._new[place]
            return
        self._all.remove(place)
        group = self._group(wanted)
        group.remove(place, missed_by)
        if wanted.agents and not group:
            self._close(group)  # there are as many of these as agents, where other requirements are a queue's

    def heads(self, agent: str, kind: Kind, may_take: Callable[[str], bool]) -> list[Place]:
        """The first contact that the agent may take of each group that they satisfy, in order.

        The first of all is the one to take; the rest are those it was preferred to. `may_take` is asked of contacts
        that the agent has missed.
        """
        self._settle()
        groups = [group for group in self._groups_for(kind) if agent not in group.wanted.excluded]
        for wanted, group in self._naming.get(agent, {}).items():
            if names(wanted, agent) and satisfies(kind, wanted):
                groups.append(group)
        heads = (group.head(agent, may_take) for group in groups)
        return sorted(place for place in heads if place is not None)

    def before(self, place: Place, most: int) -> Iterator[str]:
        """The contacts that stand before a place, foremost first, at most so many."""
        self._settle()
        return (each.contact for each in islice(self._all, min(most, self._all.bisect_left(place))))

    def rank(self, place: Place) -> int:
        """How many stand before this place, whatever they require."""
        if len(self._new) > 1 or place not in self._new:
            self._settle()
        rank: int = self._all.bisect_left(place)
        return rank

    def everyone(self) -> Iterator[tuple[Requirement, Place]]:
        """Each waiting contact with what it requires, in no particular order."""
        self._settle()
        named = {wanted: group for groups in self._naming.values() for wanted, group in groups.items()}
        for group in chain(self._matching.requirements(), named.values()):
            for place in chain(group.places, (place for place, _ in group.missed)):
                yield group.wanted, place

    def _settle(self) -> None:
        """Put those who have begun to wait into the groups."""
        for place, (wanted, missed_by) in self._new.items():
            self._all.add(place)
            self._group(wanted).add(place, missed_by)
        self._new.clear()

    def _group(self, wanted: Requirement) -> Group:
        """The group of a requirement, a new one if there is none."""
        if not wanted.agents:
            return (self._matching.of_requirement(wanted) or self._matching.add_requirement(wanted, _group_of(wanted)))[
                0
            ]
        group = self._naming.get(wanted.agents[0], {}).get(wanted)
        if group is None:
            group = _group_of(wanted)
            for agent in wanted.agents:
                self._naming.setdefault(agent, {})[wanted] = group
        return group

    def _close(self, group: Group) -> None:
        for agent in dict.fromkeys(group.wanted.agents):
            groups = self._naming[agent]
            del groups[group.wanted]
            if not groups:
                del self._naming[agent]

    def _groups_for(self, kind: Kind) -> list[Group]:
        return (self._matching.of_kind(kind) or self._matching.add_kind(kind, None))[1]


def _group_of(wanted: Requirement) -> Group:
    return Group(wanted, SortedList(), SortedList(), {})
