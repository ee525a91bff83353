"""Usage events arrive: they are kept, and the rules that they concern are held against the customers they touch."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.core.errors import Invalid
from app.core.wire import fault
from app.customers.usage.alerting import Alerted, alert, take_turns
from app.customers.usage.given import GivenEvent, Refused, read_batch
from app.customers.usage.measuring import Asked
from app.customers.usage.reconsidering import reconsider
from app.customers.usage.storing import Stored, store
from app.customers.usage.watching import Watched, matches, watched
from app.db.engine import WriteSession

LOOKED_BACK = timedelta(days=3)
"""A rule that held at an instant longer ago, as late events tell, alerts nobody: it is too late to do anything. Late
events still count in every window that reaches them."""

MOST_INSTANTS = 50
"""At so many instants, the latest, rules are held against one customer after one batch."""

TOLD = 100

# A late event changes the windows of all that were there already and came after it. The latest are taken of each member
# first, for only so is the primary key the way to them whatever the planner thinks of a month that has just begun.
_INSTANTS = text("""
    select g.place, latest.counts_at
    from unnest(cast(:ids as uuid[]), cast(:since as timestamptz[]), cast(:until as timestamptz[])) with ordinality
         as g(id, since, until, place)
    cross join lateral (
        select distinct own.counts_at
        from (select g.id union all select c.id from customers c where c.merged_into = g.id) member(id)
        cross join lateral (
            select distinct e.counts_at from usage_events e
            where e.customer_id = member.id and e.kind = any(cast(:kinds as text[]))
              and e.counts_at >= g.since and e.counts_at <= g.until and e.counts_at >= :earliest and e.counts_at <= :now
            order by e.counts_at desc limit :most) own
        order by own.counts_at desc limit :most) latest""")


class Ahead(msgspec.Struct, frozen=True):
    """An event whose clock was too far ahead: it counts at `counts_at`, when it came."""

    line: int
    id: str
    at: datetime
    counts_at: datetime


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. `ahead` are the first of the events whose clock was too far ahead, `clock_ahead_seconds`
    tells by how much the worst was. `disproved` counts alerts that a late event showed to be wrong."""

    taken: int
    repeated: int
    refused: Sequence[Refused]
    ahead: Sequence[Ahead]
    ahead_events: int
    clock_ahead_seconds: float
    alerts_opened: int
    alerts_grown: int
    alerts_disproved: int


class Arrived(NamedTuple):
    """What became of each event, in order, and of the rules that were held."""

    stored: Sequence[Stored]
    alerted: Alerted
    disproved: int


async def arrive(
    session: WriteSession, source: str, events: Sequence[tuple[int, GivenEvent]], received_at: datetime
) -> Arrived:
    """Keep those events that are new and somebody's, and alert to what they tell."""
    stored = await store(session, source, events, received_at)
    kept = [each for each in stored if each.root is not None]
    return Arrived(stored, *(await _look(session, kept, received_at) if kept else (Alerted(), 0)))


async def take(session: WriteSession, source: str, body: bytes, received_at: datetime) -> Taken:
    """Keep the events of a batch and alert to what they tell. Raises Invalid if none of it can be taken."""
    batch = read_batch(body, received_at)
    stored, alerted, disproved = await arrive(session, source, batch.events, received_at)
    unknown = [Refused(each.line, each.event.id, [_unknown(each)]) for each in stored if each.root is None]
    refused = sorted([*batch.refused, *unknown], key=lambda each: each.line)
    kept = [each for each in stored if each.root is not None]
    if not kept:
        told = [{**each, "where": f"line {one.line}: {each['where']}"} for one in refused[:TOLD] for each in one.faults]
        raise Invalid(f"None of the {len(refused)} events was taken.", faults=told)
    ahead = [each for each in kept if each.ahead]
    return Taken(
        taken=sum(each.fresh for each in kept),
        repeated=sum(not each.fresh for each in kept),
        refused=refused,
        ahead=[Ahead(each.line, each.event.id, each.event.at, each.counts_at) for each in ahead[:TOLD]],
        ahead_events=len(ahead),
        clock_ahead_seconds=max((_ahead(each) for each in ahead), default=0.0),
        alerts_opened=alerted.opened,
        alerts_grown=alerted.grown,
        alerts_disproved=disproved,
    )


async def _look(session: WriteSession, kept: Sequence[Stored], now: datetime) -> tuple[Alerted, int]:
    """Hold the rules that ask for a kind of the new events against their customers."""
    fresh = [each for each in kept if each.fresh]
    arrived = {each.event.kind for each in fresh}
    rules = [rule for rule in await watched(session) if rule.condition.kinds & arrived]
    kinds = {kind for rule in rules for kind in rule.condition.kinds}
    touched: dict[UUID, list[datetime]] = defaultdict(list)
    for each in fresh:
        if each.event.kind in kinds and each.root is not None:
            touched[each.root].append(each.counts_at)
    if not touched:
        return Alerted(), 0
    await take_turns(session, touched)
    asked = await _instants(session, rules, touched, now)
    disproved = await reconsider(session, rules, {root: min(counts) for root, counts in touched.items()}, now)
    return await alert(session, await matches(session, rules, asked), now), disproved


async def _instants(
    session: WriteSession, rules: Sequence[Watched], touched: dict[UUID, list[datetime]], now: datetime
) -> list[Asked]:
    """When rules may have come to hold: at the events that arrived, at those after them that a window joins to them,
    and now, where the sweep has passed the instant at which one of them crosses a window already."""
    longest = timedelta(seconds=max(window.seconds for rule in rules for window in rule.condition.windows))
    earliest = now - LOOKED_BACK
    roots = list(touched)
    rows = await session.execute(
        _INSTANTS,
        {
            "ids": roots,
            "since": [min(touched[root]) for root in roots],
            "until": [min(max(touched[root]) + longest, now) for root in roots],
            "kinds": sorted({kind for rule in rules for kind in rule.condition.kinds}),
            "earliest": earliest,
            "now": now,
            "most": MOST_INSTANTS,
        },
    )
    asked = [Asked(roots[row.place - 1], row.counts_at) for row in rows]
    crossings = [crossing.seconds for rule in rules for crossing in rule.condition.crossings]
    passed = max(earliest, now - timedelta(seconds=min(crossings))) if crossings else earliest
    return asked + [Asked(root, now) for root in roots if min(touched[root]) <= passed]


def _ahead(each: Stored) -> float:
    return (each.event.at - each.counts_at).total_seconds()


def _unknown(each: Stored) -> dict[str, str]:
    event = each.event
    where = "external_id" if event.customer_id is None else "customer_id"
    return fault(
        where, f"{getattr(event, where)!s} is nobody's", "a customer who is there; send it again once they are"
    )
