"""docs/performance.md: the targets first, then everything that was measured. What people write by hand in it stays."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from app.bench.calls import Calls
from app.bench.calls_report import calls_told
from app.bench.choosing import SCAN, SQL
from app.bench.decisions import ENGINE, Decisions
from app.bench.feeds import Feeds
from app.bench.feeds_report import feeds_told
from app.bench.flows import Flows
from app.bench.growth import Growth
from app.bench.hooks import OURS, YARDSTICKS
from app.bench.plan import Results
from app.bench.profiles import Profiled, profiles_told
from app.bench.theory import Agreement
from app.bench.verdicts import (
    Verdict,
    call_verdicts,
    decision_verdicts,
    feed_verdicts,
    lone_commit,
    lone_insert,
    profile_verdicts,
    theory_verdicts,
    verdicts,
)
from app.bench.words import ms, share, table, us
from app.core.clock import utc

BEGIN, END = "<!-- by hand: what stands between these two lines is kept -->", "<!-- until here -->"
NOTHING_YET = "\n"

_WAYS = {
    OURS: "the product: signature verified, event journaled and routed, caller looked up",
    "A": "FastAPI, typed body, one row inserted with asyncpg and committed",
    "B": "the same through an ORM session, committed per request",
}
_CHOOSERS = {
    ENGINE: "the product, in memory",
    SCAN: "everybody who waits, in order, and for each everybody who is ready",
    SQL: "`order by ... limit 1 for update skip locked`, both sides changed in one statement and committed",
}


def write(told: Results, document: Path) -> None:
    """Write the document anew, keeping what was written into it by hand."""
    document.parent.mkdir(parents=True, exist_ok=True)
    kept = _kept(document.read_text(encoding="utf-8")) if document.exists() else NOTHING_YET
    document.write_text("\n".join(_lines(told, kept)) + "\n", encoding="utf-8")


def summary(told: Results) -> str:
    """The targets for a terminal."""
    return _summary(verdicts(told))


def decisions_alone(told: Decisions) -> str:
    """What there is to say of the engine alone, for a terminal."""
    return "\n".join([*_decisions(told), _summary(decision_verdicts(told))])


def theory_alone(told: Sequence[Agreement]) -> str:
    """What there is to say of the simulator against theory, for a terminal."""
    return "\n".join([*_theory(told), _summary(theory_verdicts(told))])


def calls_alone(told: Calls | str) -> str:
    """What there is to say of calls over Asterisk, for a terminal."""
    return "\n".join([*calls_told(told), _summary(call_verdicts(told))])


def feeds_alone(told: Feeds) -> str:
    """What there is to say of feeds, for a terminal."""
    return "\n".join([*feeds_told(told), _summary(feed_verdicts(told))])


def profiles_alone(told: Profiled) -> str:
    """What there is to say of profiles, for a terminal."""
    return "\n".join([*profiles_told(told), _summary(profile_verdicts(told))])


def _summary(said: Iterable[Verdict]) -> str:
    return "\n".join(f"{'met   ' if v.met else 'MISSED'}  {v.target}: {v.measured}" for v in said)


def _kept(text: str) -> str:
    _, begun, rest = text.partition(BEGIN)
    return rest.partition(END)[0] if begun else NOTHING_YET


def _lines(told: Results, kept: str) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield from _head(told)
    yield from table(
        ("target", "wanted", "measured", "met"),
        ([v.target, v.wanted, v.measured, "yes" if v.met else "**no**"] for v in verdicts(told)),
    )
    yield from _missed(verdicts(told))
    yield BEGIN + kept + END
    yield ""
    yield from _floor(told)
    yield from _webhooks(told)
    yield from _pops(told)
    yield from _growth(told)
    yield from _decisions(told.decisions)
    yield from _theory(told.theory)
    yield from _flows(told.flows)
    yield from calls_told(told.calls)
    yield from profiles_told(told.profiles)
    yield from feeds_told(told.feeds)


def _head(told: Results) -> Iterator[str]:
    it = told.machine
    yield (
        f"Written by `make bench` on {utc(told.began_at):%Y-%m-%d %H:%M} UTC; it took "
        f"{timedelta(seconds=round(told.took))}. Client, server and database share one machine: {it.processor}, "
        f"{it.cores} cores, {it.memory / 2**30:.0f} GiB; {it.system}; {it.python}; {it.database}, fsync on. "
        f"A page is on the disk after {ms(it.flush)} (fdatasync). The load average was {it.load:.1f} at the beginning."
    )
    yield ""
    yield (
        f"A lone commit of the floor takes {ms(lone_commit(told))}, a bare insert of one row "
        f"{ms(lone_insert(told))} (medians, measured {len(told.lone)} times over the run). Compared are ratios within "
        "one run; what is compared takes turns, and the median of the rounds counts."
    )
    yield ""


def _missed(all_of_them: Sequence[Verdict]) -> Iterator[str]:
    for verdict in all_of_them:
        if not verdict.met:
            busy = f"; of a core, {share(verdict.shares)}" if verdict.shares else ""
            yield f"Missed: {verdict.target}, {verdict.measured}{busy}."
            yield ""


def _floor(told: Results) -> Iterator[str]:
    yield "## (a) The floor alone"
    yield ""
    yield (
        f"Whole calls with {told.plan.agents:,} agents, submitted in the floor's own process; every command is "
        "journaled before it is answered, every order for the switch goes through the outbox to a platform that "
        "confirms at once."
    )
    yield ""
    yield from table(
        ("callers of submit", "commands/s", "median", "p99", "of a core"),
        (
            [f"{p.callers:,}", f"{p.per_second:,.0f}", ms(p.latency.median), ms(p.latency.p99), f"{p.own_share:.2f}"]
            for p in told.paces
        ),
    )


def _webhooks(told: Results) -> Iterator[str]:
    hooks = told.hooks
    yield "## (b) Webhooks over HTTP"
    yield ""
    yield (
        f"Six events a call over {hooks.connections} connections, each sending the next event when the last is "
        "answered. The same messages go to all three, which serve with the same uvicorn settings. No agent is ready: "
        "each call is placed in its queue, and the platform connects it itself."
    )
    yield ""
    yield from table(
        ("", "events/s", "rounds", "of a core"),
        (
            [
                f"{name}: {_WAYS[name]}",
                f"{hooks.per_second(name):,.0f}",
                " ".join(f"{each.per_second:,.0f}" for each in hooks.of(name)),
                share(hooks.shares(name)),
            ]
            for name in (OURS, *YARDSTICKS)
        ),
    )


def _pops(told: Results) -> Iterator[str]:
    yield "## (c) Screen pop"
    yield ""
    yield (
        f"From sending `call.offered` to the frame with the profile at the agent's socket. {told.plan.agents:,} agents "
        f"are connected, accept at once and wrap up at once; callers come independently of each other, out of "
        f"{told.plan.customers:,} customers with their history."
    )
    yield ""
    yield from table(
        ("calls/s", "pops", "median", "p95", "p99", "worst", "of a core"),
        (
            [
                f"{p.calls_per_second:g}",
                f"{p.latency.count:,}",
                *(ms(each) for each in (p.latency.median, p.latency.p95, p.latency.p99, p.latency.worst)),
                share(p.shares),
            ]
            for p in told.pops
        ),
    )


def _growth(told: Results) -> Iterator[str]:
    yield "## (d) Growth"
    yield ""
    yield (
        "The floor alone again: commands a second of 50 at once, and the time from one command to the screen pop that "
        "it causes, with nothing else going on: an arrival where agents are ready, the end of a wrap-up where callers "
        "wait."
    )
    yield ""
    for what, growth in (("agents", told.by_agents), ("waiting callers", told.by_waiting)):
        yield from table((what, "commands/s", "screen pop"), _sizes(growth))


def _sizes(growth: Growth) -> Iterator[list[str]]:
    for size in growth.sizes:
        yield [f"{size.count:,}", f"{size.per_second:,.0f}", ms(size.pop)]


def _decisions(told: Decisions) -> Iterator[str]:
    yield "## (e) Decisions"
    yield ""
    yield (
        "The engine alone, in memory: a decision is an arrival or an agent who frees, with everything that the engine "
        "must be told for it and the record of why. 50 skills, agents who all differ in four of them, 200 kinds of "
        "requirement (all seen before the clock starts), one caller in ten waits for an agent of their own. Busy: who "
        "frees takes the first they may, and one agent in five stands ready with skills that nobody asks for. The "
        "worst days: all who wait want the few experts, who are busy; or they were declined by every agent who is "
        "ready while others are on duty."
    )
    yield ""
    yield from table(
        ("agents", "waiting", "scene", "decisions/s", "median", "p99", "worst"),
        (
            [
                f"{s.agents:,}",
                f"{s.waiting:,}",
                s.scene,
                f"{s.per_second:,.0f}",
                *(us(each) for each in (s.latency.median, s.latency.p99, s.latency.worst)),
            ]
            for s in told.speeds
        ),
    )
    beside = told.beside
    yield (
        f"The same decisions, made in turn on equal scenes of {beside.agents:,} agents and {beside.waiting:,} waiting; "
        "all chose alike."
    )
    yield ""
    yield from table(
        ("", "decisions/s", "rounds", "the engine makes"),
        (
            [
                f"{name}: {way}",
                f"{beside.per_second(name):,.0f}",
                " ".join(f"{each:,.0f}" for each in beside.rounds[name]),
                f"{beside.ratio(name):,.0f} times as many" if name != ENGINE else "",
            ]
            for name, way in _CHOOSERS.items()
        ),
    )


def _theory(told: Sequence[Agreement]) -> Iterator[str]:
    yield "## (f) Theory"
    yield ""
    yield (
        "The engine under the simulator's virtual clock, beside models that queueing theory solves exactly. ± is half "
        "the 95 % confidence interval of the simulation, in which theory lies nineteen times out of twenty."
    )
    yield ""
    yield from table(
        ("model", "contacts", "figure", "theory", "simulated", "within"),
        (
            [
                each.model,
                f"{each.contacts:,}",
                each.figure,
                f"{each.theory:,.4f}",
                f"{each.simulated.value:,.4f} ± {each.simulated.half_width:,.4f}",
                "yes" if each.within else "**no**",
            ]
            for each in told
        ),
    )


def _flows(told: Flows) -> Iterator[str]:
    yield "## (g) Flows"
    yield ""
    yield (
        f"The interpreter alone takes {told.steps_per_second:,.0f} steps a second on one core. Over Twilio's dialect, "
        "from a signed webhook to the TwiML that answers it (a call rings, a key is pressed), with the event "
        "journaled; beside it as many requests of yardstick A in the same rhythm, one after the other."
    )
    yield ""
    yield from table(
        ("calls/s", "answers", "median", "p99", "worst", "A: median", "A: p99", "of a core"),
        (
            [
                f"{each.calls_per_second:g}",
                f"{each.ours.count:,}",
                ms(each.ours.median),
                ms(each.ours.p99),
                ms(each.ours.worst),
                ms(each.yardstick.median),
                ms(each.yardstick.p99),
                share(each.shares),
            ]
            for each in told.answers
        ),
    )
