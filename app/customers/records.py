"""Reading customers: one by id, some by what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, cast, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from app.customers.errors import CustomerNotFound
from app.customers.models import Customer, CustomerNumber
from app.customers.numbers import normalise
from app.customers.record_models import CustomerExternalId
from app.customers.search import NameQuery, query

MANY = 2_000
"""If more have a name, those wanted are met sooner by walking through customers in their order than by collecting all
who have it and sorting them."""
WALKED = 20_000
"""So many customers are walked through; who has a name may stand far off, as those of one load do."""


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
    if await _is_shared(session, wanted):
        found = (await session.scalars(_walk(wanted, limit, after))).all()
        if len(found) == limit:
            return await with_numbers(session, found)
    statement = _listed(Customer, limit, after).where(*_conditions(wanted, default_region))
    return await with_numbers(session, (await session.scalars(statement)).all())


async def with_numbers(session: AsyncSession, customers: Sequence[Customer]) -> list[CustomerRecord]:
    """The customers with their numbers, in the same order, by one query."""
    held: dict[UUID, list[CustomerNumber]] = {customer.id: [] for customer in customers}
    statement = select(CustomerNumber).where(CustomerNumber.customer_id.in_(held)).order_by(CustomerNumber.id)
    for number in await session.scalars(statement):
        held[number.customer_id].append(number)
    return [CustomerRecord(customer, tuple(held[customer.id])) for customer in customers]


async def _is_shared(session: AsyncSession, wanted: Wanted) -> bool:
    """Whether many have the name, which is all that is asked for. Of one token the planner knows that; of several it
    takes each to be as rare among those who have the others as among all, and `zha`, `han` and `ang` are not."""
    asked = None if wanted.name is None else query(wanted.name)
    if asked is None or len(asked.tokens) == 1 or wanted.number is not None or wanted.external_id is not None:
        return False
    some = select(Customer.id).where(_has_tokens(Customer, asked)).limit(MANY + 1).subquery()
    return (await session.scalar(select(func.count()).select_from(some)) or 0) > MANY


def _walk(wanted: Wanted, limit: int, after: UUID | None) -> Select[Customer]:
    """Who fits among the next customers: all of the first that fit, but maybe too few."""
    everybody = _listed(Customer, WALKED, after)
    if not wanted.inactive:
        everybody = everybody.where(Customer.active.is_(True))
    near = aliased(Customer, everybody.subquery())
    assert wanted.name is not None, "nothing else is asked for"
    return select(near).options(defer(near.search)).where(_is_named(wanted.name, near)).order_by(near.id).limit(limit)


def _listed(who: type[Customer], limit: int, after: UUID | None) -> Select[Customer]:
    rows = select(who).options(defer(who.search)).where(who.merged_into.is_(None)).order_by(who.id).limit(limit)
    return rows if after is None else rows.where(who.id > after)


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


def _is_named(typed: str, who: type[Customer] = Customer) -> ColumnElement[bool]:
    """The index answers by tokens; what it finds is then verified: trigrams may stand in another order.

    The few who were merged are looked through first; an array of their survivors leaves the index to the others.
    """
    asked = query(typed)
    if asked is None:
        return false()
    merged = aliased(Customer)
    survivors = select(merged.merged_into).where(merged.merged_into.is_not(None), *_has_name(merged, asked))
    through = who.id == func.any(func.array(survivors.scalar_subquery()))
    return or_(and_(*_has_name(who, asked)), through)


def _has_name(who: type[Customer], asked: NameQuery) -> list[ColumnElement[bool]]:
    word = func.unnest(who.search).column_valued("word")
    verified = [select(word).where(word.like(f"=%{part}%")).exists() for part in asked.parts]
    return [_has_tokens(who, asked), *verified]


def _has_tokens(who: type[Customer], asked: NameQuery) -> ColumnElement[bool]:
    return who.search.op("@>")(cast(asked.tokens, ARRAY(Text)))
