"""How many agents an interval needs for its targets, by Erlang C, or by Erlang A where callers have a patience. Pure.

Each interval is reckoned as if it were steady from its begin to its end: right where calls are short beside the
interval; after a rush hour more still wait than this says (`callfloor simulate` plays that).
Metrics bear the names and have the meaning that they have in reports; shares run from 0 to 1, times are seconds.
"""

import math
from collections.abc import Callable, Sequence

import msgspec

from app.routing.staffing.erlang import ErlangA, ErlangC, ServiceLevel, erlang_a, erlang_c, service_level

MOST_AGENTS = 10_000
"""Beyond this no number of agents is looked for: it bounds the cost of one interval to a few milliseconds."""
MOST_CONTACTS = 1_000_000
SHORTEST_INTERVAL = 60.0
LONGEST = 86_400.0
"""What is accepted of an interval, wherever it is asked from: contacts in it, and seconds of any time."""
LOAD = "load"
"""What limits an interval in which fewer agents could not even carry the load."""
_SLACK = 1e-9
"""A target that is met but for the rounding of a double is met."""


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be reached, all at once; None asks for nothing.

    `service_level` is reached or passed, in the variant named and within so many seconds; `asa_seconds`, `occupancy`
    and `abandon_rate` are not passed. `short_abandon_seconds` is the threshold of the variant that leaves those out.
    """

    service_level: float | None = None
    variant: ServiceLevel = ServiceLevel.OFFERED
    within_seconds: float = 20.0
    short_abandon_seconds: float = 5.0
    asa_seconds: float | None = None
    occupancy: float | None = None
    abandon_rate: float | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of what is asked for."""
        return tuple(
            name
            for name in ("service_level", "asa_seconds", "occupancy", "abandon_rate")
            if getattr(self, name) is not None
        )


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What comes in one interval. Without a patience everybody waits as long as it takes; `start` is but a label."""

    contacts: float
    interval_seconds: float
    aht_seconds: float
    patience_seconds: float | None = None
    start: str | None = None

    @property
    def load(self) -> float:
        """Offered load in Erlangs: agents who would be busy if nobody had to wait or left."""
        return self.contacts * self.aht_seconds / self.interval_seconds


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What so many agents would bring about. Service levels are for the time that the targets name."""

    agents: int
    sl_offered: float
    sl_answered: float
    sl_abandon_credit: float
    sl_excl_short: float
    p_wait: float
    """Share that finds no agent free."""
    asa_seconds: float
    """Mean wait of the answered."""
    wait_p95_seconds: float
    """What 95 % of all contacts do not wait longer than, answered or not."""
    abandon_rate: float
    occupancy: float


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """What one interval needs: `agents` at the desk, `scheduled` with those who are paid but not at the desk.

    `limited_by` are the targets that one agent less would miss, or the load. `one_less` is null where that is nobody
    at all, or where the queue would grow without end; `expected` is null where nothing comes in.
    """

    start: str | None
    contacts: float
    aht_seconds: float
    load: float
    agents: int
    scheduled: int
    limited_by: tuple[str, ...]
    expected: Expected | None
    one_less: Expected | None


class PlanTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All intervals together; hours are agents times the length of the interval."""

    contacts: float
    most_agents: int
    most_scheduled: int
    agent_hours: float
    scheduled_hours: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals in the order given, and their sums. `model` is erlang_c, or erlang_a where there is a patience."""

    model: str
    targets: Targets
    interval_seconds: float
    patience_seconds: float | None
    shrinkage: float
    total: PlanTotal
    intervals: list[Staffing]


def staff(demand: Demand, targets: Targets, shrinkage: float = 0.0) -> Staffing | None:
    """The least number of agents that reaches every target; None if `MOST_AGENTS` do not.

    `shrinkage` is the share of paid time, from 0 up to, not including, 1, that is not spent at the desk.
    """
    agents = (
        _least(lambda n: _misses(demand, targets, n) == (), math.ceil(demand.load)) if demand.contacts > _SLACK else 0
    )
    if agents is None:
        return None
    return Staffing(
        start=demand.start,
        contacts=demand.contacts,
        aht_seconds=demand.aht_seconds,
        load=demand.load,
        agents=agents,
        scheduled=scheduled(agents, shrinkage),
        limited_by=_misses(demand, targets, agents - 1) if agents > 1 else (),
        expected=_expected(demand, targets, agents),
        one_less=_expected(demand, targets, agents - 1),
    )


