"""How long a contact will wait: predictions from what its queue has just seen. Seconds; pure.

`Flow` is what a queue remembers: who entered service last and had waited how long, how long an agent is busy with a
contact, how many seconds of agents on duty pass per contact taken while others wait (the pace), how soon those who
wait hang up. `estimate` is what is stored and announced; docs/estimated-wait.md has the measurements behind the choice.

Sources: Whitt, Predicting queueing delays, Management Science 45 (1999) 870-888; Ibrahim & Whitt, Real-time delay
estimation based on delay history, M&SOM 11 (2009) 397-415; Ibrahim & Whitt, Real-time delay estimation in overloaded
multiserver queues with abandonments, Management Science 55 (2009) 1729-1742.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from math import log1p
from typing import NamedTuple

import msgspec

from app.routing.engine.waiting import Place, WaitingLine

HANDLING_WEIGHT = 0.01
PACE_WEIGHT = 0.01
PATIENCE_WEIGHT = 0.005
"""How much what was seen last counts in each average, once there is enough to average: about the last 2 / weight."""

PRIOR = 10.0
"""How many contacts' worth the mean handling time is, as the first guess of the pace."""

STALE_SECONDS = 1800.0
"""A delay seen longer ago says nothing of the queue of now."""

EXACTLY = 32
"""So many terms of a sum are added one by one."""

COUNTED = 1024
"""Of those who stand before a place, so many are looked at."""


