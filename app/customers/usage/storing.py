"""Writing usage events: each counts once, whoever tells it again, and belongs to whom it names."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.customers.usage.given import Counted, GivenEvent, counted
from app.db.engine import WriteSession
from app.db.partitions import ensure_partitions, month_of, partition_name

PARENT = "usage_events"

TOGETHER = 1_000
"""So many are written by one statement: the driver looks at each value of its lists, and no call moves meanwhile."""

# in the order of the ids, so that two batches that hold the same events wait for each other instead of deadlocking
_STORE = text("""
    with given as materialized (
        select g.*, o.id as owner, coalesce(o.merged_into, o.id) as root
        from unnest(cast(:places as int[]), cast(:ids as text[]), cast(:kinds as text[]), cast(:ats as timestamptz[]),
                    cast(:counts as timestamptz[]), cast(:aheads as boolean[]), cast(:customers as uuid[]),
                    cast(:externals as text[]), cast(:systems as text[]), cast(:vals as float8[]),
                    cast(:details as text[]))
             as g(place, event_id, kind, at, counts_at, ahead, customer_id, external_id, system, value, details)
        left join customers x on g.customer_id is null and g.system is null and x.external_id = g.external_id
        left join customer_external_ids s on g.customer_id is null and x.id is null
            and s.system = coalesce(g.system, :source) and s.external_id = g.external_id
        left join customers o on o.id = coalesce(g.customer_id, x.id, s.customer_id)
    ), fresh as (
        insert into usage_event_ids (source, event_id, counts_at)
        select :source, event_id, counts_at from given where owner is not null order by event_id collate "C"
        on conflict do nothing returning event_id
    ), stored as (
        insert into usage_events
            (customer_id, kind, counts_at, source, event_id, at, received_at, ahead, value, details)
        select g.owner, g.kind, g.counts_at, :source, g.event_id, g.at, :received, g.ahead, g.value,
               cast(g.details as jsonb)
        from given g join fresh using (event_id)
    )
    select g.place, g.root, f.event_id is not null as fresh from given g left join fresh f using (event_id)""")
_MISSING = text("""
    select n.name from unnest(cast(:names as text[])) as n(name) where to_regclass(n.name) is null order by 1""")


class Stored(NamedTuple):
    """What became of an event: of whom it is (those who were merged count for who survives), whether it is new."""

    event: GivenEvent
    line: int
    counts_at: datetime
    ahead: bool
    root: UUID | None
    fresh: bool


async def store(
    session: WriteSession, source: str, events: Sequence[tuple[int, GivenEvent]], received_at: datetime
) -> list[Stored]:
    """Keep what is new of the events of `source`, and tell what became of each, in order; of one that is there twice
    the first counts. Where `root` is None nobody is known by what it says, and nothing was kept."""
    first, when, months = await asyncio.to_thread(_looked_through, events, received_at)
    await _ensure_months(session, months)
    unique = sorted(first.values(), key=lambda place: events[place][1].id)  # as each statement writes them
    known: dict[int, Any] = {}
    for begin in range(0, len(unique), TOGETHER):
        places = unique[begin : begin + TOGETHER]
        given = [events[place][1] for place in places]
        rows = await session.execute(
            _STORE,
            {
                "source": source,
                "received": received_at,
                "places": places,
                "ids": [event.id for event in given],
                "kinds": [event.kind for event in given],
                "ats": [event.at for event in given],
                "counts": [when[place].counts_at for place in places],
                "aheads": [when[place].ahead for place in places],
                "customers": [event.customer_id for event in given],
                "externals": [event.external_id for event in given],
                "systems": [event.system for event in given],
                "vals": [event.value for event in given],
                "details": [msgspec.json.encode(event.details).decode() if event.details else None for event in given],
            },
        )
        known |= {row.place: row for row in rows}
    return [
        Stored(event, line, *when[place], known[first[event.id]].root, place in known and known[place].fresh)
        for place, (line, event) in enumerate(events)
    ]


def _looked_through(
    events: Sequence[tuple[int, GivenEvent]], received_at: datetime
) -> tuple[dict[str, int], list[Counted], list[datetime]]:
    """At what place each id is first, when each event counts, and of what months they are. This takes a while."""
    first: dict[str, int] = {}
    for place, (_, event) in enumerate(events):
        first.setdefault(event.id, place)
    when = [counted(event.at, received_at) for _, event in events]
    return first, when, sorted({month_of(each.counts_at) for each in when})


async def _ensure_months(session: WriteSession, months: Sequence[datetime]) -> None:
    """Late events may be of months that were never made; the present ones always are."""
    by_name = {partition_name(PARENT, month): month for month in months}
    for name in await session.scalars(_MISSING, {"names": list(by_name)}):
        await ensure_partitions(await session.connection(), by_name[name], by_name[name], parents=(PARENT,))
