"""Reading cases: one, the work list, what happened to one, and the contacts that are about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, null, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.db.rows import oldest
from app.desk.cases.errors import CaseUnknown
from app.desk.cases.life import LIVE
from app.desk.cases.models import Case, CaseContact, CaseEntry

Place = tuple[datetime | None, UUID]
"""Where a case stands in a work list: until when it is due, and its id. What is never due comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What cases must fit, all of it. `owner` and `team` "" are nobody and none; at `overdue_at` they are late. `q` are
    words of what was written, of which long Chinese ones stand as they are in `exact`."""

    statuses: Sequence[str] = LIVE
    priorities: Sequence[str] = ()
    owner: str | None = None
    team: str | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    number: str | None = None
    category: str | None = None
    overdue_at: datetime | None = None
    q: str | None = None
    exact: Sequence[str] = ()


class Listed(NamedTuple):
    """A case with what its customer is called."""

    case: Case
    customer_name: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A case with the contacts that are about it, oldest first, and the cases that follow it."""

    listed: Listed
    contacts: Sequence[CaseContact]
    followed_by: Sequence[UUID]


async def case(session: AsyncSession, case_id: UUID) -> Listed:
    """One case. Raises CaseUnknown."""
    found = (await session.execute(_listed().where(Case.id == case_id))).first()
    if found is None:
        raise CaseUnknown(case_id)
    return Listed(*found)


async def whole_case(session: AsyncSession, case_id: UUID) -> Whole:
    """One case and what belongs to it. Raises CaseUnknown."""
    listed = await case(session, case_id)
    rows = CaseContact
    contacts = select(rows).where(rows.case_id == case_id).order_by(rows.at, rows.contact_id)
    followers = select(Case.id).where(Case.follows_id == case_id, Case.customer_id.is_not(None))
    return Whole(
        listed,
        (await session.scalars(contacts)).all(),
        (await session.scalars(followers.order_by(Case.opened_at, Case.id))).all(),
    )


async def entries(session: AsyncSession, case_id: UUID, limit: int, after: int | None) -> Sequence[CaseEntry]:
    """Up to `limit` of what happened to a case, oldest first, after the entry of an id. Raises CaseUnknown."""
    await case(session, case_id)
    rows = CaseEntry
    return (await session.scalars(oldest(select(rows).where(rows.case_id == case_id), rows.id, limit, after))).all()


async def find(session: AsyncSession, wanted: Wanted, limit: int, after: Place | None) -> list[Listed]:
    """Up to `limit` cases that fit, those due first in front, after a place. Of a customer also those of whoever was
    merged into them. Raises CustomerNotFound."""
    row = Case
    query = _listed().where(row.status.in_(wanted.statuses)).order_by(row.due_at.asc().nulls_last(), row.id)
    if set(wanted.statuses) <= set(LIVE):
        query = query.where(row.status.in_(LIVE))  # the very words of the index of live cases
    if wanted.customer_id is not None:
        members = await members_of(session, await survivor_of(session, wanted.customer_id))
        query = query.where(row.customer_id.in_(members))
    if wanted.contact_id is not None:
        links = select(CaseContact.case_id).where(CaseContact.contact_id == wanted.contact_id)
        query = query.where(row.id.in_(links))
    if wanted.q is not None:
        query = query.where(row.id.in_(_containing(wanted.q, wanted.exact)))
    query = _narrowed(query, wanted)
    found: list[Listed] = []
    for later in _parts_after(after):  # each begins within the index; in one statement, all before the place is read
        if len(found) < limit:
            rows = await session.execute(query.where(later).limit(limit - len(found)))
            found += [Listed(*row) for row in rows]
    return found


def _narrowed(query: Select[Case, str], wanted: Wanted) -> Select[Case, str]:
    row = Case
    for column, name in ((row.owner, wanted.owner), (row.team_id, wanted.team)):
        if name is not None:
            query = query.where(column == name if name else column.is_(None))
    for column, value in ((row.number, wanted.number), (row.category, wanted.category)):
        if value is not None:
            query = query.where(column == value)
    if wanted.priorities:
        query = query.where(row.priority.in_(wanted.priorities))
    if wanted.overdue_at is not None:
        query = query.where(row.due_at < wanted.overdue_at, row.status.in_(LIVE))
    return query


def _parts_after(place: Place | None) -> list[ColumnElement[bool]]:
    """What comes after a place, in order: what is due later, then what is never due."""
    if place is None:
        return [true()]
    due_at, own = place
    if due_at is None:
        return [and_(Case.due_at.is_(None), Case.id > own)]
    return [tuple_(Case.due_at, Case.id) > (due_at, own), Case.due_at.is_(None)]


def _containing(q: str, exact: Sequence[str]) -> Select[UUID]:
    """Cases in whose entries the words are, each entry by itself."""
    row = CaseEntry
    words = func.history_words(row.customer_id, row.text).op("@@")(func.history_query(null(), q))
    conditions = [row.text.like(f"%{word}%") for word in exact]
    return select(row.case_id).where(row.text.is_not(None), words, *conditions)


def _listed() -> Select[Case, str]:
    """Cases that are somebody's: one of whom was erased only counts."""
    return select(Case, Customer.name).join(Customer, Customer.id == Case.customer_id)
