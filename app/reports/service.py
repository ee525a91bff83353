"""The queue report: counts and metrics for each queue and interval, for each queue, and for all."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, pairwise

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.db.patience import at_most
from app.reports.intervals import Period
from app.reports.metrics import Counts, Metrics, added, measure
from app.reports.queries import REMOVED, Found, Rules, cells, count_handled, count_stays, queue_rules

MAX_CELLS = 20_000
MOST_AT_ONCE = 5000
"""How many agents a page has at most, whatever room there is."""

MOST_SECONDS = 60
"""How long the database may count for one report; who asks over HTTP has often given up by then."""


class TooMuch(Invalid):
    """The report would take longer than anybody waits."""

    def __init__(self, of: str = "queues") -> None:
        what, accepted = "takes the database too long to count", f"a shorter period, or fewer {of}"
        fault = {"where": "query.from", "what": what, "accepted": accepted}
        super().__init__(f"This report {what}; accepted: {accepted}", faults=[fault])


class QueueUnknown(NotFound):
    """No queue of that id is or was there."""

    code = "queue-unknown"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and what is read off them."""

    offered: int
    counts: Counts
    metrics: Metrics


class IntervalFigures(Figures, frozen=True, kw_only=True):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


class QueueFigures(msgspec.Struct, frozen=True):
    """One queue; `name` is None if it has been removed. The total is the sum of the intervals."""

    queue: str
    name: str | None
    service_level_seconds: float
    short_abandon_seconds: float
    total: Figures
    intervals: list[IntervalFigures]


class QueueReport(msgspec.Struct, frozen=True):
    """The whole report. The total is the sum of the queues."""

    start: datetime
    end: datetime
    interval: str
    time_zone: str
    total: Figures
    queues: list[QueueFigures]


async def queue_report(
    session: AsyncSession,
    period: Period,
    *,
    queues: Sequence[str] | None = None,
    target: float | None = None,
    short: float | None = None,
) -> QueueReport:
    """The report of a period for all queues or the named ones.

    `target` and `short` (seconds) replace each queue's own; either way they apply to the past as well. Raises
    QueueUnknown, Invalid where queues times intervals are more than MAX_CELLS, and TooMuch.
    """
    edges = period.edges()
    rules = [_overridden(rule, target, short) for rule in await queue_rules(session, queues)]
    removed = _overridden(REMOVED, target, short)
    begun = time.monotonic()
    try:
        async with at_most(session, MOST_SECONDS):
            stays = await count_stays(session, edges, queues, rules, removed)
        async with at_most(session, MOST_SECONDS - (time.monotonic() - begun)):
            handled = await count_handled(session, edges, queues)
    except TimeoutError as error:
        raise TooMuch from error
    return await asyncio.to_thread(_told, period, edges, (*rules, removed), queues, stays, handled)


def _told(
    period: Period,
    edges: Sequence[datetime],
    rules: Sequence[Rules],
    asked: Sequence[str] | None,
    stays: Found,
    handled: Found,
) -> QueueReport:
    """The report of what was found, a thread's work; the last of the rules are those of removed queues."""
    *present, removed = rules
    both = (cells(stays), cells(handled))
    gone = {queue for queue, _ in chain(*both)} - {rule.queue for rule in present}
    every = sorted((*present, *(removed._replace(queue=queue) for queue in gone)))
    _check(every, asked, len(edges) - 1)
    told = [
        _of_queue(rule, edges, [added([some[at] for some in both if at in some]) for at in _cells_of(rule, edges)])
        for rule in every
    ]
    total = _sum([queue.total.counts for queue in told])
    return QueueReport(period.start, period.end, str(period.interval), period.zone.key, total, told)


def _overridden(rule: Rules, target: float | None, short: float | None) -> Rules:
    return rule._replace(
        service_level_seconds=rule.service_level_seconds if target is None else target,
        short_abandon_seconds=rule.short_abandon_seconds if short is None else short,
    )


def _check(every: Sequence[Rules], asked: Sequence[str] | None, intervals: int) -> None:
    if missing := sorted(set(asked or ()) - {rule.queue for rule in every}):
        raise QueueUnknown(f"There is no queue {', '.join(missing)}, and nothing of it in this period.", queues=missing)
    ensure_room(len(every), "queues", intervals)


def room(intervals: int) -> int:
    """How many agents there is room for on a page, 0 where there is none even for one."""
    return min(MAX_CELLS // intervals, MOST_AT_ONCE)


def ensure_room(number: int, of: str, intervals: int) -> None:
    """Raises Invalid where so many (queues, or agents) in so many intervals are more than MAX_CELLS."""
    if number * intervals > MAX_CELLS:
        most = room(intervals) if of == "agents" else 0
        less = f"fewer {of}" + (f" (such as a page of {most} of them: limit={most})" if most else "")
        fault = {
            "where": "query.interval",
            "what": f"{number} {of} in {intervals} intervals are too much for one report",
            "accepted": f"at most {MAX_CELLS} in all: {less}, a shorter period or a wider interval",
        }
        raise Invalid(f"{fault['what']}; accepted: {fault['accepted']}", faults=[fault])


def _cells_of(rule: Rules, edges: Sequence[datetime]) -> list[tuple[str, int]]:
    return [(rule.queue, place) for place in range(len(edges) - 1)]


def _of_queue(rule: Rules, edges: Sequence[datetime], counts: Sequence[Counts]) -> QueueFigures:
    intervals = [
        IntervalFigures(start=start, end=end, offered=one.offered, counts=one, metrics=measure(one))
        for (start, end), one in zip(pairwise(edges), counts, strict=True)
    ]
    return QueueFigures(*rule, _sum(counts), intervals)


def _sum(parts: Sequence[Counts]) -> Figures:
    counts = added(parts)
    return Figures(offered=counts.offered, counts=counts, metrics=measure(counts))
