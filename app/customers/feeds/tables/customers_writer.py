"""Customers of a feed: new ones go in by COPY, known ones are compared as a set and changed where they differ."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.duplicates.proposals import propose
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.tables import customer_rows as made
from app.customers.feeds.tables import customer_statements as columns
from app.customers.feeds.tables.customer_ids import (
    apply_consents,
    apply_ids,
    erased_faults,
    id_faults,
    stage_consents,
    stage_ids,
)
from app.customers.feeds.tables.customer_parts import (
    ADDRESSES,
    EMAILS,
    NUMBERS,
    PartKind,
    apply_parts,
    insert_parts,
    lines_of,
    stage_parts,
)
from app.customers.feeds.tables.customer_rows import Identified
from app.customers.feeds.tables.writer import Numbered, Origin, Overtaken, Turn, Written, at_once
from app.customers.names.search import unsorted_tokens
from app.customers.record.attributes import Definition
from app.db.copying import copy, copy_lines, fresh_id

# of whom somebody else has set nothing since, what the feed said last
_IDS = text("""
    select external_id, id, case when source = :source and origins = '{}' then fed # cast(version as bigint) end as said
    from customers where external_id = any(cast(:keys as text[]))""")
MOST_PAIRS = 1_000
"""So many pairs that may be one are looked at after a chunk of rows; a search for duplicates finds any others."""

_There = dict[str, tuple[UUID, int | None]]
"""Who is there by their ids, each with what this feed said of them last."""

_Identified = tuple[list[Identified], dict[int, CellFault], set[UUID], int]
"""Good rows, faults, the ids of those who are new, and how many are as they were."""

_NOBODY: tuple[UUID | None, int | None] = (None, None)
_STAGE = text(columns.STAGE)
_NAMES = text(columns.NAMES)
_PARTS: tuple[tuple[str, PartKind, Callable[[Sequence[Identified]], list[made.Row]]], ...] = (
    ("phone", NUMBERS, made.number_rows),
    ("email", EMAILS, made.email_rows),
    ("address", ADDRESSES, made.address_rows),
)


class _Sorted(NamedTuple):
    """Rows of customers who are not known and of those who are, how many are `same` as this feed has written them, and
    the faults of others."""

    new: list[Identified]
    known: list[Identified]
    same: int
    faults: dict[int, CellFault]


class _Pending(NamedTuple):
    """Parts that were put aside: whose they change, and what applies them."""

    of: set[UUID]
    apply: Callable[[], Awaitable[None]]


class CustomersWriter:
    """See `app.customers.feeds.tables.writer.Writer`."""

    def __init__(self, origin: Origin, declared: Sequence[Definition]) -> None:
        self._origin, self._declared = origin, declared
        # a first load brings people whom nobody knows; where one is known their id is refused, and all are looked up
        self._guessing = origin.bulk and not origin.only_known
        self._said = made.hasher(origin.told)
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
        """Ids of others and of the erased, attributes declared otherwise, consents of the future; unknown customers."""
        return (await self._sorted(session, rows)).faults

    async def write(self, session: AsyncSession, rows: Sequence[Numbered], turn: Turn = at_once) -> Written:
        """Make the customers that there are not, and change those that differ. Ids in other systems may be those of
        customers before, and so may doubles."""
        if self._labels["id"]:
            await turn()
        guessing = self._guessing
        new, known, same, faults = await self._sorted(session, rows, guessing=guessing)
        try:
            await self._insert(session, new)
            # whoever is erased until now had their id, and the insert waited for that
            if guessing and await erased_faults(session, new):
                raise Overtaken
        except (asyncpg.UniqueViolationError, Overtaken):
            self._guessing = False
            raise
        changed, kept, touched = await self._change(session, known) if known else (0, 0, set())
        if not self._origin.bulk and (self._labels["phone"] or self._labels["email"]):
            await turn()
            await propose(session, [*[it.id for it in new], *touched], MOST_PAIRS)
        return Written(len(new), changed, same + len(known) - changed, kept, faults)

    async def _known(self, session: AsyncSession, rows: Sequence[Numbered]) -> _There:
        """The customers who are there, each with what this feed said last."""
        keys = {"keys": [row.external_id for _, row in rows], "source": self._origin.source}
        return {key: (customer, said) for key, customer, said in (await session.execute(_IDS, keys)).all()}

    async def _sorted(self, session: AsyncSession, rows: Sequence[Numbered], *, guessing: bool = False) -> _Sorted:
        """Sort rows; when `guessing`, as if nobody were known or erased, unless somebody has an id that they tell."""
        there: _There = {} if guessing else await self._known(session, rows)
        identified, faults, new, same = await asyncio.to_thread(self._identified, rows, there)
        owned = await id_faults(session, identified) if self._labels["id"] else {}
        if owned and guessing:  # the ids may be those of the same customers, who are known
            self._guessing = False
            return await self._sorted(session, rows)
        faults |= owned
        if not guessing:
            faults |= await erased_faults(session, [it for it in identified if it.id in new])
        good = [it for it in identified if it.number not in faults] if faults else identified
        fresh = good if len(new) == len(identified) else [it for it in good if it.id in new]
        return _Sorted(fresh, [it for it in good if it.id not in new] if len(fresh) < len(good) else [], same, faults)

    def _identified(self, rows: Sequence[Numbered], there: _There) -> _Identified:
        """Whose each row is. This takes a while, and what is written beside it must not wait for it."""
        now, declared = self._origin.now, self._declared
        identified, faults, new, same = list[Identified](), dict[int, CellFault](), set[UUID](), 0
        for number, row in rows:
            fault = made.row_fault(row, declared, now) if declared or row.consents or row.attributes else None
            customer, before = there.get(row.external_id, _NOBODY)
            if customer is None and self._origin.only_known:
                fault = CellFault("unknown", "", f"{row.external_id!r} is no customer", "the id of a known customer")
            if fault is not None:
                faults[number] = fault
                continue
            said = self._said(row)
            if customer is None:
                customer = fresh_id()
                new.add(customer)
            elif said == before:
                same += 1
                continue
            identified.append(Identified(number, customer, row, said))
        return identified, faults, new, same

    async def _insert(self, session: AsyncSession, rows: Sequence[Identified]) -> None:
        if not rows:
            return
        named = not self._origin.bulk
        await copy_lines(session, "customers", made.NEW_COLUMNS, (made.new_line(it, named=named) for it in rows))
        for field, kind, rows_of in _PARTS:
            if self._labels[field]:
                source = self._origin.source
                quick = field == "phone"
                lines = made.number_lines(rows, source) if quick else lines_of(rows_of(rows), source)
                await insert_parts(session, kind, lines)
        if self._labels["id"]:
            await copy(session, "customer_external_ids", ("system", "external_id", "customer_id"), made.id_rows(rows))
        if self._labels["consent"]:
            consents = [(*row[:3], row[3] or self._origin.now, self._origin.source) for row in made.consent_rows(rows)]
            await copy(session, "customer_consents", ("customer_id", "channel", "given", "at", "origin"), consents)

    async def _change(self, session: AsyncSession, rows: Sequence[Identified]) -> tuple[int, int, set[UUID]]:
        """How many customers were changed, how many fields were kept, and whose parts were changed. The versions are
        raised before the parts are written, so that what they become is told under the new one."""
        await session.execute(_STAGE)
        await copy(session, "feed_customers", made.KNOWN_COLUMNS, map(made.known_row, rows))
        await session.execute(text("analyze feed_customers"))
        pending = await self._pending(session, rows)
        touched = {customer for each in pending for customer in each.of}
        kept = 0
        if self._origin.blocking or columns.holds(self._origin.told):
            kept = await session.scalar(self._kept, {**self._parameters, **self._blocking}) or 0
        await self._stage_names(session)
        given = {**self._parameters, **self._barred, "touched": list(touched)}
        changed = (await session.execute(self._update, given)).all()
        for each in pending:
            if each.of:
                await each.apply()
        return len(changed), kept, touched

    async def _stage_names(self, session: AsyncSession) -> None:
        """By what those who will have other names are found."""
        await session.execute(_NAMES)
        if self._renamed is not None:
            found = (await session.execute(self._renamed, self._barred)).all()
            rows = ((row.id, unsorted_tokens(row.name, row.latin_name)) for row in found)  # made as they are written
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
