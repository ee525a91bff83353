"""Runs of a scenario with other numbers of agents, each made once: all mixes meet the same contacts.

A run of a steady scenario is cut into batches. Where rates or shifts change with the time of day, runs have whole
days, for half a day says nothing of the other half, and batches too, so that a busy hour is not taken for chance.
A scenario that ends is played as often as needed, from one seed after another, and each time is one batch.
"""

import math
from collections.abc import Callable
from itertools import count, islice

from app.core.errors import Invalid
from app.routing.staffing.erlang import ServiceLevel
from app.simulation.beginnings import Mix, load, rate_of
from app.simulation.goals import Reading, joined, reading
from app.simulation.runs import simulate
from app.simulation.scenario import Scenario
from app.simulation.streams import planned

Progress = Callable[[Mix, int, int], None]
"""Told before each run: the mix, the number of the run from 1, and how many contacts it has at least."""

MOST_RUNS = 500
A_DAY = 8_000
"""A day counts as at most so many contacts: longer days do not make a run shorter in days than this allows."""
_BATCHES, _MOST_BATCHES, _MOST_DAYS = 25, 40, 100
_FILLS = 10
"""Mean services after which an empty floor is taken to be as busy as it will be."""


class Trials:
    """Measures mixes, and remembers what it measured."""

    def __init__(self, scenario: Scenario, variant: ServiceLevel, progress: Progress | None = None) -> None:
        self.runs = self.contacts = 0
        self._scenario, self._variant, self._progress = scenario, variant, progress
        self._done: dict[tuple[Mix, int], Reading] = {}

    def of(self, mix: Mix, contacts: int) -> Reading:
        """What so many agents of each group bring about, measured on about so many contacts."""
        known = self._done.get((mix, contacts))
        if known is None:
            known = self._done[mix, contacts] = self._measured(mix, contacts)
        return known

    def _measured(self, mix: Mix, contacts: int) -> Reading:
        if self.runs == MOST_RUNS:
            what, accepted = f"no answer within {MOST_RUNS} runs", "fewer groups, or targets that are nearer"
            raise Invalid(f"{what}; accepted: {accepted}", faults=[{"where": "", "what": what, "accepted": accepted}])
        self.runs += 1
        if self._progress is not None:
            self._progress(mix, self.runs, contacts)
        agents = [
            group.model_copy(update={"count": number})
            for group, number in zip(self._scenario.agents, mix, strict=True)
            if number
        ]
        told = []
        for plan in self._plans(contacts):
            results = simulate(plan.model_copy(update={"agents": agents}))
            self.contacts += results.ledger.contacts
            told.append(reading(results, self._variant))
        return joined(told)

    def _plans(self, contacts: int) -> list[Scenario]:
        scenario = self._scenario
        if all(arrival.ends for arrival in scenario.arrivals):
            days = min(_MOST_DAYS, math.ceil(contacts / min(planned(scenario), A_DAY)))
            seeds = islice(count(scenario.seed), max(2, days))
            return [scenario.model_copy(update={"seed": seed, "batches": 1}) for seed in seeds]
        wanted, batches = self._whole_days(contacts)
        warmup = max(scenario.warmup, math.ceil(_FILLS * load(scenario, scenario.arrivals)))
        return [scenario.model_copy(update={"contacts": warmup + wanted, "warmup": warmup, "batches": batches})]

    def _whole_days(self, contacts: int) -> tuple[int, int]:
        """Contacts that count, and batches."""
        per_day = self._minutes_a_day() * sum(rate_of(each) for each in self._scenario.arrivals if not each.ends)
        if not per_day or contacts / per_day >= _MOST_DAYS:
            return contacts, _BATCHES
        days = math.ceil(contacts / min(per_day, A_DAY))
        days_a_batch = math.ceil(days / _MOST_BATCHES)
        batches = math.ceil(days / days_a_batch)
        return math.ceil(batches * days_a_batch * per_day), batches

    def _minutes_a_day(self) -> float:
        """After so many minutes all begins anew, be it a day or not; 0 where nothing ever changes."""
        profiles = [sum(p.minutes for p in each.profile) for each in self._scenario.arrivals if each.profile]
        shifts = any(group.shifts for group in self._scenario.agents)
        return max([*profiles, (self._scenario.repeat_minutes or 0.0) if shifts else 0.0])
