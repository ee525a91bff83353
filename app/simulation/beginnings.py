"""Where the search for a mix of agents begins and where it ends: by Erlang, as if the agents were pooled. Pure.

Whatever classes one looks at, the groups who can take any of them need at least as many agents as one pooled group of
theirs would (the condition of Hall's theorem, with Erlang's number for the load). That is a bound for exponential
service alone, and says nothing of how the agents are to be split: a place to begin, not an answer.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from app.core.errors import Invalid
from app.routing.staffing.staffing import Demand, Targets, staff
from app.simulation.scenario import Arrival, Group, Scenario, Stretch

Mix = tuple[int, ...]
"""Agents of each group, in the order of the scenario."""

MOST_AGENTS = 2_000
"""A floor beyond this is not searched."""
_MOST_CLASSES = 8
"""Of more classes only each alone and all together are looked at, not each of the 2^n sets."""


def rate_of(arrival: Arrival) -> float:
    """Contacts a minute, on average over a profile."""
    return (arrival.rate_per_minute or 0.0) if arrival.profile is None else _mean_rate(arrival.profile)


def load(scenario: Scenario, classes: Sequence[Arrival], speed: float = 1.0) -> float:
    """Erlangs that these classes bring to agents of that speed, ringing and wrap-up included."""
    aside = scenario.queue.answer_seconds + scenario.queue.wrap_up_seconds
    return sum(rate_of(each) / 60 * (each.service.mean_seconds / speed + aside) for each in classes)


def can_take(group: Group, arrival: Arrival) -> bool:
    """Whether the group may take such contacts, at the latest after the last step, which asks least."""
    wanted = arrival.steps[-1].requires if arrival.steps else arrival.requires
    return all(group.skills.get(skill, 0) >= level for skill, level in wanted.items())


def beginning(scenario: Scenario, targets: Targets, costs: Sequence[float], *, in_total: bool) -> Mix:
    """The least that pooled groups would need, in about the proportions given; cheaper groups first."""
    mix = [0] * len(scenario.agents)
    for classes, able in sorted(_sets(scenario), key=lambda each: (len(each[1]), len(each[0]))):
        part = in_total and len(classes) < len(scenario.arrivals)
        need = _share_of(scenario, classes, targets) if part else _pooled(scenario, classes, able, targets)
        while sum(mix[place] for place in able) < need:
            mix[min(able, key=lambda place: (costs[place], mix[place] / scenario.agents[place].count))] += 1
    return tuple(mix)


def plenty(scenario: Scenario, targets: Targets) -> Mix:
    """More agents than any group could be needed for: half as many again as if it took all it can take alone."""
    counts = []
    for place, group in enumerate(scenario.agents):
        classes = [arrival for arrival in scenario.arrivals if can_take(group, arrival)]
        alone = _pooled(scenario, classes, [place], targets) if classes else 0
        counts.append(math.ceil(alone * 1.5 * _rush(classes)) + 5)
    if sum(counts) > MOST_AGENTS * len(counts):
        raise too_large(scenario)
    return tuple(counts)


def too_large(scenario: Scenario) -> Invalid:
    """The load is beyond what is searched."""
    what = f"a load of {load(scenario, scenario.arrivals):,.0f} Erlangs is too large to be searched"
    accepted = f"what {MOST_AGENTS:,} agents can do"
    return Invalid(f"{what}; accepted: {accepted}", faults=[{"where": "arrivals", "what": what, "accepted": accepted}])


def _mean_rate(profile: list[Stretch]) -> float:
    return sum(piece.minutes * piece.rate_per_minute for piece in profile) / sum(piece.minutes for piece in profile)


def _rush(classes: Sequence[Arrival]) -> float:
    """How many times the mean rate the busiest piece of a profile has."""
    peaks = [max(p.rate_per_minute for p in each.profile) / rate_of(each) for each in classes if each.profile]
    return max(peaks, default=1.0)


def _sets(scenario: Scenario) -> Iterator[tuple[list[Arrival], list[int]]]:
    """Sets of classes, each with the groups who can take any of them."""
    arrivals = scenario.arrivals
    every = range(1, len(arrivals) + 1) if len(arrivals) <= _MOST_CLASSES else sorted({1, len(arrivals)})
    for size in every:
        for classes in combinations(arrivals, size):
            able = [p for p, group in enumerate(scenario.agents) if any(can_take(group, each) for each in classes)]
            if able:
                yield list(classes), able


def _pooled(scenario: Scenario, classes: Sequence[Arrival], able: Sequence[int], targets: Targets) -> int:
    """Erlang's number for these classes alone: Erlang A where all of them have a patience, or else Erlang C."""
    rate = sum(rate_of(each) for each in classes)
    speed = max(scenario.agents[place].speed for place in able)
    patience = [(rate_of(each), each.patience.mean_seconds) for each in classes if each.patience]
    everyone = len(patience) == len(classes)
    demand = Demand(
        contacts=rate * 60,
        interval_seconds=3600,
        aht_seconds=load(scenario, classes, speed) / rate * 60,
        patience_seconds=sum(each * mean for each, mean in patience) / rate if everyone else None,
    )
    found = staff(demand, targets) if demand.load <= MOST_AGENTS else None
    if found is None or found.agents > MOST_AGENTS:
        raise too_large(scenario)
    return found.agents


def _share_of(scenario: Scenario, classes: Sequence[Arrival], targets: Targets) -> int:
    """What some classes need where the targets are for all: all but the share of contacts that may go unanswered."""
    everyone = sum(rate_of(each) for each in scenario.arrivals)
    weight = sum(rate_of(each) for each in classes) / everyone
    may_fail = min(1 - (targets.service_level or 0), 1.0 if targets.abandon_rate is None else targets.abandon_rate)
    served = load(scenario, classes, max(group.speed for group in scenario.agents)) * max(0.0, 1 - may_fail / weight)
    return math.floor(served)
