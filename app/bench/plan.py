"""What a run measures, and what comes of it."""

import msgspec

from app.bench.calls import Calls
from app.bench.core import Pace
from app.bench.decisions import Decisions
from app.bench.feeds import Feeds
from app.bench.flows import Flows
from app.bench.growth import Growth
from app.bench.hooks import Hooks
from app.bench.machine import Machine
from app.bench.pops import Pops
from app.bench.profiles import Profiled
from app.bench.theory import Agreement


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured, and for how long (seconds)."""

    agents: int = 1000
    customers: int = 20_000
    callers: tuple[int, ...] = (1, 10, 100, 1000)
    core_seconds: float = 4.0
    warm_up: float = 1.0
    lone_seconds: float = 1.5
    inserts: int = 1000
    connections: int = 128
    hook_rounds: int = 5
    hook_seconds: float = 2.5
    rates: tuple[float, ...] = (20.0, 100.0, 200.0)
    pop_seconds: float = 18.0
    growing_agents: tuple[int, ...] = (100, 1000, 10_000)
    growing_waiting: tuple[int, ...] = (10, 100, 10_000)
    growth_rounds: int = 3
    growth_seconds: float = 1.5
    growth_pops: int = 100
    deciding_agents: tuple[int, ...] = (100, 1000, 10_000)
    deciding_waiting: tuple[int, ...] = (0, 1000, 10_000)
    deciding_seconds: float = 0.4
    deciding_beside: tuple[int, int] = (1000, 1000)
    deciding_rounds: int = 3
    theory_contacts: int = 400_000
    theory_seconds: float = 15.0
    flow_rates: tuple[float, ...] = (50.0, 200.0)
    flow_seconds: float = 8.0
    phones: int = 400
    phone_rates: tuple[float, ...] = (5.0, 20.0, 50.0, 100.0)
    phone_seconds: float = 20.0
    phones_saturated: tuple[float, float] = (20.0, 20.0)
    """Calls a second, and for how long, where there are too few agents."""
    feed_rows: int = 60_000
    bulk_rows: int = 200_000
    many_customers: int = 1_000_000
    many_contacts: int = 10_000_000
    many_reads: int = 2_050


class Lone(msgspec.Struct, frozen=True):
    """Median seconds of a commit with nothing else going on: of the floor, and of a bare insert of one row."""

    floor: float
    insert: float


class Results(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    plan: Plan
    machine: Machine
    began_at: float
    took: float
    lone: list[Lone]
    paces: list[Pace]
    by_agents: Growth
    by_waiting: Growth
    hooks: Hooks
    pops: list[Pops]
    decisions: Decisions
    theory: list[Agreement]
    flows: Flows
    calls: Calls | str
    """Over a real Asterisk; or why there is none."""
    feeds: Feeds
    profiles: Profiled
