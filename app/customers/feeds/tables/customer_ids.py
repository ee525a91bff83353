"""Ids in other systems and consents, as a feed tells them. The caller's session commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.feed_models import HAND
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.tables.customer_rows import Identified
from app.customers.record.erased import EXTERNAL_ID, anybody_erased, erased_among, of_system
from app.db.copying import copy

Rows = Sequence[tuple[Any, ...]]

_OWNERS = text("""
    select e.system, e.external_id, e.customer_id from customer_external_ids e
    join unnest(cast(:systems as text[]), cast(:keys as text[])) as g (system, external_id)
    using (system, external_id)""")
_STAGE_IDS = text(
    "create temp table feed_external_ids (system text, external_id text, customer_id uuid) on commit drop"
)
_GONE_IDS = """
    from customer_external_ids e join feed_customers s on s.id = e.customer_id where e.system = any(:systems)
    and not exists (select from feed_external_ids g where (g.system, g.external_id) = (e.system, e.external_id))"""
_NEW_IDS = """
    from feed_external_ids g where not exists (
        select from customer_external_ids e where (g.system, g.external_id) = (e.system, e.external_id))"""
_DIFFERENT_IDS = text(f"select e.customer_id {_GONE_IDS} union select g.customer_id {_NEW_IDS}")
_DROP_IDS = text(f"""
    delete from customer_external_ids where (system, external_id) in (
        select e.system, e.external_id {_GONE_IDS})""")  # noqa: S608 - constants
_ADD_IDS = text(f"""
    insert into customer_external_ids (system, external_id, customer_id)
    select g.system, g.external_id, g.customer_id {_NEW_IDS}""")

_STAGE_CONSENTS = text(
    "create temp table feed_consents (customer_id uuid, channel text, given boolean, at timestamptz) on commit drop"
)
# a word with an instant is news unless it is there; one without is news if this source's last word was another one, and
# never against what somebody else has recorded, unless the source ranks higher than people
_NEWS = """
    from feed_consents g where case when g.at is not null then not exists (
        select from customer_consents c where (c.customer_id, c.channel, c.at, c.given)
            = (g.customer_id, g.channel, g.at, g.given))
    else g.given is distinct from (
            select c.given from customer_consents c where c.customer_id = g.customer_id and c.channel = g.channel
            and c.origin = :origin order by c.at desc limit 1)
        and (not :yields or not exists (
            select from customer_consents c where c.customer_id = g.customer_id and c.channel = g.channel
            and c.origin <> :origin)) end"""
_DIFFERENT_CONSENTS = text(f"select distinct g.customer_id {_NEWS}")
_ADD_CONSENTS = text(f"""
    insert into customer_consents (customer_id, channel, given, at, origin)
    select g.customer_id, g.channel, g.given, coalesce(g.at, :now), :origin {_NEWS}""")


async def id_faults(session: AsyncSession, rows: Sequence[Identified]) -> dict[int, CellFault]:
    """The rows with an id that belongs to another customer, or to one of an earlier row."""
    wanted = {(system, key) for it in rows for system, key in it.row.other_ids.items()}
    if not wanted:
        return {}
    given = {"systems": [system for system, _ in wanted], "keys": [key for _, key in wanted]}
    owners = {(row.system, row.external_id): row.customer_id for row in await session.execute(_OWNERS, given)}
    found: dict[int, CellFault] = {}
    for it in rows:
        for pair in it.row.other_ids.items():
            if owners.setdefault(pair, it.id) != it.id:
                what = f"{pair[1]!r} belongs to another customer"
                found[it.number] = CellFault("taken", f"id.{pair[0]}", what, "an id that nobody else has")
    return found


async def erased_faults(session: AsyncSession, rows: Sequence[Identified]) -> dict[int, CellFault]:
    """The rows of new customers with an id that belonged to somebody who was erased."""
    if not rows or not await anybody_erased(session):
        return {}
    wanted = {
        pair: it.number
        for it in rows
        for pair in (
            (EXTERNAL_ID, it.row.external_id),
            *((of_system(system), key) for system, key in it.row.other_ids.items()),
        )
    }
    found = await erased_among(session, wanted)
    return {
        wanted[pair]: CellFault(
            "erased",
            pair[0],
            f"{pair[1]!r} belonged to somebody who was erased",
            f"a customer who may be kept, or that an administrator lifts erasure {erasure}",
        )
        for pair, erasure in found.items()
    }


async def stage_ids(session: AsyncSession, rows: Rows, systems: Collection[str]) -> set[UUID]:
    """Put ids of known customers aside; whose ids they change."""
    await session.execute(_STAGE_IDS)
    await copy(session, "feed_external_ids", ("system", "external_id", "customer_id"), rows)
    return set(await session.scalars(_DIFFERENT_IDS, {"systems": list(systems)}))


async def apply_ids(session: AsyncSession, systems: Collection[str]) -> None:
    """Let the known customers have the ids that were put aside, and no other of these systems."""
    await session.execute(_DROP_IDS, {"systems": list(systems)})
    await session.execute(_ADD_IDS)


async def stage_consents(session: AsyncSession, rows: Rows, origin: str, blocking: Collection[str]) -> set[UUID]:
    """Put consents of known customers aside; of whom they are news."""
    await session.execute(_STAGE_CONSENTS)
    await copy(session, "feed_consents", ("customer_id", "channel", "given", "at"), rows)
    given = {"origin": origin, "yields": HAND in blocking}
    return set(await session.scalars(_DIFFERENT_CONSENTS, given))


async def apply_consents(session: AsyncSession, origin: str, blocking: Collection[str], now: datetime) -> None:
    """Record the consents that are news."""
    await session.execute(_ADD_CONSENTS, {"origin": origin, "yields": HAND in blocking, "now": now})
