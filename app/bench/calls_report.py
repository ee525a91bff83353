"""(h) Calls over a real Asterisk, told: the section of the document, and the targets."""

from collections.abc import Iterator
from typing import NamedTuple

from app.bench.calls import FEW_AGENTS, OURS, QUEUE, Calls, Round
from app.bench.figures import Latency
from app.bench.words import ms, table

TIMES_WANTED = 3.0
P99_RATE, P99_WANTED = 50.0, 0.040
FREED_WANTED = 0.030


def calls_told(told: Calls | str) -> Iterator[str]:
    """The section."""
    yield "## (h) Calls over Asterisk"
    yield ""
    if isinstance(told, str):
        yield f"Left out: there is no Asterisk here, {told}."
        return
    yield (
        f"{told.asterisk}, driven over ARI, beside its own app_queue on the same Asterisk (retry 1 s, its least): the "
        "same callers at the same instants, independently of each other, and the same phones, in turns. No sound is "
        "sent. Instants are those of the packets, stamped by the kernel as a capture would be. Callfloor knows the "
        "callers, pops their profile at the agent's socket and journals everything before it rings a phone; phones "
        "answer for their agents, whose wrap-up is 0 s. Milliseconds of a core for each call are those of the whole "
        "load, until the last call is over."
    )
    yield ""
    yield (
        f"From the caller's INVITE to an agent's, {told.agents} agents of whom most are idle, 0.5 s of ringing, 2 s of "
        "talk. A and B are clients of ARI in the same language over the same connection that know neither callers nor "
        "skills: A writes nothing down, B one row:"
    )
    yield ""
    yield from table(
        ("calls/s", "", "calls", "median", "p95", "p99", "worst", "ms of a core a call"),
        ([f"{each.rate:g}", *_row(each, each.offered)] for each in told.idle),
    )
    yield (
        f"From an agent's BYE to the next INVITE at the same phone while somebody waits; {FEW_AGENTS} agents, more "
        "calls than they can take, 0.5 to 1.5 s of talk:"
    )
    yield ""
    yield from table(
        (
            "calls/s",
            "",
            "calls",
            "median",
            "p95",
            "p99",
            "worst",
            "ms of a core a call",
            "callers waited (median, p95)",
        ),
        (
            [f"{each.rate:g}", *_row(each, each.freed), f"{each.offered.median:.1f} s, {each.offered.p95:.1f} s"]
            for each in told.saturated
            if each.freed is not None
        ),
    )


def _row(each: Round, took: Latency | None) -> list[str]:
    assert took is not None, "a distribution that is told has been measured"
    lost = f" ({each.lost} lost)" if each.lost else ""
    cores = ", ".join(f"{name} {spent:.1f}" for name, spent in each.each.items() if name != "client")
    return [each.rival, f"{each.calls:,}{lost}", ms(took.median), ms(took.p95), ms(took.p99), ms(took.worst), cores]


class CallTarget(NamedTuple):
    """What is wanted, what was measured, and whether that suffices."""

    target: str
    wanted: str
    measured: str
    met: bool


def call_targets(told: Calls | str) -> Iterator[CallTarget]:
    """The targets, where calls were made."""
    if isinstance(told, str):
        return
    for ours, queue in _pairs(told.idle):
        times = ours.offered.median / queue.offered.median
        yield CallTarget(
            f"(h) to the agent's phone at {ours.rate:g} calls/s, median",
            f"at most {TIMES_WANTED:g} times app_queue's",
            f"{times:.2f} times ({ms(ours.offered.median)} to {ms(queue.offered.median)})",
            times <= TIMES_WANTED and not ours.lost,
        )
        if ours.rate == P99_RATE:
            yield CallTarget(
                f"(h) to the agent's phone at {ours.rate:g} calls/s, p99",
                f"less than {P99_WANTED * 1e3:g} ms",
                f"{ms(ours.offered.p99)} (app_queue: {ms(queue.offered.p99)})",
                ours.offered.p99 < P99_WANTED and not ours.lost,
            )
    for ours, queue in _pairs(told.saturated):
        if ours.freed is not None and queue.freed is not None:
            yield CallTarget(
                "(h) from hanging up to the next call, too few agents, median",
                f"at most {FREED_WANTED * 1e3:g} ms",
                f"{ms(ours.freed.median)} (app_queue: {ms(queue.freed.median)})",
                ours.freed.median <= FREED_WANTED and not ours.lost,
            )


def _pairs(rounds: list[Round]) -> Iterator[tuple[Round, Round]]:
    of = {(each.rival, each.rate): each for each in rounds}
    yield from ((each, of[QUEUE, rate]) for (rival, rate), each in of.items() if rival == OURS)