class Average(msgspec.Struct, frozen=True):
    """A mean of `count` values: the plain one at first, exponentially weighted when there are many."""

    value: float
    count: float = 1.0

    def after(self, value: float, weight: float) -> "Average":
        """The mean with one more value."""
        count = self.count + 1
        return Average(self.value + max(weight, 1 / count) * (value - self.value), count)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue has seen.

    `last_wait`: of the last one to enter service, at `last_at`, which left `left` others waiting. `handling`: talk,
    hold and wrap-up of a contact. `pace`: seconds of agents on duty per contact that entered service while others
    waited, which is the handling time where agents have nothing else to do, more where they also serve other queues,
    ring or are away, and less where they hold several contacts. `ringing`: the wait of those for whom an agent was
    ready. `waited` and `lost`: seconds waited, and how many hung up, per contact that left the line.
    """

    last_wait: float | None = None
    last_at: float = 0.0
    left: int = 0
    handling: Average | None = None
    pace: Average | None = None
    ringing: Average | None = None
    waited: Average | None = None
    lost: Average | None = None

    @property
    def hang_up_rate(self) -> float:
        """Of one who waits, a second: hang-ups over seconds waited, the maximum-likelihood estimate for exponential
        patience where the answered are censored; 0 where nobody has hung up."""
        return self.lost.value / self.waited.value if self.lost and self.waited and self.waited.value > 0 else 0.0


class Entry(NamedTuple):
    """A contact connected at `at` after so many seconds; `lined` if no agent was ready when it came; `agents` on duty
    may take it at its loosest step, `left` others wait on."""

    waited: float
    at: float
    lined: bool
    agents: int
    left: int


def entered_service(flow: Flow | None, entry: Entry) -> Flow:
    """The flow after a contact was connected."""
    flow = _left(flow or Flow(), entry.waited, 0.0)
    pace, ringing = flow.pace, flow.ringing
    if not entry.lined:
        ringing = _with(ringing, entry.waited, HANDLING_WEIGHT)
    elif flow.left and entry.agents:
        # somebody waited at the last entry and none was ready since, or this one would not have had to wait
        if pace is None and flow.handling is not None:
            pace = Average(flow.handling.value, PRIOR)
        pace = _with(pace, max(0.0, entry.at - flow.last_at) * entry.agents, PACE_WEIGHT)
    return msgspec.structs.replace(
        flow, last_wait=entry.waited, last_at=entry.at, left=entry.left, pace=pace, ringing=ringing
    )


def hung_up(flow: Flow | None, waited: float) -> Flow:
    """The flow after a contact gave up."""
    return _left(flow or Flow(), waited, 1.0)


def handled(flow: Flow | None, seconds: float) -> Flow:
    """The flow after an agent was busy for so long with one contact."""
    flow = flow or Flow()
    return msgspec.structs.replace(flow, handling=_with(flow.handling, seconds, HANDLING_WEIGHT))


def _left(flow: Flow, waited: float, lost: float) -> Flow:
    return msgspec.structs.replace(
        flow,
        waited=_with(flow.waited, waited, PATIENCE_WEIGHT),
        lost=_with(flow.lost, lost, PATIENCE_WEIGHT),
    )


def _with(average: Average | None, value: float, weight: float) -> Average:
    return Average(value) if average is None else average.after(value, weight)


def ahead_of(line: WaitingLine, place: Place, own: Collection[str]) -> int:
    """How many of the contacts `own` (those who wait in the same queue) stand before a place.

    Exact for the foremost `COUNTED`; as many of the rest as can be.
    """
    found = sum(contact in own for contact in line.before(place, COUNTED))
    return found + min(len(own) - found, max(0, line.rank(place) - COUNTED))


def queue_length(ahead: int, agents: int, handling: float, hang_up_rate: float = 0.0) -> float:
    """The mean wait in M/M/n+M of one who finds `ahead` in line and stays: sum of 1 / (n mu + j theta), j = 0..ahead.

    Whitt (1999), section 3; QL_m in Ibrahim & Whitt. Without hang-ups (ahead + 1) * handling / agents, exact in M/M/n.
    """
    return _steps(agents / handling, ahead, hang_up_rate) if handling > 0 else 0.0


def answered_wait(ahead: int, agents: int, handling: float, hang_up_rate: float = 0.0) -> float:
    """The same of one who is answered: the sum for j = 1..ahead + 1.

    Who would hang up at the rate theta themselves stays in each step for a time of rate n mu + (j + 1) theta, however
    that step ends; so those who are answered at all have waited a little less than one who would stay for ever.
    """
    return _steps(agents / handling + hang_up_rate, ahead, hang_up_rate) if handling > 0 else 0.0


def _steps(rate: float, ahead: int, slope: float) -> float:
    """The sum of 1 / (rate + j slope) for j = 0..ahead; long ones by Euler and Maclaurin, to nine digits."""
    if slope * ahead <= rate * 1e-12:
        return (ahead + 1) / rate
    first = min(ahead, EXACTLY)
    told = sum(1 / (rate + j * slope) for j in range(first + 1))
    if ahead > first:
        low, high = slope / (rate + first * slope), slope / (rate + ahead * slope)
        told += (log1p((ahead - first) * low) + (high - low) / 2 + (low * low - high * high) / 12) / slope
    return told


def last_to_enter_service(flow: Flow, now: float) -> float | None:
    """The wait of whoever was connected last (LES); None where nobody was, of late."""
    if flow.last_wait is None or now - flow.last_at > STALE_SECONDS:
        return None
    return flow.last_wait


class Reach(NamedTuple):
    """From so many seconds on, so many agents on duty may take the contact."""

    seconds: float
    agents: int


def estimate(flow: Flow | None, ahead: int, reach: Iterable[Reach], now: float) -> float | None:
    """How long a contact will wait that finds no ready agent, with `ahead` of its queue before it.

    `reach` are its present step and those to come; whoever a later step lets in cannot come before it begins. None
    where nothing is known, or where no step has anybody on duty.
    """
    if flow is None:
        return None
    steps = [step for step in reach if step.agents > 0]
    pace = flow.pace or flow.handling
    if pace is None:
        return last_to_enter_service(flow, now) if steps else None
    ringing = flow.ringing.value if flow.ringing else 0.0
    waits = (max(at, answered_wait(ahead, agents, pace.value, flow.hang_up_rate)) for at, agents in steps)
    wait = min(waits, default=None)
    return None if wait is None else wait + ringing


class Because(StrEnum):
    """Why an announcement says what it says: it is the prediction; it is what was said less the time since, while the
    prediction is longer; it is longer than what was said, for higher tiers have arrived; nothing is known."""

    PREDICTED = "predicted"
    COUNTED_DOWN = "counted_down"
    OVERTAKEN = "overtaken"
    UNKNOWN = "unknown"


class Announcement(NamedTuple):
    """What to tell a caller: the seconds that they will still wait, and why this is said."""

    seconds: float | None
    because: Because


def announce(
    previous: float | None, previous_at: float, now: float, predicted: float | None, overtaken: int
) -> Announcement:
    """What a caller is told who was told `previous` at `previous_at` (None: nothing yet) and now has `predicted`.

    It never counts up against the clock unless contacts of higher tiers, `overtaken` of them, really arrived since then
    and stand before the caller.
    """
    if previous is None:
        return Announcement(predicted, Because.UNKNOWN if predicted is None else Because.PREDICTED)
    remaining = max(0.0, previous - max(0.0, now - previous_at))
    if predicted is None:
        return Announcement(remaining, Because.COUNTED_DOWN)
    if predicted <= remaining:
        return Announcement(predicted, Because.PREDICTED)
    if overtaken > 0:
        return Announcement(predicted, Because.OVERTAKEN)
    return Announcement(remaining, Because.COUNTED_DOWN)
