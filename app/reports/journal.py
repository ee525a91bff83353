"""Where in the floor's journal a period lies, and from when on the journal and the contacts are whole."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.reports.queries import STAY

SOURCES = ("journal", "contacts")
"""Kinds of retention whose records the report of agents is counted from."""


class Stretch(NamedTuple):
    """A floor's events from one instant to a later one: `first` up to, not including, `last`, by sequence number."""

    floor: str
    first: int
    last: int


async def stretches(session: AsyncSession, since: datetime, until: datetime) -> list[Stretch]:
    """Where the period lies in each floor's journal.

    Sequence numbers follow time, so both edges are found by halving: the journal needs no index by time, which would
    make each of its commits dearer.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for floor, seq in await session.execute(_EDGES, {"moments": [since, until]}):
        found[floor].append(seq)
    return [Stretch(floor, *edges) for floor, places in found.items() for edges in pairwise(places)]


async def whole_since(session: AsyncSession, kinds: Sequence[str] = SOURCES) -> datetime | None:
    """From when on retention has let nothing go of these kinds; None where it never has. A contact goes with the month
    in which it arrived, and may have ended as long after it as a contact lives."""
    found: datetime | None = await session.scalar(_WHOLE, {"kinds": list(kinds), "stay": STAY})
    return found


_EDGES = text("""
    with recursive halving (floor, moment, low, high) as (
        select f.id, m.moment, cast(0 as bigint), f.seq + 1
        from floors f cross join unnest(cast(:moments as timestamptz[])) as m (moment)
        union all
        select h.floor, h.moment,
            case when e.at < h.moment then e.seq + 1 else h.low end,
            case when e.at < h.moment then h.high else (h.low + h.high) / 2 end
        from halving h left join lateral (
            select e.seq, e.at from events e
            where e.floor = h.floor and e.seq >= (h.low + h.high) / 2 and e.seq < h.high
            order by e.seq limit 1
        ) e on true
        where h.low < h.high
    )
    select floor, low from halving where low >= high order by floor, moment""")

_WHOLE = text("""
    select max(date_trunc('month', cutoff at time zone 'UTC') at time zone 'UTC'
        + case kind when 'contacts' then cast(:stay as interval) else interval '0' end)
    from retention_runs
    where kind = any(cast(:kinds as text[])) and (rows > 0 or cardinality(months) > 0)""")
