"""The targets, and what a run says to each of them."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import msgspec

from app.bench.calls import Calls
from app.bench.calls_report import call_targets
from app.bench.decisions import Decisions, Speed
from app.bench.feeds import Feeds
from app.bench.feeds_report import feed_targets
from app.bench.growth import Growth
from app.bench.hooks import OURS
from app.bench.plan import Results
from app.bench.profiles import Profiled, profile_targets
from app.bench.theory import Agreement

COMMANDS_WANTED = 5000
TIMES_A_WANTED = 1.5
TIMES_B_WANTED = 5.0
POP_RATE = 100.0
LONE_COMMITS_ALLOWED = 10.0
GROWTH_ALLOWED = 2.0
DECISIONS_WANTED = 20_000
DECISIONS_AT = (1000, 1000)
DECISION_ALLOWED = 0.001
DECISION_AT = (10_000, 10_000)
OUTSIDE_ALLOWED = 0.1
"""The share of figures that may lie outside their interval; one in twenty does by chance."""
DISTANCE_ALLOWED = 2.0


class Verdict(msgspec.Struct, frozen=True):
    """One target: what is wanted and what was measured, in words; whether it is met; what else tells why."""

    target: str
    wanted: str
    measured: str
    met: bool
    shares: Mapping[str, float] = {}


def verdicts(told: Results) -> list[Verdict]:
    """All targets that this run has measured."""
    return [
        *_floor(told),
        *_webhooks(told),
        *_pops(told),
        *_growth(told),
        *decision_verdicts(told.decisions),
        *theory_verdicts(told.theory),
        *call_verdicts(told.calls),
        *profile_verdicts(told.profiles),
        *feed_verdicts(told.feeds),
    ]


def lone_commit(told: Results) -> float:
    """The median over the run of a lone commit of the floor, in seconds."""
    return median(each.floor for each in told.lone)


def lone_insert(told: Results) -> float:
    """The same of a bare insert of one row."""
    return median(each.insert for each in told.lone)


def _floor(told: Results) -> Iterator[Verdict]:
    best = max(told.paces, key=lambda pace: pace.per_second)
    yield Verdict(
        "(a) floor alone",
        f"at least {COMMANDS_WANTED:,} commands/s",
        f"{best.per_second:,.0f} commands/s with {best.callers} callers",
        best.per_second >= COMMANDS_WANTED,
        {"floor and its callers": best.own_share},
    )


def _webhooks(told: Results) -> Iterator[Verdict]:
    hooks = told.hooks
    for yardstick, wanted in (("A", TIMES_A_WANTED), ("B", TIMES_B_WANTED)):
        ratio = hooks.ratio(OURS, yardstick)
        yield Verdict(
            f"(b) webhooks beside {yardstick}",
            f"at least {wanted:g} times its events/s",
            f"{ratio:.2f} times ({hooks.per_second(OURS):,.0f} to {hooks.per_second(yardstick):,.0f})",
            ratio >= wanted,
            hooks.shares(OURS),
        )


def _pops(told: Results) -> Iterator[Verdict]:
    for each in told.pops:
        if each.calls_per_second == POP_RATE:
            times = each.latency.p99 / lone_commit(told)
            yield Verdict(
                f"(c) screen pop at {POP_RATE:g} calls/s, p99",
                f"at most {LONE_COMMITS_ALLOWED:g} lone commits",
                f"{times:.1f} lone commits ({each.latency.p99 * 1e3:.1f} ms to {lone_commit(told) * 1e3:.2f} ms)",
                times <= LONE_COMMITS_ALLOWED,
                each.shares,
            )


def _growth(told: Results) -> Iterator[Verdict]:
    for what, growth in (("agents", told.by_agents), ("waiting callers", told.by_waiting)):
        for kind, times in (("time per command", growth.slower), ("time to the screen pop", growth.later)):
            yield Verdict(
                f"(d) {kind}, {_from_to(growth)} {what}",
                f"less than {GROWTH_ALLOWED:g} times",
                f"{times:.2f} times",
                times < GROWTH_ALLOWED,
            )


def decision_verdicts(told: Decisions) -> Iterator[Verdict]:
    """The slowest scene of the size that is meant counts."""
    some = told.at(*DECISIONS_AT)
    if some:
        slowest = min(some, key=lambda each: each.per_second)
        yield Verdict(
            f"(e) decisions, {_size(slowest)}",
            f"at least {DECISIONS_WANTED:,}/s",
            f"{slowest.per_second:,.0f}/s ({slowest.scene})",
            slowest.per_second >= DECISIONS_WANTED,
        )
    many = told.at(*DECISION_AT)
    if many:
        slowest = max(many, key=lambda each: each.latency.p99)
        yield Verdict(
            f"(e) a decision, {_size(slowest)}, p99",
            f"less than {DECISION_ALLOWED * 1e3:g} ms",
            f"{slowest.latency.p99 * 1e3:.2f} ms ({slowest.scene})",
            slowest.latency.p99 < DECISION_ALLOWED,
        )


def theory_verdicts(told: Sequence[Agreement]) -> Iterator[Verdict]:
    """As many within as chance allows, and none far off."""
    if not told:
        return
    within = sum(each.within for each in told)
    yield Verdict(
        "(f) theory within the simulation's 95 % interval",
        f"at least {1 - OUTSIDE_ALLOWED:.0%} of the figures",
        f"{within} of {len(told)}",
        within >= (1 - OUTSIDE_ALLOWED) * len(told),
    )
    farthest = max(told, key=lambda each: each.distance)
    yield Verdict(
        "(f) theory, the figure farthest off",
        f"at most {DISTANCE_ALLOWED:g} half-widths of the interval",
        f"{farthest.distance:.2f} half-widths ({farthest.figure}; {farthest.model})",
        farthest.distance <= DISTANCE_ALLOWED,
    )


def call_verdicts(told: Calls | str) -> Iterator[Verdict]:
    """Over a real Asterisk, where there is one."""
    yield from (Verdict(*each) for each in call_targets(told))


def feed_verdicts(told: Feeds) -> Iterator[Verdict]:
    """How quickly customers of files are there."""
    yield from (Verdict(*each) for each in feed_targets(told))


def profile_verdicts(told: Profiled) -> Iterator[Verdict]:
    """Of reading one customer among many."""
    yield from (Verdict(*each) for each in profile_targets(told))


def _size(speed: Speed) -> str:
    return f"{speed.agents:,} agents and {speed.waiting:,} waiting"


def _from_to(growth: Growth) -> str:
    return f"{growth.sizes[0].count:,} to {growth.sizes[-1].count:,}"
