"""Agreements of a feed: each is that of its source by its id. New and changed ones count for contacts that are recorded
from the commit on, and raise the versions of their customers."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.agreements.clauses import clauses_of
from app.customers.agreements.service import GivenAgreement, agreement_faults
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import AgreementRow
from app.customers.feeds.tables import agreement_rows as made
from app.customers.feeds.tables.agreement_rows import Held, Hours, Span, Terms
from app.customers.feeds.tables.writer import Numbered, Origin, Turn, Written, at_once
from app.db.copying import copy

_COLUMNS = Terms._fields
_TERMS = ", ".join(_COLUMNS)
_HELD = text(f"""
    select external_id, id, customer_id, held_by, {_TERMS} from agreements
    where source = :source and external_id = any(cast(:keys as text[]))""")  # noqa: S608 - constants
_OWNERS = text("select external_id, id from customers where external_id = any(cast(:keys as text[]))")
# so that nobody makes one that overlaps meanwhile, and in one order, so that two imports wait for each other
_CLAIM = text("select id from customers where id = any(cast(:ids as uuid[])) order by id for update")
_BINDING = text("""
    select id, customer_id, product, valid_from, valid_until from agreements
    where customer_id = any(cast(:ids as uuid[])) and status = any(:binding)""")
_RAISE = text("""
    update customers set version = version + 1, updated_at = now() where id = any(cast(:ids as uuid[]))""")
_STAGE = text("""
    create temp table feed_agreements (id uuid primary key, product text, name text, status text, time_zone text,
        valid_from date, valid_until date, covers text[], clauses jsonb, details jsonb) on commit drop""")
_CHANGE = text(f"""
    update agreements a set ({_TERMS}, updated_at) = row({", ".join(f"s.{name}" for name in _COLUMNS)}, now())
    from feed_agreements s where a.id = s.id""")  # noqa: S608 - constants
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_FIELDS = {column: field for field, column in made.COLUMNS.items()}


class _Wanted(NamedTuple):
    """What a row makes of an agreement; without `held` it is a new one."""

    number: int
    id: UUID
    customer_id: UUID
    external_id: str
    terms: Terms
    held: Held | None

    @property
    def span(self) -> Span:
        terms = self.terms
        return Span(self.id, self.customer_id, terms.product, terms.valid_from, terms.valid_until, self.number)


class _Sorted(NamedTuple):
    wanted: list[_Wanted]
    unchanged: int
    kept: int
    faults: dict[int, CellFault]


class AgreementsWriter:
    """See `app.customers.feeds.tables.writer.Writer`. `hours` are the business hours that rows may name."""

    def __init__(self, origin: Origin, hours: Mapping[str, Hours]) -> None:
        self._origin, self._hours = origin, hours

    async def faults(self, session: AsyncSession, rows: Sequence[Numbered]) -> dict[int, CellFault]:
        """Unknown customers and hours, agreements of others, terms that cannot be, two for a product at a time."""
        return (await self._sorted(session, rows)).faults

    async def write(self, session: AsyncSession, rows: Sequence[Numbered], turn: Turn = at_once) -> Written:
        """Make the agreements that there are not, and change those that differ."""
        await turn()
        wanted, unchanged, kept, faults = await self._sorted(session, rows, claim=True)
        if wanted:
            await session.execute(_RAISE, {"ids": list({each.customer_id for each in wanted})})
        new = [each for each in wanted if each.held is None]
        changed = [each for each in wanted if each.held is not None]
        source = self._origin.source
        if new:
            # rows are made as they are written
            fresh = ((it.id, it.customer_id, source, it.external_id, *_values(it.terms)) for it in new)
            await copy(session, "agreements", ("id", "customer_id", "source", "external_id", *_COLUMNS), fresh)
        if changed:
            await session.execute(_STAGE)
            staged = ((it.id, *_values(it.terms)) for it in changed)
            await copy(session, "feed_agreements", ("id", *_COLUMNS), staged)
            await session.execute(_CHANGE)
        return Written(len(new), len(changed), unchanged, kept, faults)

    async def _sorted(self, session: AsyncSession, rows: Sequence[Numbered], *, claim: bool = False) -> _Sorted:
        origin = self._origin
        keys = {"source": origin.source, "keys": [row.external_id for _, row in rows]}
        named = {"keys": list({row.customer for _, row in rows if row.customer is not None})}
        owners: dict[str, UUID] = {row[0]: row[1] for row in await session.execute(_OWNERS, named)}
        if claim:
            await session.execute(_CLAIM, {"ids": list(owners.values())})
        there = await session.execute(_HELD, keys)
        held = {row[0]: Held(row.id, row.customer_id, row.held_by, Terms(*row[4:])) for row in there}
        found = await asyncio.to_thread(self._judged, rows, held, owners)
        await self._part(session, found)
        return found

    def _judged(self, rows: Sequence[Numbered], held: Mapping[str, Held], owners: Mapping[str, UUID]) -> _Sorted:
        """What each row comes to by itself. This takes a while, and no call must wait for it."""
        found = _Sorted([], 0, 0, {})
        unchanged = kept = 0
        for number, row in rows:
            it = self._wanted(number, row, held.get(row.external_id), owners.get(row.customer))
            if isinstance(it, CellFault):
                found.faults[number] = it
            elif it.held is None or it.terms != it.held.terms:
                if it.held is not None and it.held.held_by in self._origin.blocking:
                    kept += 1
                    unchanged += 1
                else:
                    found.wanted.append(it)
            else:
                unchanged += 1
        return found._replace(unchanged=unchanged, kept=kept)

    def _wanted(self, number: int, row: AgreementRow, held: Held | None, owner: UUID | None) -> _Wanted | CellFault:
        source = self._origin.source
        if row.customer is not None and owner is None:
            return CellFault("unknown", "customer", f"{row.customer!r} is no customer", "the id of a known customer")
        if held is None and (self._origin.only_known or owner is None):
            what = f"{row.external_id!r} is no agreement"
            return CellFault("unknown", "", what, f"the id of an agreement that {source} has told")
        if held is not None and owner is not None and held.customer_id != owner:
            what = f"{row.external_id!r} is of another customer"
            return CellFault("taken", "customer", what, "the customer who has it")
        terms = made.terms_of(row, held.terms if held else None, self._origin.told, self._hours)
        if isinstance(terms, CellFault):
            return terms
        wrong = _fault(terms)
        if wrong is not None:
            return wrong
        whose = held.customer_id if held else owner
        assert whose is not None
        return _Wanted(number, held.id if held else UUID(new_id()), whose, row.external_id, terms, held)

    async def _part(self, session: AsyncSession, found: _Sorted) -> None:
        """Refuse what would bind at the same time as another one: the later row, until no two do."""
        if not any(made.binding(it.terms) for it in found.wanted):
            return
        whose = {it.customer_id for it in found.wanted}
        given = {"ids": list(whose), "binding": list(made.BINDING)}
        there = [Span(*row) for row in await session.execute(_BINDING, given)]
        while True:
            moved = {it.id for it in found.wanted}
            spans = [span for span in there if span.id not in moved]
            spans += [it.span for it in found.wanted if made.binding(it.terms)]
            refused = {later.number: made.overlap(other) for later, other in made.clashes(spans)}
            if not refused:
                return
            found.faults.update({number: fault for number, fault in refused.items() if number is not None})
            found.wanted[:] = [it for it in found.wanted if it.number not in refused]


def _values(terms: Terms) -> tuple[Any, ...]:
    """The columns, with JSON as text."""
    details = None if terms.details is None else _ENCODE(terms.details).decode()
    return (*terms[:-2], _ENCODE(terms.clauses).decode(), details)


def _fault(terms: Terms) -> CellFault | None:
    """The first thing that is wrong with terms."""
    given = GivenAgreement(
        product=terms.product,
        time_zone=terms.time_zone,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        clauses=tuple(clauses_of(terms.clauses)),
    )
    wrong = agreement_faults(given)
    if not wrong:
        return None
    where = wrong[0]["where"].removeprefix("body.").split(".")
    column = terms.clauses[int(where[1])]["id"] if where[0] == "clauses" else _FIELDS.get(where[0], where[0])
    return CellFault("agreement", column, wrong[0]["what"], wrong[0]["accepted"])
