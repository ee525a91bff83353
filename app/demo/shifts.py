"""Who was on duty in the demo bank's past, and what they did: shifts and breaks. Pure: the same day gives the same
shifts."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple
from uuid import UUID

from app.demo.bank import AGENTS, StaffPlan
from app.routing.engine.decision import Decision
from app.routing.engine.requirement import Kind, sorted_skills

HOUR, MINUTE = 3600.0, 60.0
DAY = 24 * HOUR

_GROUPS = 4
"""Agents work early, late, in between and at night, in turn, with a day off now and then."""

_DEALT = sorted(AGENTS, key=lambda agent: (-agent.skills.get("wealth", 0), -agent.skills.get("loans", 0)))
"""As they are dealt to the groups: the rarest skills are in all of them."""

_MEALS = {"early": "lunch", "later": "lunch", "between": "lunch", "afternoon": "meal", "late": "meal", "night": "meal"}
_TIMES = {
    "early": (7.0, 13.0),
    "later": (8.5, 14.5),
    "between": (10.0, 17.0),
    "afternoon": (14.0, 21.5),
    "late": (17.0, 23.93),
    "night": (0.0, 7.25),
}
"""Hours of the bank's clock."""


class Change(NamedTuple):
    """An agent's state from `at` on; or with a `contact` the offer of it and `why` it went to them, or without a `why`
    that the offer was taken back for a `reason`."""

    at: float
    agent: str
    state: str | None
    reason: str | None = None
    contact: UUID | None = None
    queue: str = ""
    why: Decision | None = None


class Pause(NamedTuple):
    """A break that is due `at`."""

    at: float
    seconds: float
    reason: str


class Duty:
    """One agent's shift (epoch seconds), as far as it has been played."""

    def __init__(self, agent: StaffPlan, begins: float, ready_at: float, ends: float, pauses: Sequence[Pause]) -> None:
        self.agent = agent
        self.kind = Kind(sorted_skills(agent.skills))
        self.begins, self.ready_at, self.ends = begins, ready_at, ends
        self.told: list[Change] = []
        self.pauses = sorted(pauses, reverse=True)
        self.idle_since = begins
        self.served_at = 0.0
        self._state = "logged_off"

    def tell(self, at: float, state: str, reason: str | None = None) -> None:
        """Be in a state from `at` on; who is ready already does not become so once more."""
        if state != "ready" or self._state != state:
            self.told.append(Change(at, self.agent.id, state, reason))
        self._state = state

    def due(self, at: float) -> Pause | None:
        """The break that is to be taken now, which is then no more to be taken."""
        return self.pauses.pop() if self.pauses and self.pauses[-1].at <= at else None


def duties(midnight: float, number: int, dice: Random) -> list[Duty]:
    """Everybody's shift on the day that begins at `midnight` (epoch seconds), the `number`th of all days.

    Nobody of them is ready before it or after the next one."""
    return [_duty(agent, name, midnight, dice) for agent, name in _plan(number)]


def _plan(number: int) -> Iterator[tuple[StaffPlan, str]]:
    for place, agent in enumerate(_DEALT):
        row = place // _GROUPS
        match (place + number) % _GROUPS:
            case 0:
                yield agent, ("early", "later")[row % 2]
            case 1:
                yield agent, ("afternoon", "late")[row % 2]
            case 2:
                if (row + number // _GROUPS) % 2:
                    yield agent, "between"
            case 3:
                if (turn := (row + number // _GROUPS) % 3) < 2:
                    yield agent, ("night", "between")[turn]


def _duty(agent: StaffPlan, name: str, midnight: float, dice: Random) -> Duty:
    first, last = (midnight + hour * HOUR for hour in _TIMES[name])
    begins = first + dice.uniform(0, MINUTE / 2) if name == "night" else first - dice.uniform(0, 5 * MINUTE)
    ends = min(last + dice.uniform(0, 5 * MINUTE), midnight + DAY)
    pauses = list(_pauses(name, first, last - first, dice))
    return Duty(agent, begins, begins + dice.uniform(5, MINUTE / 2), ends, pauses)


def _pauses(name: str, first: float, length: float, dice: Random) -> Iterator[Pause]:
    """A meal in the middle, two breaks around it, and often an hour or two of work without calls."""
    yield Pause(first + length * dice.uniform(0.45, 0.58), dice.uniform(25, 40) * MINUTE, _MEALS[name])
    for share in (0.2, 0.75):
        yield Pause(first + length * (share + dice.uniform(0, 0.08)), dice.uniform(8, 15) * MINUTE, "break")
    if name not in ("late", "night") and dice.random() < 0.6:
        reason = "training" if dice.random() < 0.15 else "back_office"
        yield Pause(first + length * dice.choice((0.03, 0.32, 0.6)), dice.uniform(45, 90) * MINUTE, reason)
