"""Reading visits: one, its history, and lists by customer, engineer, day and status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent
from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.db.rows import oldest
from app.desk.visits import models
from app.desk.visits.errors import VisitUnknown
from app.desk.visits.life import LIVE
from app.desk.visits.models import FieldVisit, FieldVisitEntry
from app.desk.visits.windows import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What visits must fit, all of it. `engineer` "" is nobody; of `since` and `until` (not included) some of the
    window lies between them."""

    statuses: Sequence[str] = LIVE
    customer_id: UUID | None = None
    case_id: UUID | None = None
    engineer: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Listed(NamedTuple):
    """A visit with what its customer and its engineer are called."""

    visit: FieldVisit
    customer_name: str
    engineer_name: str | None


async def find(
    session: AsyncSession, wanted: Wanted, limit: int, after_key: tuple[datetime, UUID] | None
) -> list[Listed]:
    """Up to `limit` visits that fit, by their beginning, those without an appointment last, after `after_key`
    (listed_at, id). Of a customer also those of whoever was merged into them. Raises CustomerNotFound."""
    row = FieldVisit
    query = _listed().where(row.status.in_(wanted.statuses)).order_by(row.listed_at, row.id).limit(limit)
    if set(wanted.statuses) <= set(LIVE):
        query = query.where(sql(models.LIVE))  # the very words of the index of live visits
    if wanted.customer_id is not None:
        members = await members_of(session, await survivor_of(session, wanted.customer_id))
        query = query.where(row.customer_id.in_(members))
    if wanted.case_id is not None:
        query = query.where(row.case_id == wanted.case_id)
    if wanted.engineer is not None:
        query = query.where(row.engineer == wanted.engineer if wanted.engineer else row.engineer.is_(None))
    if wanted.since is not None:
        # the second follows from the first, as no window is longer, and it is the one that an index knows
        query = query.where(row.ends_at > wanted.since, row.listed_at > wanted.since - LONGEST)
    if wanted.until is not None:
        query = query.where(row.listed_at < wanted.until)
    if after_key is not None:
        query = query.where(tuple_(row.listed_at, row.id) > after_key)
    return [Listed(*found) for found in (await session.execute(query)).all()]


async def visit(session: AsyncSession, visit_id: UUID) -> Listed:
    """One visit; raises VisitUnknown, also of one whose customer was erased."""
    found = (await session.execute(_listed().where(FieldVisit.id == visit_id))).first()
    if found is None:
        raise VisitUnknown(visit_id)
    return Listed(*found)


async def entries(session: AsyncSession, visit_id: UUID, limit: int, after: int | None) -> Sequence[FieldVisitEntry]:
    """Up to `limit` of what happened to a visit, oldest first, after the entry of an id."""
    rows = FieldVisitEntry
    return (await session.scalars(oldest(select(rows).where(rows.visit_id == visit_id), rows.id, limit, after))).all()


def _listed() -> Select[FieldVisit, str, str]:
    query = select(FieldVisit, Customer.name, Agent.name).join(Customer, Customer.id == FieldVisit.customer_id)
    return query.outerjoin(Agent, Agent.id == FieldVisit.engineer)
