"""Writing usage events: each counts once, whoever tells it again, and belongs to whom it names."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.customers.usage.given import GivenEvent, counted
from app.db.engine import WriteSession
from app.db.partitions import ensure_partitions, month_of, partition_name

PARENT = "usage_events"

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
        select :source, event_id, counts_at from given where owner is not null order by event_id
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
    first: dict[str, int] = {}
    for place, (_, event) in enumerate(events):
        first.setdefault(event.id, place)
    when = [counted(event.at, received_at) for _, event in events]
    unique = list(first.values())
    await _ensure_months(session, [when[place].counts_at for place in unique])
    given = [events[place][1] for place in unique]
    rows = await session.execute(
        _STORE,
        {
            "source": source,
            "received": received_at,
            "places": unique,
            "ids": [event.id for event in given],
            "kinds": [event.kind for event in given],
            "ats": [event.at for event in given],
            "counts": [when[place].counts_at for place in unique],
            "aheads": [when[place].ahead for place in unique],
            "customers": [event.customer_id for event in given],
            "externals": [event.external_id for event in given],
            "systems": [event.system for event in given],
            "vals": [event.value for event in given],
            "details": [msgspec.json.encode(event.details).decode() if event.details else None for event in given],
        },
    )
    known = {row.place: row for row in rows}
    return [
        Stored(event, line, *when[place], known[first[event.id]].root, place in known and known[place].fresh)
        for place, (line, event) in enumerate(events)
    ]


async def _ensure_months(session: WriteSession, instants: Sequence[datetime]) -> None:
    """Late events may be of months that were never made; the present ones always are."""
    months = {partition_name(PARENT, month): month for month in sorted({month_of(at) for at in instants})}
    for name in await session.scalars(_MISSING, {"names": list(months)}):
        await ensure_partitions(await session.connection(), months[name], months[name], parents=(PARENT,))
