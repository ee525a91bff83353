"""Which kinds of agent hold which requirements: found once for each pair that could match at all, and kept both ways.

Only what shares a skill is compared, so that a new kind or a new requirement costs by what is like it.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from app.routing.engine.requirement import Kind, Requirement, satisfies

Held = TypeVar("Held")
Asked = TypeVar("Asked")


class Matching(Generic[Held, Asked]):
    """For each kind a value of the owner's, for each requirement another one, and who matches whom."""

    def __init__(self) -> None:
        self._held: dict[Kind, tuple[Held, list[Asked]]] = {}
        self._asked: dict[Requirement, tuple[Asked, list[Held]]] = {}
        self._kinds: dict[str, list[Kind]] = {}
        self._requirements: dict[str, list[Requirement]] = {}

    def of_kind(self, kind: Kind) -> tuple[Held, list[Asked]] | None:
        """A kind's value and those of the requirements that it holds, if the kind is known."""
        return self._held.get(kind)

    def of_requirement(self, wanted: Requirement) -> tuple[Asked, list[Held]] | None:
        """A requirement's value and those of the kinds that hold it, if the requirement is known."""
        return self._asked.get(wanted)

    def requirements(self) -> Iterator[Asked]:
        """The values of all requirements."""
        return (asked for asked, _ in self._asked.values())

    def add_kind(self, kind: Kind, value: Held) -> tuple[Held, list[Asked]]:
        """A kind that is not known yet."""
        matched = []
        keys = _shelves(kind)
        for wanted in _once(self._requirements.get(key, ()) for key in keys):
            if satisfies(kind, wanted):
                asked, holders = self._asked[wanted]
                matched.append(asked)
                holders.append(value)
        for key in keys:
            self._kinds.setdefault(key, []).append(kind)
        made = self._held[kind] = value, matched
        return made

    def add_requirement(self, wanted: Requirement, value: Asked) -> tuple[Asked, list[Held]]:
        """A requirement that is not known yet; names are not looked at."""
        matched = []
        keys = _needed(wanted)
        for kind in _once(self._kinds.get(key, ()) for key in keys):
            if satisfies(kind, wanted):
                held, requirements = self._held[kind]
                matched.append(held)
                requirements.append(value)
        for key in keys:
            self._requirements.setdefault(key, []).append(wanted)
        made = self._asked[wanted] = value, matched
        return made


ANYBODY = ""
"""The shelf of those requirements that ask for no skill, on which every kind looks, too."""


def _shelves(kind: Kind) -> list[str]:
    return [ANYBODY, *(skill for skill, _ in kind.skills)]


def _needed(wanted: Requirement) -> list[str]:
    """Skills of which whoever holds the requirement holds at least one."""
    if wanted.skills:
        return [wanted.skills[0][0]]
    if wanted.one_of:
        return list(dict.fromkeys(skill for skill, _ in wanted.one_of[0]))
    return [ANYBODY]


_T = TypeVar("_T")


def _once(lists: Iterable[Iterable[_T]]) -> Iterable[_T]:
    return dict.fromkeys(each for some in lists for each in some)
