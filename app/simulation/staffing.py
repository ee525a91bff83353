"""How many agents of each group a scenario needs for its targets, found by trying mixes on the engine of the floor.

The search begins where Erlang puts pooled agents, adds one agent at a time where that brings most for its cost (short
runs), takes away or exchanges for cheaper ones as long as the targets are met (longer runs), and lets a long run
decide, whose confidence interval must lie on the right side of every target. All runs meet the same contacts (common
random numbers), so that little of a difference between two mixes is chance.

What is found is a local optimum: no single agent can be spared by the long run. Another mix that differs in several
agents may be cheaper; no search of this kind can rule that out. The idea: simulation search along the service level's
marginal gains, as in Cezik & L'Ecuyer, Management Science 54(2) 2008, and Wallace & Whitt, M&SOM 7(4) 2005.
"""

import math
from collections.abc import Mapping

import msgspec

from app.routing.staffing.staffing import Targets, scheduled
from app.simulation.beginnings import Mix, beginning, plenty
from app.simulation.estimates import Estimate, ratio
from app.simulation.goals import ABANDON_RATE, ASA, OCCUPANCY, Figure, Verdict, goals
from app.simulation.scenario import Scenario
from app.simulation.search import Lengths, Search, changed, refusal
from app.simulation.trials import Progress, Trials

MOST_GROUPS = 10


class OneLess(msgspec.Struct, frozen=True, kw_only=True):
    """With one agent less of a group: the target that suffers most; `of` is null where it is for all."""

    figure: str
    of: str | None
    value: Estimate
    verdict: Verdict


class NeededGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group: agents as the scenario has them, as needed at the desk, and as to be scheduled with shrinkage.

    `one_less` is null where no agent is needed, or where one less would be nobody at all.
    """

    name: str
    given: int
    needed: int
    scheduled: int
    cost: float
    occupancy: Estimate
    one_less: OneLess | None


class ReachedClass(msgspec.Struct, frozen=True, kw_only=True):
    """What one class of contacts gets, or all of them. The service level is in the variant of the targets."""

    name: str | None
    service_level: Estimate
    abandon_rate: Estimate
    asa_seconds: Estimate


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The mix found, and what the deciding run says of it. `cost` is the sum of agents times their group's cost."""

    targets: Targets
    in_total: bool
    shrinkage: float
    seed: int
    runs: int
    contacts: int
    """That came in all runs together."""
    deciding: int
    """That counted in the run that decided."""
    cost: float
    groups: list[NeededGroup]
    classes: list[ReachedClass]
    total: ReachedClass


def staff_floor(
    scenario: Scenario,
    targets: Targets,
    *,
    costs: Mapping[str, float] | None = None,
    in_total: bool = False,
    shrinkage: float = 0.0,
    lengths: Lengths | None = None,
    progress: Progress | None = None,
) -> Found:
    """The mix that meets the targets for each class and group or, `in_total`, for all of them together.

    `costs` of an agent by group are 1 where not named. The counts of the scenario are no limits, only where the
    search begins among equals. The same seed gives the same answer. Raises Invalid where no number of agents reaches
    the targets, for more than `MOST_GROUPS` groups, and for loads that are too large.
    """
    if len(scenario.agents) > MOST_GROUPS:
        raise refusal(
            "agents",
            f"{len(scenario.agents)} groups are too many to be searched",
            f"at most {MOST_GROUPS}, of agents alike",
        )
    rules = {"service_level_seconds": targets.within_seconds, "short_abandon_seconds": targets.short_abandon_seconds}
    scenario = scenario.model_copy(update={"queue": scenario.queue.model_copy(update=rules)})
    prices = [(costs or {}).get(group.name, 1.0) for group in scenario.agents]
    trials = Trials(scenario, targets.variant, progress)
    asked = goals(scenario, targets, in_total=in_total)
    search = Search(trials.of, asked, prices, plenty(scenario, targets), lengths)
    search.refuse_the_unreachable(scenario)
    mix = search.pared(search.climbed(beginning(scenario, targets, prices, in_total=in_total)))
    mix = search.decided(mix)
    return _told(scenario, targets, in_total, shrinkage, search, trials, mix)


def _told(
    scenario: Scenario, targets: Targets, in_total: bool, shrinkage: float, search: Search, trials: Trials, mix: Mix
) -> Found:
    measured = search.measure(mix, search.lasting[mix])

    def of_class(name: str | None) -> ReachedClass:
        return ReachedClass(
            name=name,
            service_level=ratio(measured[Figure(targets.variant, name)]),
            abandon_rate=ratio(measured[Figure(ABANDON_RATE, name)]),
            asa_seconds=ratio(measured[Figure(ASA, name)]),
        )

    def of_group(place: int) -> NeededGroup:
        group, needed, figure = scenario.agents[place], mix[place], Figure(OCCUPANCY, scenario.agents[place].name)
        return NeededGroup(
            name=group.name,
            given=group.count,
            needed=needed,
            scheduled=scheduled(needed, shrinkage),
            cost=search.prices[place],
            occupancy=ratio(measured[figure]) if needed else Estimate(None, None),
            one_less=_one_less(search, mix, place),
        )

    return Found(
        targets=targets,
        in_total=in_total,
        shrinkage=shrinkage,
        seed=scenario.seed,
        groups=[of_group(place) for place in range(len(mix))],
        runs=trials.runs,
        contacts=trials.contacts,
        deciding=round(math.fsum(measured[Figure(ABANDON_RATE)].wholes)),
        cost=search.cost(mix),
        classes=[of_class(arrival.name) for arrival in scenario.arrivals],
        total=of_class(None),
    )


def _one_less(search: Search, mix: Mix, place: int) -> OneLess | None:
    less = changed(mix, place, -1)
    if not mix[place] or not sum(less):
        return None
    goal, value = search.worst(less)
    return OneLess(figure=goal.figure.name, of=goal.figure.of, value=value, verdict=goal.verdict(value))
