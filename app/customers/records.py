"""Reading customers: one by id, some by what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from app.customers.errors import CustomerNotFound
from app.customers.models import Customer, CustomerNumber
from app.customers.numbers import normalise
from app.customers.record_models import CustomerExternalId
from app.customers.search import NameQuery, query


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer with all numbers, in the order in which they were given."""

    customer: Customer
    numbers: tuple[CustomerNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a customer must fit, all of it: a number in any spelling, a part of the name, the external id."""

    number: str | None = None
    name: str | None = None
    external_id: str | None = None
    inactive: bool = False


async def get_customer(session: AsyncSession, customer_id: UUID) -> CustomerRecord:
    """The customer, active or not; raises CustomerNotFound."""
    found = await session.get(Customer, customer_id, options=[defer(Customer.search)])
    if found is None:
        raise CustomerNotFound(customer_id)
    return (await with_numbers(session, [found]))[0]


async def find_customers(
    session: AsyncSession, wanted: Wanted, *, default_region: str, limit: int, after: UUID | None = None
) -> list[CustomerRecord]:
    """Up to `limit` customers that fit, by id, those after `after`. Inactive ones only if they are asked for.

    Who was merged is not listed: who survives is found by everything that the merged are found by.
    """
    statement = select(Customer).options(defer(Customer.search)).order_by(Customer.id).limit(limit)
    statement = statement.where(Customer.merged_into.is_(None))
    statement = statement.where(*_conditions(wanted, default_region))
    if after is not None:
        statement = statement.where(Customer.id > after)
    return await with_numbers(session, (await session.scalars(statement)).all())


async def with_numbers(session: AsyncSession, customers: Sequence[Customer]) -> list[CustomerRecord]:
    """The customers with their numbers, in the same order, by one query."""
    held: dict[UUID, list[CustomerNumber]] = {customer.id: [] for customer in customers}
    statement = select(CustomerNumber).where(CustomerNumber.customer_id.in_(held)).order_by(CustomerNumber.id)
    for number in await session.scalars(statement):
        held[number.customer_id].append(number)
    return [CustomerRecord(customer, tuple(held[customer.id])) for customer in customers]


def _conditions(wanted: Wanted, default_region: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if wanted.inactive else [Customer.active.is_(True)]
    if wanted.number is not None:
        conditions.append(_holds(wanted.number, default_region))
    if wanted.external_id is not None:
        conditions.append(_is_known_as(wanted.external_id))
    if wanted.name is not None:
        conditions.append(_is_named(wanted.name))
    return conditions


def _holds(raw: str, default_region: str) -> ColumnElement[bool]:
    number = normalise(raw, default_region)
    if number.e164 is None:
        same = and_(CustomerNumber.raw == number.raw, CustomerNumber.e164.is_(None))
    else:
        same = CustomerNumber.e164 == number.e164
    holder = aliased(Customer)
    holders = select(func.coalesce(holder.merged_into, holder.id)).join(
        CustomerNumber, CustomerNumber.customer_id == holder.id
    )
    return Customer.id.in_(holders.where(same))


def _is_known_as(external_id: str) -> ColumnElement[bool]:
    """By the id in the leading system, or by one of any other system."""
    known, elsewhere = aliased(Customer), aliased(Customer)
    leading = select(func.coalesce(known.merged_into, known.id)).where(known.external_id == external_id)
    other = select(func.coalesce(elsewhere.merged_into, elsewhere.id)).join(
        CustomerExternalId, CustomerExternalId.customer_id == elsewhere.id
    )
    return Customer.id.in_(union_all(leading, other.where(CustomerExternalId.external_id == external_id)))


def _is_named(typed: str) -> ColumnElement[bool]:
    """The index answers by tokens; what it finds is then verified: trigrams may stand in another order.

    The few who were merged are looked through first; an array of their survivors leaves the index to the others.
    """
    asked = query(typed)
    if asked is None:
        return false()
    merged = aliased(Customer)
    survivors = select(merged.merged_into).where(merged.merged_into.is_not(None), *_has_name(merged, asked))
    through = Customer.id == func.any(func.array(survivors.scalar_subquery()))
    return or_(and_(*_has_name(Customer, asked)), through)


def _has_name(who: type[Customer], asked: NameQuery) -> list[ColumnElement[bool]]:
    word = func.unnest(who.search).column_valued("word")
    verified = [select(word).where(word.like(f"=%{part}%")).exists() for part in asked.parts]
    return [who.search.op("@>")(cast(asked.tokens, ARRAY(Text))), *verified]