def plan(demands: Sequence[Demand], staffed: Sequence[Staffing], targets: Targets, shrinkage: float) -> Plan:
    """What was found for each of the demands, which are one or more and alike in length and patience."""
    hours = demands[0].interval_seconds / 3600
    total = PlanTotal(
        contacts=math.fsum(each.contacts for each in staffed),
        most_agents=max(each.agents for each in staffed),
        most_scheduled=max(each.scheduled for each in staffed),
        agent_hours=hours * sum(each.agents for each in staffed),
        scheduled_hours=hours * sum(each.scheduled for each in staffed),
    )
    return Plan(
        model="erlang_c" if demands[0].patience_seconds is None else "erlang_a",
        targets=targets,
        interval_seconds=demands[0].interval_seconds,
        patience_seconds=demands[0].patience_seconds,
        shrinkage=shrinkage,
        total=total,
        intervals=list(staffed),
    )


def beyond(demand: Demand) -> str:
    """What to say of a demand for which `staff` finds no number."""
    return f"a load of {demand.load:,.10g} Erlangs needs more than {MOST_AGENTS:,} agents to reach the targets"


def scheduled(agents: int, shrinkage: float) -> int:
    """How many are to be scheduled so that so many are at the desk: agents / (1 - shrinkage), rounded up."""
    return math.ceil(agents / (1 - shrinkage) * (1 - _SLACK))


def _least(suffices: Callable[[int], bool], guess: int) -> int | None:
    """The least number from 1 to `MOST_AGENTS` that suffices, where all above one that suffices do too.

    Strides up from the guess double: what is looked for lies within a few square roots of the load.
    """
    low, high, stride = 0, max(1, min(guess, MOST_AGENTS)), max(1, math.isqrt(guess))
    while not suffices(high):
        if high == MOST_AGENTS:
            return None
        low, high, stride = high, min(high + stride, MOST_AGENTS), 2 * stride
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def _system(demand: Demand, agents: int) -> ErlangA | ErlangC | None:
    """The steady state, None where there is none."""
    rate = demand.contacts / demand.interval_seconds
    if demand.patience_seconds is not None and agents > 0:
        return erlang_a(agents, rate, demand.aht_seconds, demand.patience_seconds)
    return erlang_c(agents, rate, demand.aht_seconds) if agents > rate * demand.aht_seconds else None


def _misses(demand: Demand, targets: Targets, agents: int) -> tuple[str, ...]:
    """The targets that so many agents do not reach."""
    system = _system(demand, agents)
    if system is None:
        return (LOAD,)
    missed = []
    wanted = targets.service_level
    if wanted is not None and _level(system, targets.variant, targets) < wanted * (1 - _SLACK):
        missed.append("service_level")
    for name, most, value in (
        ("asa_seconds", targets.asa_seconds, system.asa_seconds),
        ("occupancy", targets.occupancy, system.occupancy),
        ("abandon_rate", targets.abandon_rate, system.p_abandon),
    ):
        if most is not None and value > most * (1 + _SLACK):
            missed.append(name)
    return tuple(missed)


def _level(system: ErlangA | ErlangC, variant: ServiceLevel, targets: Targets) -> float:
    return service_level(system, variant, targets.within_seconds, targets.short_abandon_seconds)


def _expected(demand: Demand, targets: Targets, agents: int) -> Expected | None:
    system = _system(demand, agents)
    if system is None:
        return None
    levels = {variant.value: _level(system, variant, targets) for variant in ServiceLevel}
    return Expected(
        agents=agents,
        p_wait=system.p_wait,
        asa_seconds=system.asa_seconds,
        wait_p95_seconds=system.wait_percentile(0.95),
        abandon_rate=system.p_abandon,
        occupancy=system.occupancy,
        **levels,
    )
