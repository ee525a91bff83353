"""How well each way to predict a wait does: asked of every contact that has to wait, held against the wait it had.

What a prediction may use is what the floor knows of a queue at that time, measured in the run itself: no mean, rate or
patience of the scenario. Classes that ask for the same at first are one queue, whatever their tiers.
"""

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import msgspec

from app.routing.engine.engine import Pair
from app.routing.estimate import (
    Average,
    Entry,
    Flow,
    Reach,
    ahead_of,
    entered_service,
    estimate,
    handled,
    hung_up,
    last_to_enter_service,
    queue_length,
)
from app.simulation.ledger import Ledger, Outcome
from app.simulation.loop import Contact, ContactClass, Draw, Simulation
from app.simulation.scenario import Scenario
from app.simulation.staff import Agent
from app.simulation.streams import contacts_of, planned

ARRIVALS_WEIGHT = 0.02

Told = dict[str, "array[float]"]
"""What each estimator said of each contact, NaN where it said nothing."""


class Seen(NamedTuple):
    """What can be known when a contact begins to wait; `head` is how long the first in line has waited, 0 if none,
    `between` the mean time from one arrival to the next."""

    flow: Flow
    ahead: int
    agents: int
    later: list[Reach]
    head: float
    between: float | None
    now: float


def last_served(seen: Seen) -> float | None:
    """LES: what the last one to be connected has waited."""
    return last_to_enter_service(seen.flow, seen.now)


def head_of_line(seen: Seen) -> float | None:
    """HOL: what the first in line has waited so far (Ibrahim & Whitt, M&SOM 11 (2009) 397-415)."""
    return seen.head


def by_length(seen: Seen) -> float | None:
    """QL: the number ahead, by agents on duty and mean handling time."""
    if seen.flow.handling is None or not seen.agents:
        return None
    return queue_length(seen.ahead, seen.agents, seen.flow.handling.value)


def refined(seen: Seen) -> float | None:
    """QL_r: QL times what the fluid limit of the overloaded queue says, ln rho / (rho - 1) for exponential patience
    (Ibrahim & Whitt, Management Science 55 (2009) 1729-1742)."""
    plain = by_length(seen)
    if plain is None or seen.between is None or seen.flow.handling is None:
        return None
    load = seen.flow.handling.value / seen.between / seen.agents
    return plain * math.log(load) / (load - 1) if load > 1.001 else plain


def with_hang_ups(seen: Seen) -> float | None:
    """QL_m: the number ahead, some of whom will hang up at the measured rate."""
    if seen.flow.handling is None or not seen.agents:
        return None
    return queue_length(seen.ahead, seen.agents, seen.flow.handling.value, seen.flow.hang_up_rate)


def by_pace(seen: Seen) -> float | None:
    """QL with the measured pace instead of the handling time."""
    pace = seen.flow.pace or seen.flow.handling
    return queue_length(seen.ahead, seen.agents, pace.value) if pace and seen.agents else None


def chosen(seen: Seen) -> float | None:
    """What the floor says: pace, hang-ups and ringing."""
    return estimate(seen.flow, seen.ahead, [Reach(0.0, seen.agents), *seen.later], seen.now)


ESTIMATORS: dict[str, Callable[[Seen], float | None]] = {
    "LES": last_served,
    "HOL": head_of_line,
    "QL": by_length,
    "QL_r": refined,
    "QL_m": with_hang_ups,
    "QL_pace": by_pace,
    "estimate": chosen,
}


class Accuracy(msgspec.Struct, frozen=True):
    """How one estimator did, in seconds: mean of predicted less real wait, of its size, and root of that of its square.

    Each divided by `mean_wait_seconds` is the relative error.
    """

    estimator: str
    bias_seconds: float
    mean_absolute_error_seconds: float
    root_mean_square_error_seconds: float


class ClassAccuracy(msgspec.Struct, frozen=True):
    """Of the contacts of a class that had to wait and were answered, those for whom every estimator said something."""

    name: str
    contacts: int
    mean_wait_seconds: float
    estimators: list[Accuracy]


