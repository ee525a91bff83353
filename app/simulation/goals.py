"""What a floor is to reach, and whether what was measured reaches it. Pure.

A figure is read as a ratio of sums, batch by batch, so that runs can be put together and have a confidence interval.
Whoever is left over at the end of a run counts as neither answered nor answered in time, and as abandoned.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from app.routing.staffing.erlang import ServiceLevel
from app.routing.staffing.staffing import Targets
from app.simulation.estimates import Estimate, Ratio
from app.simulation.measures import SERVICE_LEVELS, Batch, ratio_of
from app.simulation.results import Results, occupancy
from app.simulation.scenario import Scenario

OCCUPANCY = "occupancy"
ABANDON_RATE = "abandon_rate"
ASA = "asa_seconds"
MEAN_WAIT = "mean_wait_seconds"
_SLACK = 1e-9


class Figure(NamedTuple):
    """A figure of a class of contacts or, where it is the occupancy, of a group of agents; `of` None: of all."""

    name: str
    of: str | None = None


Reading = dict[Figure, Ratio]
"""What was measured of one mix of agents."""


class Verdict(StrEnum):
    """What a measurement says of a goal: its whole confidence interval lies on one side of it, or it does not."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"


class Goal(NamedTuple):
    """A figure is to be at least (`sign` +1) or at most (-1) `bound`."""

    figure: Figure
    bound: float
    sign: int

    def miss(self, value: float | None) -> float:
        """How far the value falls short, negative where it has room; a time is told as a share of its bound.

        Nothing is missed where there was nothing to measure.
        """
        if value is None:
            return 0.0
        return self.sign * (self.bound - value) / (self.bound if self.figure.name == ASA else 1.0)

    def verdict(self, it: Estimate) -> Verdict:
        """What the confidence interval says."""
        if it.value is None:
            return Verdict.MET
        room = self.sign * (it.value - self.bound)
        if it.half_width is not None and room >= it.half_width - _SLACK:
            return Verdict.MET
        return Verdict.MISSED if it.half_width is not None and room < -it.half_width else Verdict.UNDECIDED


def goals(scenario: Scenario, targets: Targets, *, in_total: bool) -> list[Goal]:
    """What is asked of each class and each group or, `in_total`, of all contacts and all agents together."""
    classes = [None] if in_total else [arrival.name for arrival in scenario.arrivals]
    groups = [None] if in_total else [group.name for group in scenario.agents]
    asked: list[tuple[str, float | None, int, list[None] | list[str]]] = [
        (targets.variant, targets.service_level, 1, classes),
        (ABANDON_RATE, targets.abandon_rate, -1, classes),
        (ASA, targets.asa_seconds, -1, classes),
        (OCCUPANCY, targets.occupancy, -1, groups),
    ]
    return [
        Goal(Figure(name, of), bound, sign) for name, bound, sign, all_of in asked if bound is not None for of in all_of
    ]


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Missed if one is missed, met if all are met."""
    told = set(verdicts)
    if Verdict.MISSED in told:
        return Verdict.MISSED
    return Verdict.UNDECIDED if Verdict.UNDECIDED in told else Verdict.MET


def reading(results: Results, variant: ServiceLevel) -> Reading:
    """Everything that may be asked of a run, or told of it."""
    told: Reading = {}
    for of, batches in [*results.classes.items(), (None, results.total)]:
        told[Figure(variant, of)] = _level(batches, variant)
        told[Figure(ABANDON_RATE, of)] = _lost(batches)
        told[Figure(ASA, of)] = ratio_of(batches, "wait_answered", "answered")
    told[Figure(MEAN_WAIT)] = ratio_of(results.total, "wait", "ended")
    for name, spent in results.groups.items():
        told[Figure(OCCUPANCY, name)] = occupancy(spent)
    together = [
        [sum(each) for each in zip(*batch, strict=True)] for batch in zip(*results.groups.values(), strict=True)
    ]
    told[Figure(OCCUPANCY)] = occupancy(together)
    return told


def joined(readings: list[Reading]) -> Reading:
    """Independent runs of one mix as one: the batches of all."""
    first, *others = readings
    for other in others:
        first = {figure: _both(ratio, other[figure]) for figure, ratio in first.items()}
    return first


def _both(one: Ratio, other: Ratio) -> Ratio:
    return Ratio((*one.parts, *other.parts), (*one.wholes, *other.wholes), one.share)


def _level(batches: list[Batch], variant: ServiceLevel) -> Ratio:
    part, whole = SERVICE_LEVELS[variant]
    counted = ratio_of(batches, part, whole)
    wholes = zip(counted.wholes, batches, strict=True)
    return Ratio(counted.parts, tuple(whole + batch.left_over for whole, batch in wholes), counted.share)


def _lost(batches: list[Batch]) -> Ratio:
    lost = tuple(float(batch.abandoned + batch.left_over) for batch in batches)
    return Ratio(lost, tuple(float(batch.offered) for batch in batches), share=True)
