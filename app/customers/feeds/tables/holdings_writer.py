"""Holdings of a feed: new ones go in by COPY, known ones are compared as a set and changed where they differ. A holding
raises no version of its customer; what it was before stays among the versions."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import HoldingRow
from app.customers.feeds.tables import holding_rows as made
from app.customers.feeds.tables.holding_rows import COLUMNS, Held
from app.customers.feeds.tables.writer import Numbered, Origin, Turn, Written, at_once
from app.db.copying import copy

_HELD = text("""
    select external_id, id, customer_id, kind from customer_holdings
    where source = :source and external_id = any(cast(:keys as text[]))""")
_OWNERS = text("select external_id, id from customers where external_id = any(cast(:keys as text[]))")
_STAGE = text("""
    create temp table feed_holdings (id uuid primary key, kind text, name text, status text, last_four text,
        opened_on date, closed_on date, details jsonb) on commit drop""")


class _Sorted(NamedTuple):
    """New holdings with their customers, those that are there, and the faults of other rows."""

    new: list[tuple[UUID, HoldingRow]]
    known: list[tuple[UUID, HoldingRow]]
    faults: dict[int, CellFault]


class HoldingsWriter:
    """See `app.customers.feeds.tables.writer.Writer`."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._details = made.detail_names(origin.told)
        self._update = text(_update_of(origin.told, bool(self._details)))

    async def faults(self, session: AsyncSession, rows: Sequence[Numbered]) -> dict[int, CellFault]:
        """Unknown customers, holdings of others, whole card numbers."""
        return (await self._sorted(session, rows)).faults

    async def write(self, session: AsyncSession, rows: Sequence[Numbered], turn: Turn = at_once) -> Written:
        """Make the holdings that there are not, and change those that differ."""
        await turn()
        new, known, faults = await self._sorted(session, rows)
        if new:
            columns = ("id", "customer_id", "source", "external_id", *COLUMNS.values(), "details")
            source = self._origin.source  # rows are made as they are written
            fresh = ((new_id(), owner, source, row.external_id, *made.values_of(row)) for owner, row in new)
            await copy(session, "customer_holdings", columns, fresh)
        changed = 0
        if known:
            await session.execute(_STAGE)
            staged = ((key, *made.values_of(row)) for key, row in known)
            await copy(session, "feed_holdings", ("id", *COLUMNS.values(), "details"), staged)
            given = {"details": self._details} if self._details else {}
            changed = len((await session.execute(self._update, given)).all())
        return Written(len(new), changed, len(known) - changed, 0, faults)

    async def _sorted(self, session: AsyncSession, rows: Sequence[Numbered]) -> _Sorted:
        keys = {"source": self._origin.source, "keys": [row.external_id for _, row in rows]}
        held = {row[0]: Held(*row[1:]) for row in await session.execute(_HELD, keys)}
        named = {"keys": list({row.customer for _, row in rows if row.customer is not None})}
        owners: dict[str, UUID] = {row[0]: row[1] for row in await session.execute(_OWNERS, named)}
        return await asyncio.to_thread(self._judged, rows, held, owners)

    def _judged(self, rows: Sequence[Numbered], held: Mapping[str, Held], owners: Mapping[str, UUID]) -> _Sorted:
        """Which rows are good. This takes a while, and no call must wait for it."""
        source, only_known = self._origin.source, self._origin.only_known
        found = _Sorted([], [], {})
        for number, row in rows:
            there, owner = held.get(row.external_id), owners.get(row.customer)
            fault = made.fault_of(row, there, owner, source, only_known)
            if fault is not None:
                found.faults[number] = fault
            elif there is not None:
                found.known.append((there.id, row))
            elif owner is not None:
                found.new.append((owner, row))
        return found


def _update_of(told: frozenset[str], has_details: bool) -> str:
    """What changes the staged holdings that differ; only the kind cannot be nothing."""
    after = {column: f"s.{column}" for field, column in COLUMNS.items() if field in told}
    if "kind" in after:
        after["kind"] = "coalesce(s.kind, h.kind)"
    if has_details:
        after["details"] = "(h.details - cast(:details as text[])) || s.details"
    pairs = "".join(f"{column} = {value}, " for column, value in after.items())
    differs = " or ".join(f"h.{column} is distinct from {value}" for column, value in after.items()) or "false"
    return (
        f"update customer_holdings h set {pairs}updated_at = now() from feed_holdings s "  # noqa: S608 - constants
        f"where h.id = s.id and ({differs}) returning h.id"
    )
