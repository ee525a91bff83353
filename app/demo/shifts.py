"""Who was on duty in the demo bank's past, and what they did: shifts, breaks, and for each call somebody who was free.
Pure: the same day gives the same shifts."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple
from uuid import UUID

from app.demo.bank import AGENTS, StaffPlan

HOUR, MINUTE = 3600.0, 60.0
LANGUAGE_LEVEL = 2
"""From which level on somebody can talk to a customer in that language."""

SOON = 30.0
"""Who would wait longer for somebody with the skills is given to whoever speaks their language, as the steps do it."""

LONGEST_WAIT = 90.0
"""Nobody in the past has had the patience to wait longer."""

_LAST_CALLS = 2 * MINUTE
_EARLY = MINUTE
_GROUPS = 4
"""Agents work early, late, not at all, at night or in between, in turn: whoever leaves after midnight is free then."""

_MEALS = {"early": "lunch", "later": "lunch", "between": "lunch", "afternoon": "meal", "late": "meal", "night": "meal"}
_TIMES = {
    "early": (7.0, 13.0),
    "later": (8.5, 14.5),
    "between": (11.0, 17.0),
    "afternoon": (14.0, 21.0),
    "late": (17.0, 24.05),
    "night": (0.0, 7.25),
}
"""Hours of the bank's clock."""


class Change(NamedTuple):
    """An agent's state from `at` on, or with a `contact` and no state the offer of it, `idle` seconds after their last
    one, chosen from among `considered`; `waited` are the caller's seconds until then."""

    at: float
    agent: str
    state: str | None
    reason: str | None = None
    contact: UUID | None = None
    waited: float = 0.0
    idle: float = 0.0
    considered: int = 0
    queue: str = ""


class _Pause(NamedTuple):
    at: float
    seconds: float
    reason: str


class Duty:
    """One agent's shift (epoch seconds), as far as it has been played."""

    def __init__(self, agent: StaffPlan, begins: float, ends: float, pauses: Sequence[_Pause]) -> None:
        self.agent = agent
        self.begins, self.ends = begins, ends
        self.told: list[Change] = []
        self._pauses = sorted(pauses, reverse=True)
        self.free_at = begins
        self.idle_since = begins

    def log_on(self, seconds: float) -> None:
        """Come, and be ready after some seconds."""
        self._tell(self.begins, "not_ready", "logged_on")
        self._ready(self.begins + seconds)

    def catch_up(self, until: float) -> None:
        """Take the breaks that begin before `until`: each once the call before it has been wrapped up."""
        while self._pauses and max(self._pauses[-1].at, self.free_at) <= until:
            at, seconds, reason = self._pauses.pop()
            self._tell(max(at, self.free_at), "not_ready", reason)
            self._ready(max(at, self.free_at) + seconds)

    def serve(self, offer: Change, answered: float, ended: float, wrapped_up: float) -> None:
        """Take a call that was on offer from `offer.at` on."""
        self.told.append(offer)
        self._tell(offer.at, "reserved")
        self._tell(answered, "busy")
        self._tell(ended, "working_after_call")
        self.idle_since = ended
        self._ready(wrapped_up)

    def finish(self) -> None:
        """Play the rest of the shift."""
        self.catch_up(self.ends)
        self._tell(max(self.ends, self.free_at), "logged_off")

    def _ready(self, at: float) -> None:
        self._tell(at, "ready")
        self.free_at = at

    def _tell(self, at: float, state: str, reason: str | None = None) -> None:
        self.told.append(Change(at, self.agent.id, state, reason))


class Choice(NamedTuple):
    """Who takes a call, from when on, and from among how many."""

    duty: Duty
    at: float
    considered: int


class Roster:
    """Everybody's duty on the day that begins at `midnight` (epoch seconds), the `number`th of all days."""

    def __init__(self, midnight: float, number: int, dice: Random) -> None:
        self.duties = [_duty(agent, name, midnight, dice) for agent, name in _plan(number)]

    def choose(self, skilled: frozenset[str], language: str, at: float) -> Choice | None:
        """The one of the skilled who has been idle longest at `at`, or who is free soonest; where that takes long,
        anybody who speaks the language, or who is there at all. None if it takes too long for any caller."""
        here = [duty for duty in self.duties if duty.begins <= at + _EARLY and at < duty.ends - _LAST_CALLS]
        for duty in here:
            duty.catch_up(at)
        speakers = [duty for duty in here if duty.agent.skills.get(language, 0) >= LANGUAGE_LEVEL]
        for among in ([duty for duty in here if duty.agent.id in skilled], speakers, here):
            chosen = _soonest(among, at)
            if chosen is not None and chosen.at - at <= SOON:
                return chosen
        chosen = _soonest(speakers or here, at)
        return chosen if chosen is not None and chosen.at - at <= LONGEST_WAIT else None

    def told(self) -> Iterator[Change]:
        """What everybody did until they went, each agent's in order."""
        for duty in self.duties:
            duty.finish()
            yield from duty.told


def _soonest(among: Sequence[Duty], at: float) -> Choice | None:
    if not among:
        return None
    free = [duty for duty in among if duty.free_at <= at]
    if free:
        return Choice(min(free, key=lambda duty: duty.idle_since), at, len(free))
    first = min(among, key=lambda duty: duty.free_at)
    return Choice(first, first.free_at, 1)


def _plan(number: int) -> Iterator[tuple[StaffPlan, str]]:
    for place, agent in enumerate(AGENTS):
        row = place // _GROUPS
        match (place + number) % _GROUPS:
            case 0:
                yield agent, ("early", "later")[row % 2]
            case 1:
                yield agent, ("afternoon", "late")[row % 2]
            case 3:
                if (turn := (row + number // _GROUPS) % 3) < 2:
                    yield agent, ("night", "between")[turn]


def _duty(agent: StaffPlan, name: str, midnight: float, dice: Random) -> Duty:
    first, last = (midnight + hour * HOUR for hour in _TIMES[name])
    begins = first + dice.uniform(0, MINUTE / 2) if name == "night" else first - dice.uniform(0, 5 * MINUTE)
    ends = last + dice.uniform(0, 5 * MINUTE)
    duty = Duty(agent, begins, ends, list(_pauses(name, first, last - first, dice)))
    duty.log_on(dice.uniform(5, MINUTE / 2))
    return duty


def _pauses(name: str, first: float, length: float, dice: Random) -> Iterator[_Pause]:
    """A meal in the middle, two breaks around it, and often an hour or two of work without calls."""
    yield _Pause(first + length * dice.uniform(0.45, 0.58), dice.uniform(25, 40) * MINUTE, _MEALS[name])
    for share in (0.2, 0.75):
        yield _Pause(first + length * (share + dice.uniform(0, 0.08)), dice.uniform(8, 15) * MINUTE, "break")
    if name not in ("late", "night") and dice.random() < 0.6:
        reason = "training" if dice.random() < 0.15 else "back_office"
        yield _Pause(first + length * dice.choice((0.03, 0.32, 0.6)), dice.uniform(45, 90) * MINUTE, reason)
