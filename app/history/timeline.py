"""Everything that happened with a customer in one order, newest first; and looking for words in what people wrote, of
one customer or of all.

One statement asks each source for the newest of its entries, by its index and no further than a page, and the
database puts these in order. So a page costs the same however much a customer has, and what is added meanwhile moves
nothing that is continued by its place.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, BigInteger, TextClause, Uuid, column, func, select, text, true, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.history import kinds
from app.history.source import Asked, Place, Shape, Source, given, long_words, shape_of
from app.history.visit_kinds import VISITS
from app.history.words import found_in

SOURCES: tuple[Source, ...] = (
    kinds.CONTACTS,
    kinds.CONTACT_NOTES,
    kinds.NOTES,
    kinds.ALERTS,
    kinds.CASES,
    VISITS,
    kinds.CREDIT,
    kinds.PROMISES,
    kinds.CONSENTS,
    kinds.VERSIONS,
    kinds.MAKING,
)
"""All that a timeline is made of. A room that has something to tell adds it here."""

KINDS = tuple(kind for source in SOURCES for kind in source.kinds)


FIRST_SPAN, SPANS = timedelta(days=31), 6
EARLIEST = datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=1)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `customer_id` is whose it was recorded as; `thing` what can be asked for more; `found`
    where in `text` the words are that were looked for."""

    at: datetime
    source: str
    id: str
    kind: str
    what: str
    customer_id: UUID | None
    agent: str | None
    channel: str | None
    text: str | None
    thing: str
    details: dict[str, Any]
    found: Sequence[tuple[int, int]] = ()

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.at, self.source, self.id)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and who stands for its customer now; None where nobody knows whose it is."""

    entry: Entry
    customer_id: UUID | None
    customer_name: str | None


def fits(place: Place) -> bool:
    """Whether a place can be one of a timeline: instants have their zone, ids are of their source."""
    source = next((each for each in SOURCES if each.name == place.source), None)
    if source is None or place.at.tzinfo is None:
        return False
    try:
        source.own_id(place.id)
    except ValueError:
        return False
    return True


async def timeline(
    session: AsyncSession, customer_id: UUID, asked: Asked, limit: int, after: Place | None = None
) -> list[Entry]:
    """Up to `limit` entries of the customer, or of who survives them, and of all who were merged into them: newest
    first, those after a place. Raises CustomerNotFound."""
    root = await survivor_of(session, customer_id)
    members = await members_of(session, root)
    await pin_plans(session, by_words=asked.q is not None)  # with it they would be looked for among all customers
    return await _read(session, asked, limit, after, root, members)


async def search(
    session: AsyncSession, asked: Asked, now: datetime, limit: int, after: Place | None = None
) -> list[Found]:
    """Up to `limit` entries of all customers in which the words `asked.q` are found, newest first, after a place.

    The newest month is looked through first, then twice as far back, and so on until there are enough: a word that
    many use is found at once, and one that nobody uses costs a few looks into each month's index.
    """
    await pin_plans(session, by_words=True)
    entries: list[Entry] = []
    for since, until in spans(asked, now, after):
        part = replace(asked, since=since, until=until)
        entries += await _read(session, part, limit - len(entries), after, None, None)
        if len(entries) >= limit:
            break
    survivor = Customer.__table__.alias()
    query = select(Customer.id, survivor.c.id, survivor.c.name).join(
        survivor, survivor.c.id == func.coalesce(Customer.merged_into, Customer.id)
    )
    ids = {entry.customer_id for entry in entries if entry.customer_id is not None}
    known = {own: (stands, name) for own, stands, name in await session.execute(query.where(Customer.id.in_(ids)))}
    nobody = (None, None)
    return [Found(entry, *(known.get(entry.customer_id, nobody) if entry.customer_id else nobody)) for entry in entries]


def spans(asked: Asked, now: datetime, after: Place | None) -> Iterator[tuple[datetime | None, datetime | None]]:
    """From when to when to look, one span after the other, back to `asked.since` or to the beginning."""
    until = asked.until
    newest = min(instant for instant in (now, asked.until, None if after is None else after.at) if instant is not None)
    back = FIRST_SPAN
    for _ in range(SPANS):
        since = max(newest - back, EARLIEST)
        if asked.since is not None and since <= asked.since:
            break
        yield since, until
        until, back = since, 2 * back
    yield asked.since, until


async def _read(
    session: AsyncSession,
    asked: Asked,
    limit: int,
    after: Place | None,
    root: UUID | None,
    members: Sequence[UUID] | None,
) -> list[Entry]:
    statement = _statement(shape_of(asked, after, of_one=members is not None))
    if statement is None:
        return []
    values = {
        "limit": limit,
        "members": members,
        "root": root,
        "since": asked.since,
        "until": asked.until,
        "agent": asked.agent,
        "q": asked.q,
        "patterns": [f"%{word}%" for word in long_words(asked.q)],
    }
    if after is not None:
        own = next(source for source in SOURCES if source.name == after.source).own_id(after.id)
        values |= {"at": after.at, "id": own}
    needed = {name: value for name, value in values.items() if name in statement.names}
    return [_entry(row, asked) for row in await session.execute(statement.sql, needed)]


class _Statement(NamedTuple):
    """A statement, and the names of what it must be given."""

    sql: TextClause
    names: Set[str]


@lru_cache(maxsize=500)
def _statement(shape: Shape) -> _Statement | None:
    """The statement of a shape, None where no source has such entries. It is made once: that takes several times as
    long as the answer."""
    parts = [_part(source, shape) for source in SOURCES if _is_asked(source, shape)]
    if not parts:
        return None
    together = union_all(*parts).subquery("entries")
    rows = together.c
    order = (rows.at.desc(), rows.source.collate("C"), rows.id.collate("C").desc())
    query = select(together).order_by(*order).limit(given("limit", BigInteger))
    names = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    made = query.compile(dialect=names, compile_kwargs={"literal_binds": True})
    sql = text(made.string)
    return _Statement(sql, sql.compile().params.keys())


async def pin_plans(session: AsyncSession, *, by_words: bool) -> None:
    """Until the end of the transaction, go by indexes in their order, by plans that are made once.

    The planner does not know how much a customer has. It expects little, and then takes reading all of it and putting
    it in order for as good as reading the newest by the index; of a customer with 100,000 contacts that is the
    difference of half a second. Planning anew what is asked of so many months costs more than the answer. Where words
    are looked for, it thinks little of their index and would hold them against each text.
    """
    pinned = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_sort": "off", "jit": "off"}
    pinned["enable_indexscan"] = "off" if by_words else "on"
    await session.execute(select(*(func.set_config(name, value, True) for name, value in pinned.items())))


def _is_asked(source: Source, shape: Shape) -> bool:
    if shape.q and source.words is None:
        return False
    return not shape.kinds or not set(source.kinds).isdisjoint(shape.kinds)


def _part(source: Source, shape: Shape) -> Any:
    """The newest entries of a source: of each member of a customer's family so many, as each has its own index."""
    if not shape.of_one:
        return select(source.page(shape, None).subquery())
    family = func.unnest(given("members", ARRAY(Uuid))).table_valued(column("member", Uuid)).render_derived("family")
    page = source.page(shape, family.c.member).lateral("page")
    return select(page).select_from(family.join(page, true()))


def _entry(row: Any, asked: Asked) -> Entry:
    values = dict(row._mapping)
    if asked.q is not None and row.text is not None:
        values["found"] = found_in(row.text, asked.q)
    return Entry(**values)
