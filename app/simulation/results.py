"""The figures of one run, and of two runs side by side. Pure."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from app.simulation.estimates import (
    CONFIDENCE,
    Estimate,
    Percentile,
    Ratio,
    percentile,
    percentile_difference,
    percentile_of,
    ratio,
    ratio_difference,
)
from app.simulation.ledger import Ledger
from app.simulation.measures import MEASURES, PERCENTILES, SERVICE_LEVELS, Batch, counted, ratio_of
from app.simulation.scenario import Scenario
from app.simulation.staff import State

TOTAL = "total"


class ClassFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One class of contacts, or all. Waits in seconds; service levels by variant, percentiles of the wait by name.

    `probability_of_waiting` is the share that found no free agent at once; the mean wait is of all, the ASA of the
    answered. `left_over` contacts were never served and count in no mean. Where too little happened to tell how sure a
    figure is, its half-width is null.
    """

    name: str
    offered: int
    answered: int
    abandoned: int
    left_over: int
    probability_of_waiting: Estimate
    abandon_rate: Estimate
    mean_wait_seconds: Estimate
    asa_seconds: Estimate
    wait_percentiles: dict[str, Estimate]
    service_level: dict[str, Estimate]


class GroupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One group of agents. Utilisation is service / time on shift, ringing included in the latter; occupancy is
    (service + wrap-up) / (service + wrap-up + idle time). `contacts` were answered in the time that counts."""

    name: str
    agents: int
    contacts: int
    utilisation: Estimate
    occupancy: Estimate


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run. `simulated_seconds` of virtual time passed until every contact was
    answered or gone, or nothing more could happen."""

    seed: int
    contacts: int
    warmup: int
    batches: int
    confidence: float
    service_level_seconds: float
    short_abandon_seconds: float
    simulated_seconds: float
    total: ClassFigures
    classes: list[ClassFigures]
    groups: list[GroupFigures]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in both runs; `difference` is the second less the first, with the interval of paired batches."""

    of: str
    figure: str
    first: float | None
    second: float | None
    difference: Estimate


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two scenarios that the same contacts called, and how they differ where both have the same class or group."""

    first: Figures
    second: Figures
    differences: list[Difference]


class Results:
    """A run, counted by batch."""

    def __init__(self, scenario: Scenario, ledger: Ledger, ended_at: float) -> None:
        self.scenario, self.ledger, self.ended_at = scenario, ledger, ended_at
        every, total = counted(ledger, scenario.queue, len(scenario.arrivals))
        names = [arrival.name for arrival in scenario.arrivals]
        self.classes = dict(zip(names, every, strict=True))
        self.total = total
        self.groups = {group.name: self._spent(place) for place, group in enumerate(scenario.agents)}

    def figures(self) -> Figures:
        """Everything that is told of the run."""
        scenario, queue = self.scenario, self.scenario.queue
        return Figures(
            seed=scenario.seed,
            contacts=self.ledger.contacts,
            warmup=scenario.warmup,
            batches=len(self.ledger.edges),
            confidence=CONFIDENCE,
            service_level_seconds=queue.service_level_seconds,
            short_abandon_seconds=queue.short_abandon_seconds,
            simulated_seconds=round(self.ended_at, 3),
            total=_of_class(TOTAL, self.total),
            classes=[_of_class(name, batches) for name, batches in self.classes.items()],
            groups=[self._of_group(group.name, group.count) for group in scenario.agents],
        )

    def _spent(self, place: int) -> list[list[float]]:
        """The seconds in each state and, last, the contacts answered by a group, batch by batch."""
        marks = [mark[place] for mark in self.ledger.marks]
        return [[b - a for a, b in zip(one, other, strict=True)] for one, other in pairwise(marks)]

    def _of_group(self, name: str, agents: int) -> GroupFigures:
        spent = self.groups[name]
        return GroupFigures(
            name=name,
            agents=agents,
            contacts=round(sum(batch[-1] for batch in spent)),
            utilisation=ratio(utilisation(spent)),
            occupancy=ratio(occupancy(spent)),
        )


def utilisation(spent: list[list[float]]) -> Ratio:
    """Service over all time on shift."""
    return _time_ratio(spent, (State.SERVING,), (State.IDLE, State.RESERVED, State.SERVING, State.WRAPPING))


def occupancy(spent: list[list[float]]) -> Ratio:
    """Service and wrap-up over these and idle time."""
    worked = (State.SERVING, State.WRAPPING)
    return _time_ratio(spent, worked, (*worked, State.IDLE))


def compared(first: Results, second: Results) -> Comparison:
    """Both runs, which must have as many batches, and the differences of what both have."""
    told = _class_differences(TOTAL, first.total, second.total)
    for name in first.classes:
        if name in second.classes and len(first.classes) > 1:
            told += _class_differences(name, first.classes[name], second.classes[name])
    for name in first.groups:
        if name in second.groups:
            told += _group_differences(name, first.groups[name], second.groups[name])
    return Comparison(first=first.figures(), second=second.figures(), differences=told)


def _of_class(name: str, batches: list[Batch]) -> ClassFigures:
    sorted_waits = [batch.waits for batch in batches]
    return ClassFigures(
        name=name,
        offered=sum(batch.offered for batch in batches),
        answered=sum(batch.answered for batch in batches),
        abandoned=sum(batch.abandoned for batch in batches),
        left_over=sum(batch.left_over for batch in batches),
        wait_percentiles={key: percentile(percentile_of(sorted_waits, q)) for key, q in PERCENTILES.items()},
        service_level={key: ratio(ratio_of(batches, *what)) for key, what in SERVICE_LEVELS.items()},
        **{key: ratio(ratio_of(batches, *what)) for key, what in MEASURES.items()},
    )


def _class_differences(of: str, first: list[Batch], second: list[Batch]) -> list[Difference]:
    told = [
        _difference(of, figure, ratio_of(first, *what), ratio_of(second, *what))
        for figure, what in (MEASURES | SERVICE_LEVELS).items()
    ]
    for figure, share in PERCENTILES.items():
        one, other = (percentile_of([batch.waits for batch in side], share) for side in (first, second))
        told.append(_difference(of, figure, one, other))
    return told


def _group_differences(of: str, first: list[list[float]], second: list[list[float]]) -> list[Difference]:
    return [
        _difference(of, figure, read(first), read(second))
        for figure, read in (("utilisation", utilisation), ("occupancy", occupancy))
    ]


def _difference(of: str, figure: str, one: Ratio | Percentile, other: Ratio | Percentile) -> Difference:
    if isinstance(one, Ratio) and isinstance(other, Ratio):
        gap = ratio_difference(one, other)
    else:
        assert isinstance(one, Percentile)
        assert isinstance(other, Percentile)
        gap = percentile_difference(one, other)
    return Difference(of=of, figure=figure, first=one.value, second=other.value, difference=gap)


def _time_ratio(spent: list[list[float]], parts: Sequence[State], wholes: Sequence[State]) -> Ratio:
    return Ratio(
        tuple(sum(batch[state] for state in parts) for batch in spent),
        tuple(sum(batch[state] for state in wholes) for batch in spent),
    )
