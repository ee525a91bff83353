"""Measuring windows of customers' usage, many customers, instants and windows by one statement."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.usage.windows import Measured, Window

# A window is measured over the customer and all who were merged into them. They are looked at one by one (offset 0
# keeps it so), for only then does the primary key lead to them whatever the planner knows of a month that has just
# begun; by the other index it would read all that others did, too. The last two bounds leave other months alone.
_MEASURE = text("""
    select a.place as asked, w.place as wanted, m.*
    from unnest(cast(:customers as uuid[]), cast(:instants as timestamptz[])) with ordinality
         as a(customer_id, as_of, place)
    cross join unnest(cast(:kinds as text[]), cast(:seconds as float8[])) with ordinality as w(kind, seconds, place)
    cross join lateral (
        select count(*) as events, count(*) filter (where e.late) as late_events,
               coalesce(sum(e.value), 0.0) as total, avg(e.value) as average, min(e.value) as least,
               max(e.value) as most,
               (array_agg(e.value order by e.counts_at desc, e.event_id desc) filter (where e.value is not null))[1]
               as last,
               avg(e.value) filter (where not e.late) as early_average,
               avg(e.value) filter (where e.late) as late_average
        from (select a.customer_id as id
              union all select c.id from customers c where c.merged_into = a.customer_id) member
        cross join lateral (
            select u.value, u.counts_at, u.event_id,
                   u.counts_at > a.as_of - make_interval(secs => w.seconds / 2) as late
            from usage_events u
            where u.customer_id = member.id and u.kind = w.kind
              and u.counts_at > a.as_of - make_interval(secs => w.seconds) and u.counts_at <= a.as_of
              and u.counts_at > :since and u.counts_at <= :until
            offset 0) e
    ) m where m.events > 0""")
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
    if not asked or not windows:
        return {}
    wanted = sorted(windows)
    longest = timedelta(seconds=max(window.seconds for window in wanted))
    rows = await session.execute(
        _MEASURE,
        {
            "customers": [each.customer_id for each in asked],
            "instants": [each.as_of for each in asked],
            "kinds": [window.kind for window in wanted],
            "seconds": [window.seconds for window in wanted],
            "since": min(each.as_of for each in asked) - longest,
            "until": max(each.as_of for each in asked),
        },
    )
    found: dict[Asked, dict[Window, Measured]] = defaultdict(dict)
    for place, window, *measured in rows:
        found[asked[place - 1]][wanted[window - 1]] = Measured(*measured)
    return found


async def customers(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """What conditions may ask of customers, and their names; only of those who are active and stand for themselves."""
    return {row["id"]: dict(row) for row in (await session.execute(_CUSTOMERS, {"ids": list(ids)})).mappings()}
