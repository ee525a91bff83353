"""Customers of a feed: new ones go in by COPY, known ones are compared as a set and changed where they differ."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.attributes import Definition
from app.customers.feeds import customer_columns as columns
from app.customers.feeds import customer_rows as made
from app.customers.feeds.checking import CellFault
from app.customers.feeds.customer_others import (
    apply_consents,
    apply_ids,
    id_faults,
    stage_consents,
    stage_ids,
)
from app.customers.feeds.customer_parts import (
    ADDRESSES,
    EMAILS,
    NUMBERS,
    PartKind,
    apply_parts,
    insert_parts,
    stage_parts,
)
from app.customers.feeds.customer_rows import Identified
from app.customers.feeds.writing import Numbered, Origin, Written
from app.customers.search import tokens
from app.db.copying import copy

_IDS = text("select external_id, id from customers where external_id = any(cast(:keys as text[]))")
_STAGE = text(columns.STAGE)
_NAMES = text(columns.NAMES)
_PARTS: tuple[tuple[str, PartKind, Callable[[Sequence[Identified]], list[made.Row]]], ...] = (
    ("phone", NUMBERS, made.number_rows),
    ("email", EMAILS, made.email_rows),
    ("address", ADDRESSES, made.address_rows),
)


class _Sorted(NamedTuple):
    """Rows of customers who are not known and of those who are, and the faults of others."""

    new: list[Identified]
    known: list[Identified]
    faults: dict[int, CellFault]


class _Pending(NamedTuple):
    """Parts that were put aside: whose they change, and what applies them."""

    of: set[UUID]
    apply: Callable[[], Awaitable[None]]


class CustomersWriter:
    """See `app.customers.feeds.writing.Writer`."""

    def __init__(self, origin: Origin, declared: Sequence[Definition]) -> None:
        self._origin, self._declared = origin, declared
        told, blocking = origin.told, bool(origin.blocking)
        self._update = text(columns.update_of(told, blocking))
        renamed = columns.renamed_of(told, blocking)
        self._renamed = None if renamed is None else text(renamed)
        self._kept = text(columns.kept_of(told))
        self._parameters = {"attributes": made.attribute_names(told)} if made.attribute_names(told) else {}
        self._blocking = {"blocking": list(origin.blocking)}
        self._barred = self._blocking if blocking else {}
        self._labels = {field: made.labels_of(told, field) for field in ("phone", "email", "address", "id", "consent")}

    async def faults(self, session: AsyncSession, rows: Sequence[Numbered]) -> dict[int, CellFault]:
        """Ids of others, attributes that are declared otherwise, consents of the future; unknown customers."""
        return (await self._sorted(session, rows)).faults

    async def write(self, session: AsyncSession, rows: Sequence[Numbered]) -> Written:
        """Make the customers that there are not, and change those that differ."""
        new, known, faults = await self._sorted(session, rows)
        await self._insert(session, new)
        changed, kept = await self._change(session, known) if known else (0, 0)
        return Written(len(new), changed, len(known) - changed, kept, faults)

    async def _sorted(self, session: AsyncSession, rows: Sequence[Numbered]) -> _Sorted:
        keys = [row.external_id for _, row in rows]
        ids = {row.external_id: row.id for row in await session.execute(_IDS, {"keys": keys})}
        now, declared = self._origin.now, self._declared
        identified, faults, new = [], {}, set()
        for number, row in rows:
            fault = made.row_fault(row, declared, now) if declared or row.consents or row.attributes else None
            customer = ids.get(row.external_id)
            if customer is None and self._origin.only_known:
                fault = CellFault("unknown", "", f"{row.external_id!r} is no customer", "the id of a known customer")
            if fault is not None:
                faults[number] = fault
                continue
            if customer is None:
                customer = UUID(new_id())
                new.add(customer)
            identified.append(Identified(number, customer, row))
        faults |= await id_faults(session, identified) if self._labels["id"] else {}
        good = [it for it in identified if it.number not in faults]
        return _Sorted([it for it in good if it.id in new], [it for it in good if it.id not in new], faults)

    async def _insert(self, session: AsyncSession, rows: Sequence[Identified]) -> None:
        if not rows:
            return
        await copy(session, "customers", made.NEW_COLUMNS, map(made.new_row, rows))
        for field, kind, rows_of in _PARTS:
            if self._labels[field]:
                await insert_parts(session, kind, self._origin.source, rows_of(rows))
        await copy(session, "customer_external_ids", ("system", "external_id", "customer_id"), made.id_rows(rows))
        consents = [(*row[:3], row[3] or self._origin.now, self._origin.source) for row in made.consent_rows(rows)]
        await copy(session, "customer_consents", ("customer_id", "channel", "given", "at", "origin"), consents)

    async def _change(self, session: AsyncSession, rows: Sequence[Identified]) -> tuple[int, int]:
        """How many customers were changed, and how many fields were kept. The versions are raised before the parts are
        written, so that what they become is told under the new one."""
        await session.execute(_STAGE)
        await copy(session, "feed_customers", made.KNOWN_COLUMNS, map(made.known_row, rows))
        await session.execute(text("analyze feed_customers"))
        pending = await self._pending(session, rows)
        touched = {customer for each in pending for customer in each.of}
        kept = 0
        if self._origin.blocking:
            kept = await session.scalar(self._kept, {**self._parameters, **self._blocking}) or 0
        await self._stage_names(session)
        given = {**self._parameters, **self._barred, "touched": list(touched)}
        changed = (await session.execute(self._update, given)).all()
        for each in pending:
            if each.of:
                await each.apply()
        return len(changed), kept

    async def _stage_names(self, session: AsyncSession) -> None:
        """By what those who will have other names are found."""
        await session.execute(_NAMES)
        if self._renamed is not None:
            found = await session.execute(self._renamed, self._barred)
            rows = [(row.id, tokens(row.name, row.latin_name)) for row in found]
            await copy(session, "feed_names", ("id", "search"), rows)

    async def _pending(self, session: AsyncSession, rows: Sequence[Identified]) -> list[_Pending]:
        origin, found = self._origin, []
        for field, kind, rows_of in _PARTS:
            if labels := self._labels[field]:
                of = await stage_parts(session, kind, origin.source, rows_of(rows), labels)
                found.append(_Pending(of, _parts(session, kind, origin.source, labels, of)))
        if systems := self._labels["id"]:
            of = await stage_ids(session, made.id_rows(rows), systems)
            found.append(_Pending(of, lambda: apply_ids(session, systems)))
        if self._labels["consent"]:
            of = await stage_consents(session, made.consent_rows(rows), origin.source, origin.blocking)
            found.append(_Pending(of, lambda: apply_consents(session, origin.source, origin.blocking, origin.now)))
        return found


def _parts(
    session: AsyncSession, kind: PartKind, source: str, labels: Collection[str], of: Collection[UUID]
) -> Callable[[], Awaitable[None]]:
    return lambda: apply_parts(session, kind, source, labels, of)
