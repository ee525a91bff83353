"""The search for the numbers of agents that meet the targets: climbing, paring, deciding. Pure: it is told how mixes
measure, and the answer depends on nothing else."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.core.errors import Invalid
from app.simulation.beginnings import Mix
from app.simulation.estimates import Estimate, ratio
from app.simulation.goals import MEAN_WAIT, Figure, Goal, Reading, Verdict, overall
from app.simulation.scenario import Scenario

_EXTENSIONS = 1
"""So many times a long run is doubled where its interval has the target in it."""
_LARGE = 100
"""On a floor of so many agents one percent of them is added at a time."""


class Lengths(NamedTuple):
    """Contacts of a run, those of the warm-up not counted: to find the way, to take away, and to decide."""

    coarse: int = 6_000
    fine: int = 20_000
    final: int = 40_000


class Search:
    """Looks for a mix that meets what is `asked`. An agent of a group costs its price, and no group has more than
    `most`; `measure` tells what a mix brings about on so many contacts, and remembers what it told."""

    def __init__(
        self,
        measure: Callable[[Mix, int], Reading],
        asked: list[Goal],
        prices: list[float],
        most: Mix,
        lengths: Lengths | None = None,
    ) -> None:
        self.measure, self.asked, self.prices, self.most = measure, asked, prices, most
        self.lengths = lengths or Lengths()
        self.lasting: dict[Mix, int] = {}
        """How long the longest run was that a verdict on a mix needed."""

    def cost(self, mix: Mix) -> float:
        """What the mix costs."""
        return math.fsum(count * price for count, price in zip(mix, self.prices, strict=True))

    def misses(self, mix: Mix, contacts: int) -> list[float]:
        """How far each target is missed, negative where there is room."""
        measured = self.measure(mix, contacts)
        return [goal.miss(measured[goal.figure].value) if goal.figure in measured else 0.0 for goal in self.asked]

    def shortfall(self, mix: Mix, contacts: int) -> float:
        """How far all targets that are missed are missed, 0 if all are met."""
        return math.fsum(max(0.0, miss) for miss in self.misses(mix, contacts))

    def refuse_the_unreachable(self, scenario: Scenario) -> None:
        """Even plenty of agents may miss a target, such as one of 20 s where agents take 30 to answer."""
        missed = [
            (goal, self.measure(self.most, self.lengths.coarse)[goal.figure].value)
            for goal, miss in zip(self.asked, self.misses(self.most, self.lengths.coarse), strict=True)
            if miss > 0
        ]
        if missed:
            goal, value = max(missed, key=lambda each: each[0].miss(each[1]))
            mix = " + ".join(f"{count} {group.name}" for count, group in zip(self.most, scenario.agents, strict=True))
            of = goal.figure.of or "all"
            what = f"{goal.figure.name} of {of} is {value:.4g} even with {mix}"
            raise refusal("targets", what, "targets that more agents can reach")

    def climbed(self, mix: Mix) -> Mix:
        """Agents added until a short run misses nothing."""
        while self.shortfall(mix, self.lengths.coarse) > 0:
            mix = self.grown(mix, self.lengths.coarse)
        return mix

    def grown(self, mix: Mix, contacts: int) -> Mix:
        """One agent more (of a large floor one percent) where that brings most for its cost.

        What counts is what is short; where that tells nothing, the target that is missed most or has least room, and
        then the mean wait, which tells the way where a service level is 0 however one turns.
        """
        stride = max(1, sum(mix) // _LARGE)
        more = [changed(mix, place, stride) for place, most in enumerate(self.most) if mix[place] + stride <= most]
        if not more:
            raise refusal("targets", "no mix was found that reaches them", "targets that are nearer")
        here = self._standing(mix, contacts)

        def gain(other: Mix) -> tuple[float, ...]:
            spent = self.cost(other) - self.cost(mix)
            there = self._standing(other, contacts)
            return tuple(round((a - b) / spent, 5) for a, b in zip(here, there, strict=True))

        return max(more, key=gain)

    def pared(self, mix: Mix) -> Mix:
        """Agents taken away, or exchanged for cheaper ones, while a longer run misses nothing."""
        contacts = self.lengths.fine
        while self.shortfall(mix, contacts) > 0:
            mix = self.grown(mix, contacts)
        stuck: set[int] = set()  # whom a larger mix could not spare, a smaller one cannot
        while True:
            enough = []
            for place in range(len(mix)):
                if place not in stuck and mix[place] and sum(mix) > 1:
                    less = changed(mix, place, -1)
                    if self.shortfall(less, contacts) > 0:
                        stuck.add(place)
                    else:
                        enough.append(less)
            enough = enough or [each for each in self._exchanged(mix) if self.shortfall(each, contacts) == 0]
            if not enough:
                return mix
            mix = min(enough, key=lambda each: (self.cost(each), max(self.misses(each, contacts))))

    def decided(self, mix: Mix) -> Mix:
        """The long run decides: agents are added until it confirms the mix, and taken away as long as it does."""
        while self.verdict(mix, _EXTENSIONS) is not Verdict.MET:
            mix = self.grown(mix, self.lengths.fine)
        dearest_first = sorted(range(len(mix)), key=lambda place: -self.prices[place])
        spared = True
        while spared:
            spared = False
            for place in dearest_first:
                less = changed(mix, place, -1)
                if mix[place] and sum(less) and self.verdict(less) is Verdict.MET:
                    mix, spared = less, True
                    break
        return mix

    def verdict(self, mix: Mix, extensions: int = 0) -> Verdict:
        """What long runs say, doubled so many times where they leave it open."""
        contacts = self.lengths.final
        told = self._verdict(mix, contacts)
        for _ in range(extensions):
            if told is Verdict.UNDECIDED:
                contacts *= 2
                told = self._verdict(mix, contacts)
        self.lasting[mix] = max(contacts, self.lasting.get(mix, 0))
        return told

    def worst(self, mix: Mix) -> tuple[Goal, Estimate]:
        """The target that the deciding run misses most, or that has the least room."""
        measured = self.measure(mix, self.lasting[mix])
        told = [(goal, ratio(measured[goal.figure])) for goal in self.asked if goal.figure in measured]
        return max(told, key=lambda each: each[0].miss(each[1].value))

    def _verdict(self, mix: Mix, contacts: int) -> Verdict:
        measured = self.measure(mix, contacts)
        return overall(
            goal.verdict(ratio(measured[goal.figure], 0.0)) for goal in self.asked if goal.figure in measured
        )

    def _standing(self, mix: Mix, contacts: int) -> tuple[float, float, float]:
        waited = self.measure(mix, contacts)[Figure(MEAN_WAIT)].value
        misses = self.misses(mix, contacts)
        return math.fsum(max(0.0, miss) for miss in misses), max(misses), waited or 0.0

    def _exchanged(self, mix: Mix) -> Iterator[Mix]:
        for place, price in enumerate(self.prices):
            for other, cheaper in enumerate(self.prices):
                if cheaper < price and mix[place]:
                    yield changed(changed(mix, place, -1), other, 1)


def changed(mix: Mix, place: int, by: int) -> Mix:
    """The mix with so many agents more in one group."""
    return (*mix[:place], mix[place] + by, *mix[place + 1 :])


def refusal(where: str, what: str, accepted: str) -> Invalid:
    """What was asked cannot be answered."""
    faults = [{"where": where, "what": what, "accepted": accepted}]
    return Invalid(f"{where}: {what}; accepted: {accepted}", faults=faults)