class Predicting(Simulation):
    """A run that asks every estimator about every contact that has to wait. `told` is NaN where one said nothing."""

    def __init__(self, scenario: Scenario, draws: Sequence[Iterator[Draw]], contacts: int) -> None:
        self.told = {name: array("d", [math.nan]) * contacts for name in ESTIMATORS}
        self._arrivals: dict[int, tuple[float, Average | None]] = {}
        self._served: dict[str, int] = {}
        super().__init__(scenario, draws, contacts)
        alike = [kind.wanted[0] for kind in self.kinds]
        self._queue = [alike.index(wanted) for wanted in alike]
        self._flows = [Flow() for _ in self.kinds]
        self._lines: list[dict[str, Contact]] = [{} for _ in self.kinds]

    def _arrive(self, what: tuple[ContactClass, Draw]) -> None:
        queue = self._queue[what[0].index]
        before, between = self._arrivals.get(queue, (0.0, None))
        gap = self.now - before
        self._arrivals[queue] = self.now, between.after(gap, ARRIVALS_WEIGHT) if between else Average(gap)
        super()._arrive(what)

    def _line_up(self, contact: Contact) -> None:
        kind, count = contact.kind, self.engine.duty.count
        queue = self._queue[kind.index]
        line = self._lines[queue]
        first = next(iter(line.values()), None)
        _, between = self._arrivals[queue]
        seen = Seen(
            flow=self._flows[queue],
            ahead=ahead_of(self.engine.line, contact.place, line),
            agents=count(kind.wanted[0]),
            later=[Reach(after, count(wanted)) for after, wanted in zip(kind.after, kind.wanted[1:], strict=True)],
            head=self.now - first.arrived if first else 0.0,
            between=between.value if between else None,
            now=self.now,
        )
        for name, predict in ESTIMATORS.items():
            told = predict(seen)
            if told is not None:
                self.told[name][contact.number] = told
        line[contact.id] = contact
        super()._line_up(contact)

    def _meet(self, contact: Contact, agent: Agent, pair: Pair) -> None:
        self._lines[self._queue[contact.kind.index]].pop(contact.id, None)
        super()._meet(contact, agent, pair)

    def _end(self, contact: Contact, outcome: Outcome) -> None:
        queue = self._queue[contact.kind.index]
        waited = self.now - contact.arrived
        if outcome is Outcome.ABANDONED:
            self._lines[queue].pop(contact.id, None)
            self._flows[queue] = hung_up(self._flows[queue], waited)
        elif contact.agent is not None:
            lined = bool(self.ledger.lined[contact.number])
            agents = self.engine.duty.count(contact.kind.wanted[-1])
            entry = Entry(waited, self.now, lined, agents, len(self._lines[queue]))
            self._flows[queue] = entered_service(self._flows[queue], entry)
            self._served[contact.agent.id] = queue
        super()._end(contact, outcome)

    def _finish(self, agent: Agent) -> None:
        queue = self._served.pop(agent.id)
        self._flows[queue] = handled(self._flows[queue], self.now - agent.since + self._wrap_up)
        super()._finish(agent)


def predicted(scenario: Scenario, progress: Callable[[int], None] | None = None) -> list[ClassAccuracy]:
    """How the estimators did in each class, and last in all. Raises Invalid where no contact would count."""
    draws = [contacts_of(scenario.seed, arrival) for arrival in scenario.arrivals]
    run = Predicting(scenario, draws, planned(scenario))
    ledger = run.run(progress)
    known = [_counts(ledger, run.told, number, scenario.warmup) for number in range(ledger.contacts)]
    classes = [
        _accuracy(arrival.name, ledger, run.told, [it and ledger.kinds[i] == index for i, it in enumerate(known)])
        for index, arrival in enumerate(scenario.arrivals)
    ]
    return [*classes, _accuracy("all", ledger, run.told, known)]


def _counts(ledger: Ledger, told: "Told", number: int, warmup: int) -> bool:
    waited = ledger.lined[number] and ledger.outcomes[number] == Outcome.ANSWERED
    return number >= warmup and bool(waited) and not any(math.isnan(each[number]) for each in told.values())


def _accuracy(name: str, ledger: Ledger, told: "Told", which: list[bool]) -> ClassAccuracy:
    waits = list(compress(ledger.waits, which))
    count = len(waits) or 1
    rows = []
    for estimator, values in told.items():
        errors = [value - wait for value, wait in zip(compress(values, which), waits, strict=True)]
        square = math.fsum(error * error for error in errors) / count
        size = math.fsum(map(abs, errors)) / count
        rows.append(Accuracy(estimator, math.fsum(errors) / count, size, math.sqrt(square)))
    return ClassAccuracy(name, len(waits), math.fsum(waits) / count, rows)
