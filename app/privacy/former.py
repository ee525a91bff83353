"""Customers who are not there any more are erased when they have had no contact, nor anybody at their place, for long
enough."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.errors import CustomerNotFound
from app.db.engine import WriteSession
from app.privacy.ageing import Aged
from app.privacy.erasing import Order, erase
from app.privacy.errors import ErasureRefused
from app.privacy.kinds import CUSTOMERS

BY = "retention"
FIRST = UUID(int=0)

_WHO = """
    from customers c
    where not exists (
        select from customers m join case_entries e on e.customer_id = m.id
        where (m.id = c.id or m.merged_into = c.id) and e.at >= :cutoff)
      and c.merged_into is null and {which} and c.id <> all(cast(:held as uuid[])) and not exists (
        select from customers m join interactions i on i.customer_id = m.id
        where (m.id = c.id or m.merged_into = c.id) and i.started_at >= :cutoff)
      and not exists (
        select from customers m join field_visits v on v.customer_id = m.id
        where (m.id = c.id or m.merged_into = c.id) and v.closed_at >= :cutoff)"""


async def count_former(session: AsyncSession, kind: str, of: Aged) -> int:
    """How many customers would be erased."""
    statement = f"select count(*) {_WHO.format(which=CUSTOMERS[kind])}"
    return int(await session.scalar(text(statement), of.given(statement)) or 0)


async def next_former(session: AsyncSession, kind: str, of: Aged, after: UUID, most: int) -> list[UUID]:
    """The next customers in order of their ids who are to be erased."""
    statement = f"select c.id {_WHO.format(which=CUSTOMERS[kind])} and c.id > :after order by c.id limit :most"
    return list(await session.scalars(text(statement), {**of.given(statement), "after": after, "most": most}))


async def erase_former(session: WriteSession, customer_id: UUID, days: int, of: Aged, region: str) -> int:
    """Erase one, unless something of theirs is open; how many were erased."""
    order = Order(by=BY, ground="retention_over", reason=f"no contact and no change for {days} days")
    try:
        _, fresh = await erase(session, customer_id, order, now=of.now, region=region)
    except (ErasureRefused, CustomerNotFound):
        return 0
    return int(fresh)
