"""Reading customers: one by id, some by what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, cast, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from app.customers.errors import CustomerNotFound
from app.customers.models import Customer, CustomerNumber
from app.customers.names.search import NameQuery, query
from app.customers.numbers import normalise, storable
from app.customers.record_models import CustomerEmail, CustomerExternalId

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
    """What a customer must fit, all of it: a number in any spelling, the external id, and what somebody `typed`: a part
    of the name, or the whole of a number, an e-mail address or an external id."""

    number: str | None = None
    typed: str | None = None
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
        found = (await session.scalars(_walk(wanted, default_region, limit, after))).all()
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
    asked = None if wanted.typed is None else query(wanted.typed)
    if asked is None or len(asked.tokens) == 1 or wanted.number is not None or wanted.external_id is not None:
        return False
    some = select(Customer.id).where(_has_tokens(Customer, asked)).limit(MANY + 1).subquery()
    return (await session.scalar(select(func.count()).select_from(some)) or 0) > MANY


def _walk(wanted: Wanted, default_region: str, limit: int, after: UUID | None) -> Select[Customer]:
    """Who fits among the next customers: all of the first that fit, but maybe too few."""
    everybody = _listed(Customer, WALKED, after)
    if not wanted.inactive:
        everybody = everybody.where(Customer.active.is_(True))
    near = aliased(Customer, everybody.subquery())
    assert wanted.typed is not None, "nothing else is asked for"
    meant = _is_meant(wanted.typed, default_region, near)
    return select(near).options(defer(near.search)).where(meant).order_by(near.id).limit(limit)


def _listed(who: type[Customer], limit: int, after: UUID | None) -> Select[Customer]:
    rows = select(who).options(defer(who.search)).where(who.merged_into.is_(None)).order_by(who.id).limit(limit)
    return rows if after is None else rows.where(who.id > after)


def _conditions(wanted: Wanted, default_region: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if wanted.inactive else [Customer.active.is_(True)]
    if wanted.number is not None:
        conditions.append(Customer.id.in_(_holders(wanted.number, default_region)))
    if wanted.external_id is not None:
        conditions.append(Customer.id.in_(union_all(*_known_as(wanted.external_id))))
    if wanted.typed is not None:
        conditions.append(_is_meant(wanted.typed, default_region))
    return conditions


def _holders(raw: str, default_region: str) -> Select[UUID]:
    number = normalise(raw, default_region)
    if number.e164 is None:
        same = and_(CustomerNumber.raw == number.raw, CustomerNumber.e164.is_(None))
    else:
        same = CustomerNumber.e164 == number.e164
    holder = aliased(Customer)
    holders = select(func.coalesce(holder.merged_into, holder.id)).join(
        CustomerNumber, CustomerNumber.customer_id == holder.id
    )
    return holders.where(same)


def _reached_at(address: str) -> Select[UUID]:
    holder = aliased(Customer)
    holders = select(func.coalesce(holder.merged_into, holder.id)).join(
        CustomerEmail, CustomerEmail.customer_id == holder.id
    )
    return holders.where(CustomerEmail.address == address.lower())


def _known_as(external_id: str) -> list[Select[UUID]]:
    """By the id in the leading system, or by one of any other system."""
    known, elsewhere = aliased(Customer), aliased(Customer)
    leading = select(func.coalesce(known.merged_into, known.id)).where(known.external_id == external_id)
    other = select(func.coalesce(elsewhere.merged_into, elsewhere.id)).join(
        CustomerExternalId, CustomerExternalId.customer_id == elsewhere.id
    )
    return [leading, other.where(CustomerExternalId.external_id == external_id)]


def _is_meant(typed: str, default_region: str, who: type[Customer] = Customer) -> ColumnElement[bool]:
    """The index of names answers by tokens; what it finds is then verified: trigrams may stand in another order.

    Whose number, address or id it is, and the few who were merged, are looked through first; an array of them leaves
    that index to the others.
    """
    asked, known = query(typed), _wholly(typed, default_region)
    if asked is None:
        return _one_of(who, known)
    merged = aliased(Customer)
    survivors = select(merged.merged_into).where(merged.merged_into.is_not(None), *_has_name(merged, asked))
    return or_(and_(*_has_name(who, asked)), _one_of(who, [survivors, *known]))


def _wholly(typed: str, default_region: str) -> list[Select[UUID]]:
    """Whose number, e-mail address or external id the whole of it is. A part is not looked for: no index has parts, and
    whoever sees values masked could guess the rest."""
    whole = storable(typed).strip()
    found = _known_as(whole)
    if any(char.isdigit() for char in whole):  # "private" is what a withheld number is called, and may be a name
        found.append(_holders(whole, default_region))
    if "@" in whole:
        found.append(_reached_at(whole))
    return found


def _one_of(who: type[Customer], found: Sequence[Select[Any]]) -> ColumnElement[bool]:
    return who.id == func.any(func.array(union_all(*found).scalar_subquery()))


def _has_name(who: type[Customer], asked: NameQuery) -> list[ColumnElement[bool]]:
    word = func.unnest(who.search).column_valued("word")
    verified = [select(word).where(word.like(f"=%{part}%")).exists() for part in asked.parts]
    return [_has_tokens(who, asked), *verified]


def _has_tokens(who: type[Customer], asked: NameQuery) -> ColumnElement[bool]:
    return who.search.op("@>")(cast(asked.tokens, ARRAY(Text)))
