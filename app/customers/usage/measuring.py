"""Measuring windows of customers' usage, many customers, instants and windows at once.

Who is asked of at few instants is measured by the database. Of whom many instants are asked, as after late events, the
events are read once and all windows measured from them: else each window would read them again at each instant.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.usage.giving_way import Steps
from app.customers.usage.series import Series
from app.customers.usage.windows import Measured, Window

FEW = 1
"""At no more instants of a customer than so many the database measures."""

WINDOWS_AT_ONCE = 4_000
SERIES_AT_ONCE = 100
"""So many windows are measured, so many customers' events of a kind read, by one statement."""

STEPS = 1_000

# A window is measured over the customer and all who were merged into them. They are looked at one by one (offset 0
# keeps it so), for only then does the primary key lead to them whatever the planner knows of a month that has just
# begun; by the other index it would read all that others did, too. The last two bounds leave other months alone.
_EVENTS = """(select a.customer_id as id
                    union all select c.id from customers c where c.merged_into = a.customer_id) member
              cross join lateral (
                  select e.value, e.counts_at, e.event_id from usage_events e
                  where e.customer_id = member.id and e.kind = a.kind
                    and e.counts_at > a.since and e.counts_at <= a.until
                    and e.counts_at > :since and e.counts_at <= :until
                  offset 0) u"""
_MEASURE = text(f"""
    select a.place, m.*
    from (select *, until - make_interval(secs => seconds) as since
          from unnest(cast(:customers as uuid[]), cast(:instants as timestamptz[]), cast(:kinds as text[]),
                      cast(:seconds as float8[])) with ordinality as g(customer_id, until, kind, seconds, place)) a
    cross join lateral (
        select count(*) as events, count(*) filter (where e.late) as late_events,
               coalesce(sum(e.value), 0.0) as total, avg(e.value) as average, min(e.value) as least,
               max(e.value) as most,
               (array_agg(e.value order by e.counts_at desc, e.event_id desc) filter (where e.value is not null))[1]
               as last,
               avg(e.value) filter (where not e.late) as early_average,
               avg(e.value) filter (where e.late) as late_average
        from (select u.value, u.counts_at, u.event_id,
                     u.counts_at > a.until - make_interval(secs => a.seconds / 2) as late
              from {_EVENTS}) e
    ) m where m.events > 0""")  # noqa: S608 - a constant
_SERIES = text(f"""
    select a.place, m.instants, m.values
    from unnest(cast(:customers as uuid[]), cast(:kinds as text[]), cast(:sinces as timestamptz[]),
                cast(:untils as timestamptz[])) with ordinality as a(customer_id, kind, since, until, place)
    cross join lateral (
        select array_agg(u.counts_at order by u.counts_at, u.event_id) as instants,
               array_agg(u.value order by u.counts_at, u.event_id) as values
        from {_EVENTS}
    ) m where m.instants is not null""")  # noqa: S608 - a constant
_CUSTOMERS = text("""
    select c.id, c.name, coalesce(c.tier_id, '') as tier, c.kind, coalesce(c.language, '') as language,
           c.segments || c.computed_segments as segments
    from customers c where c.id = any(cast(:ids as uuid[])) and c.active and c.merged_into is null""")


class Asked(NamedTuple):
    """A customer (who stands for themselves) at an instant."""

    customer_id: UUID
    as_of: datetime


Measurements = Mapping[Asked, Mapping[Window, Measured]]


async def measure(session: AsyncSession, asked: Sequence[Asked], windows: Collection[Window]) -> Measurements:
    """What all `windows` come to for each that is asked; empty windows are left out."""
    return await measure_each(session, dict.fromkeys(asked, windows))


async def measure_each(session: AsyncSession, wanted: Mapping[Asked, Collection[Window]]) -> Measurements:
    """What its windows come to for each that is asked; empty windows are left out."""
    by_customer: dict[UUID, list[Asked]] = defaultdict(list)
    for each in wanted:
        by_customer[each.customer_id].append(each)
    found: dict[Asked, dict[Window, Measured]] = defaultdict(dict)
    few = [(each, window) for every in by_customer.values() if len(every) <= FEW for each in every
           for window in wanted[each]]  # fmt: skip
    for start in range(0, len(few), WINDOWS_AT_ONCE):
        await _measure(session, sorted(few[start : start + WINDOWS_AT_ONCE]), found)
    many = await _by_kind(wanted, [every for every in by_customer.values() if len(every) > FEW])
    for start in range(0, len(many), SERIES_AT_ONCE):
        await _fold(session, many[start : start + SERIES_AT_ONCE], found)
    return found


async def customers(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """What conditions may ask of customers, and their names; only of those who are active and stand for themselves."""
    return {row["id"]: dict(row) for row in (await session.execute(_CUSTOMERS, {"ids": list(ids)})).mappings()}


_Found = dict[Asked, dict[Window, Measured]]
_OfKind = tuple[UUID, str, list[tuple[Asked, Window]]]


async def _measure(session: AsyncSession, wanted: Sequence[tuple[Asked, Window]], found: _Found) -> None:
    rows = await session.execute(
        _MEASURE,
        {
            "customers": [each.customer_id for each, _ in wanted],
            "instants": [each.as_of for each, _ in wanted],
            "kinds": [window.kind for _, window in wanted],
            "seconds": [window.seconds for _, window in wanted],
            "since": min(_since(each, window) for each, window in wanted),
            "until": max(each.as_of for each, _ in wanted),
        },
    )
    for place, *measured in rows:
        each, window = wanted[place - 1]
        found[each][window] = Measured(*measured)


async def _by_kind(wanted: Mapping[Asked, Collection[Window]], customers: Sequence[Sequence[Asked]]) -> list[_OfKind]:
    """What is asked of each customer and kind."""
    found, steps = list[_OfKind](), Steps(STEPS)
    for every in customers:
        kinds: dict[str, list[tuple[Asked, Window]]] = defaultdict(list)
        for each in every:
            for window in wanted[each]:
                kinds[window.kind].append((each, window))
            await steps.take(len(wanted[each]))
        found += [(every[0].customer_id, kind, pairs) for kind, pairs in kinds.items()]
    return found


async def _fold(session: AsyncSession, wanted: Sequence[_OfKind], found: _Found) -> None:
    sinces = [min(_since(each, window) for each, window in pairs) for _, _, pairs in wanted]
    untils = [max(each.as_of for each, _ in pairs) for _, _, pairs in wanted]
    given = {
        "customers": [customer_id for customer_id, _, _ in wanted],
        "kinds": [kind for _, kind, _ in wanted],
        "sinces": sinces,
        "untils": untils,
        "since": min(sinces),
        "until": max(untils),
    }
    steps = Steps(STEPS)
    for place, instants, values in await session.execute(_SERIES, given):
        await steps.take(len(instants))
        series = Series(instants, values)
        for each, window in wanted[place - 1][2]:
            measured = series.measured(each.as_of, window.seconds)
            if measured.events:
                found[each][window] = measured
            await steps.take()


def _since(each: Asked, window: Window) -> datetime:
    return each.as_of - timedelta(seconds=window.seconds)
