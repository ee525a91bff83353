"""What became of contacts, told to subscribers: read from the journal after its commits, so that none waits for it.

A floor's events are numbered in the order of their commits, so a place in them is enough. After-call work that follows
a contact's end is in no event, only in the timeline, whose numbers are drawn before the commit: those up to a number
are all there once every transaction that ran when it was read has ended. What is found twice is told once, by its key.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Unavailable
from app.db.engine import Sessions
from app.subscriptions.announcing import Change, announce

log = structlog.get_logger(__name__)

MOST = 5_000
"""So many of a floor's numbers are looked through at a time."""

ENTRIES = "entries"
_TOLD = ("call_id", "source", "channel", "direction", "queue", "tier", "agents", "arrived_at", "ended_at")

# read first, so that a night in which nothing happens writes nothing
_NEW = text("""
    select exists (
        select from floors f left join webhook_places p on p.source = 'floor:' || f.id
        where p.place is distinct from f.seq
    ) or not exists (
        select from webhook_places p, interaction_entries_id_seq s
        where p.source = 'entries' and p.place = case when s.is_called then s.last_value else 0 end)""")

# a floor that is new is told of from its beginning, if anybody has subscribed by then
_BEGIN = text("""
    insert into webhook_places (source, place)
    select 'floor:' || id, case when exists (select from webhook_subscriptions) then 0 else seq end from floors
    union all select 'entries', case when is_called then last_value else 0 end from interaction_entries_id_seq
    on conflict do nothing""")

# a process that is at it is not waited for
_PLACES = text("select * from webhook_places where source <> :entries for update skip locked").bindparams(
    entries=ENTRIES
)
_ENTRIES_PLACE = text("""
    select *, coalesce(horizon <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint, false) as settled
    from webhook_places where source = :entries for update skip locked""").bindparams(entries=ENTRIES)
_MOVE = text("update webhook_places set place = :place where source = :source")
_WANTED = text("select change_wanted('contact.opened') or change_wanted('contact.ended')")
_WRAP_UP_WANTED = text("select change_wanted('contact.wrapped_up')")

# the bound on `at` leaves other months alone; no look comes so late
_EVENTS = text("""
    select seq, type, contact_id, data from events
    where floor = :floor and seq > :place and seq <= :upto and at > now() - interval '7 days'
      and type in ('contact.opened', 'contact.ended') and contact_id is not null and data -> 'contact' is not null
    order by seq""")
_SEQ = text("select seq from floors where id = :floor")

_LOOK_AHEAD = text("""
    update webhook_places
    set place = coalesce(ahead, place), ahead = (select last_value from interaction_entries_id_seq),
        horizon = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    where source = :entries""").bindparams(entries=ENTRIES)
_WRAPPED_UP = text("""
    select n.id, n.interaction_id, n.data, i.customer_id, i.wrap_up_code
    from interaction_entries n
    join interactions i on i.id = n.interaction_id and i.started_at = n.started_at
    where n.id > :place and n.id <= :ahead and n.kind = 'wrap_up' and n.at >= i.ended_at
      and n.started_at > now() - interval '7 days'
    order by n.id""")


async def look(sessions: Sessions) -> int:
    """Tell what has been committed since the last look; gives how many places moved on (0: nothing is new)."""
    async with sessions.read() as session:
        if not await session.scalar(_NEW):
            return 0
    async with sessions.write() as session:
        await session.execute(_BEGIN)
        moved = [await _follow(session, place) for place in (await session.execute(_PLACES)).all()]
        entries = (await session.execute(_ENTRIES_PLACE)).first()
        if entries is not None and (entries.ahead is None or entries.settled):
            await _wrapped_up(session, entries)
    return sum(moved)


async def keep_announcing(sessions: Sessions, every: float = 1.0) -> None:
    """Look every second until cancelled, at once again while there is more than a look takes in."""
    while True:
        try:
            more = await look(sessions)
        except Unavailable as error:
            log.warning("cannot look for what became of contacts", error=str(error))
            more = 0
        except Exception:
            # whoever is told of contacts waits for an operator then; callers must not
            log.exception("what became of contacts could not be told")
            more = 0
        await asyncio.sleep(0 if more else every)


async def _follow(session: AsyncSession, place: Row[Any]) -> bool:
    """Tell of a floor's events after a place; whether there are more than were read."""
    floor = place.source.partition(":")[2]
    present: int = await session.scalar(_SEQ, {"floor": floor}) or place.place
    if present == place.place:
        return False
    upto = present
    if await session.scalar(_WANTED):
        upto = min(present, place.place + MOST)
        found = (await session.execute(_EVENTS, {"floor": floor, "place": place.place, "upto": upto})).all()
        for kind, rows in _in_turn(found):
            await announce(session, kind, [_change(row) for row in rows])
    await session.execute(_MOVE, {"source": place.source, "place": upto})
    return upto < present


def _in_turn(rows: Iterable[Row[Any]]) -> list[tuple[str, list[Row[Any]]]]:
    """Openings before ends: of one contact they come in this order anyway, and of several it does not matter. One event
    that is told to several agents is one."""
    told: dict[str, dict[Any, Row[Any]]] = {"contact.opened": {}, "contact.ended": {}}
    for row in rows:
        told[row.type].setdefault(row.contact_id, row)
    return [(kind, list(found.values())) for kind, found in told.items()]


def _change(row: Row[Any]) -> Change:
    contact = row.data["contact"]
    customer = contact.get("customer")
    told = {"contact_id": str(row.contact_id), "customer_id": customer["id"] if customer else None}
    told |= {name: contact.get(name) for name in _TOLD}
    if row.type == "contact.ended":
        told["outcome"] = row.data.get("outcome")
    return Change(f"contact:{row.contact_id}", told, key=f"{row.type}:{row.contact_id}")


async def _wrapped_up(session: AsyncSession, place: Row[Any]) -> None:
    """Tell of the after-call work up to where everything is there by now, and note how far that will be next time."""
    if place.ahead is not None and place.ahead > place.place and await session.scalar(_WRAP_UP_WANTED):
        rows = await session.execute(_WRAPPED_UP, {"place": place.place, "ahead": place.ahead})
        changes = [
            Change(
                f"contact:{row.interaction_id}",
                {
                    "contact_id": str(row.interaction_id),
                    "customer_id": None if row.customer_id is None else str(row.customer_id),
                    "agent": row.data.get("agent"),
                    "seconds": row.data.get("seconds"),
                    "wrap_up_code": row.data.get("code"),
                },
                key=f"contact.wrapped_up:{row.id}",
            )
            for row in rows
        ]
        await announce(session, "contact.wrapped_up", changes)
    await session.execute(_LOOK_AHEAD)
