"""Counting a field visit by the clauses that include visits, in the transaction that completes it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.engine import WriteSession

log = structlog.get_logger(__name__)

_OF_A_CLAUSE = ("22", "23", "P0")
"""Classes of errors that terms cause which cannot be read: what is no number, zone or period. All else, such as a lock
or a database that is away, has nothing to do with the agreement."""

# in one order whoever counts, so that two who count the same do not wait for each other in a circle
_CLAUSES = text("""
    select a.id, a.product, a.time_zone, c ->> 'id' as clause, c ->> 'text' as said, c ->> 'count' as most,
           c ->> 'per' as per
    from agreements_in_force(:customer, :at) a cross join lateral jsonb_array_elements(a.clauses) c
    where c ->> 'kind' = 'field_visits' order by a.id, c ->> 'id'""")
_USE = text("""
    select p.period, use_allowance(:agreement, :clause, p.period, :visit, :at) as number
    from (select agreement_period(:per, :time_zone, :at) as period) p""")


class VisitUse(msgspec.Struct, frozen=True, kw_only=True):
    """That a visit used up one of those that a clause includes: which of its period it is (`number`), of how many. Of a
    clause that could not be read `fault` says why, and nothing was counted."""

    agreement_id: UUID
    product: str
    clause_id: str
    text: str
    number: int | None = None
    count: int | None = None
    period: date | None = None
    fault: str | None = None


async def count_visit(session: WriteSession, customer_id: UUID, visit_id: UUID, at: datetime) -> list[VisitUse]:
    """Count the visit in each agreement that was in force for the customer at that instant and includes visits, as
    contacts are counted: once, and also beyond the allowance, as it has taken place. What each came to, with its
    clause. An agreement that cannot be read costs its own count, not the visit."""
    found = (await session.execute(_CLAUSES, {"customer": customer_id, "at": at})).all()
    return [await _counted(session, row, visit_id, at) for row in found]


async def _counted(session: WriteSession, row: Any, visit_id: UUID, at: datetime) -> VisitUse:
    told = VisitUse(agreement_id=row.id, product=row.product, clause_id=row.clause, text=row.said)
    given = {"agreement": row.id, "clause": row.clause, "per": row.per, "time_zone": row.time_zone}
    try:
        most = int(row.most)  # first, as what cannot be told must not be counted
        async with session.begin_nested():
            used = (await session.execute(_USE, {**given, "visit": str(visit_id), "at": at})).one()
        return msgspec.structs.replace(told, number=used.number, count=most, period=used.period)
    except (DBAPIError, TypeError, ValueError) as error:
        if isinstance(error, DBAPIError) and not str(getattr(error.orig, "sqlstate", "")).startswith(_OF_A_CLAUSE):
            raise
        log.warning("a visit was not counted", agreement=str(row.id), clause=row.clause, error=repr(error))
        return msgspec.structs.replace(told, fault="the clause could not be read")
