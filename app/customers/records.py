"""Reading customers: one by id, some by what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, cast, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from app.customers.errors import CustomerNotFound
from app.customers.models import Customer, CustomerNumber
from app.customers.numbers import normalise
from app.customers.search import query


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
    """Up to `limit` customers that fit, by id, those after `after`. Inactive ones only if they are asked for."""
    statement = select(Customer).options(defer(Customer.search)).order_by(Customer.id).limit(limit)
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
        conditions.append(Customer.external_id == wanted.external_id)
    if wanted.name is not None:
        conditions += _is_named(wanted.name)
    return conditions


def _holds(raw: str, default_region: str) -> ColumnElement[bool]:
    number = normalise(raw, default_region)
    same = CustomerNumber.raw == number.raw if number.e164 is None else CustomerNumber.e164 == number.e164
    return Customer.id.in_(select(CustomerNumber.customer_id).where(same))


def _is_named(typed: str) -> list[ColumnElement[bool]]:
    """The index answers by tokens; what it finds is then verified: trigrams may stand in another order."""
    asked = query(typed)
    if asked is None:
        return [false()]
    word = func.unnest(Customer.search).column_valued("word")
    verified = [select(word).where(word.like(f"=%{part}%")).exists() for part in asked.parts]
    return [Customer.search.op("@>")(cast(asked.tokens, ARRAY(Text))), *verified]
