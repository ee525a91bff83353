"""Making and changing customers. Every change raises the version; the caller's session commits."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.errors import CustomerNotFound, ExternalIdTaken, UnknownAgent, UnknownTier, VersionConflict
from app.customers.models import Customer, CustomerNumber, Tier
from app.customers.numbers import Number, normalise
from app.customers.records import CustomerRecord, with_numbers
from app.customers.search import tokens
from app.db.errors import violated_constraint

# agents are records of a room beside this one
_AGENTS = text("select id from agents where id = any(cast(:ids as text[]))")


class GivenNumber(msgspec.Struct, frozen=True):
    """A number as somebody gave it, and what it is (mobile, home, ...)."""

    raw: str
    label: str | None = None


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer to be made. Without `id` a fresh one is given. `preferred_agent` is the agent who looks after them."""

    name: str
    id: UUID | None = None
    external_id: str | None = None
    latin_name: str | None = None
    tier: str | None = None
    language: str | None = None
    preferred_agent: str | None = None
    attributes: dict[str, Any] = {}
    numbers: tuple[GivenNumber, ...] = ()


async def create_customer(session: AsyncSession, new: NewCustomer, default_region: str) -> CustomerRecord:
    """Make a customer. Raises ExternalIdTaken, UnknownTier, UnknownAgent."""
    customer = Customer(
        external_id=new.external_id,
        name=new.name,
        latin_name=new.latin_name,
        tier_id=new.tier,
        language=new.language,
        preferred_agent=new.preferred_agent,
        attributes=new.attributes,
        search=tokens(new.name, new.latin_name),
    )
    if new.id is not None:
        customer.id = new.id
    async with kept_rules(session, new.external_id, {new.tier}, {new.preferred_agent}):
        session.add(customer)
        await session.flush()
    session.add_all(_rows(customer.id, distinct_numbers(new.numbers, default_region)))
    return await _told(session, customer)


async def change_customer(
    session: AsyncSession, customer_id: UUID, version: int, changes: Mapping[str, Any]
) -> CustomerRecord:
    """Set the named columns; what is not named stays, None clears. `version` is the one that was read.

    Raises CustomerNotFound, VersionConflict, ExternalIdTaken, UnknownTier, UnknownAgent.
    """
    customer = await _claimed(session, customer_id, version)
    different = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    if different:
        agents = {different.get("preferred_agent")}
        async with kept_rules(session, different.get("external_id"), {different.get("tier_id")}, agents):
            for name, value in different.items():
                setattr(customer, name, value)
            customer.search = tokens(customer.name, customer.latin_name)
            await _raise_version(session, customer)
    return await _told(session, customer)


async def replace_numbers(
    session: AsyncSession, customer_id: UUID, version: int, given: Iterable[GivenNumber], default_region: str
) -> CustomerRecord:
    """Let the customer have these numbers and no others. Raises CustomerNotFound, VersionConflict."""
    customer = await _claimed(session, customer_id, version)
    await session.execute(delete(CustomerNumber).where(CustomerNumber.customer_id == customer.id))
    session.add_all(_rows(customer.id, distinct_numbers(given, default_region)))
    await _raise_version(session, customer)
    return await _told(session, customer)


async def add_number(
    session: AsyncSession, customer_id: UUID, given: GivenNumber, default_region: str
) -> CustomerRecord:
    """Give the customer one more number; one they already have, in whatever spelling, changes nothing.

    Raises CustomerNotFound.
    """
    customer = await _claimed(session, customer_id)
    number = normalise(given.raw, default_region)
    held = (await with_numbers(session, [customer]))[0].numbers
    if number_key(number) not in {held_one.e164 or held_one.raw for held_one in held}:
        session.add_all(_rows(customer.id, [(number, given.label)]))
        await _raise_version(session, customer)
    return await _told(session, customer)


def distinct_numbers(given: Iterable[GivenNumber], default_region: str) -> list[tuple[Number, str | None]]:
    """The numbers with their labels, each once however it is spelt; the first spelling is kept."""
    found: dict[str, tuple[Number, str | None]] = {}
    for one in given:
        number = normalise(one.raw, default_region)
        found.setdefault(number_key(number), (number, one.label))
    return list(found.values())


def number_key(number: Number) -> str:
    """What tells a number from others."""
    return number.e164 or number.raw


@asynccontextmanager
async def kept_rules(
    session: AsyncSession,
    external_id: str | None,
    tiers: Collection[str | None],
    agents: Collection[str | None],
) -> AsyncIterator[None]:
    """Say in our words which rule of the records the block broke; its own savepoint keeps the session usable."""
    try:
        async with session.begin_nested():
            yield
    except IntegrityError as error:
        rule = violated_constraint(error)
        if rule == "uq_customers_external_id":
            owner = await session.scalar(select(Customer.id).where(Customer.external_id == external_id))
            raise ExternalIdTaken(external_id, owner) from error
        if rule == "fk_customers_tier_id_tiers":
            known = list(await session.scalars(select(Tier.id).order_by(Tier.rank, Tier.id)))
            raise UnknownTier(sorted(set(filter(None, tiers)).difference(known)), known) from error
        if rule == "fk_customers_preferred_agent_agents":
            named = sorted(set(filter(None, agents)))
            known = list(await session.scalars(_AGENTS, {"ids": named}))
            raise UnknownAgent([agent for agent in named if agent not in known]) from error
        raise


async def _claimed(session: AsyncSession, customer_id: UUID, version: int | None = None) -> Customer:
    """The customer, locked until the commit, so that two writers of one version cannot both win."""
    customer = await session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
    if customer is None:
        raise CustomerNotFound(customer_id)
    if version is not None and customer.version != version:
        raise VersionConflict(version, customer.version)
    return customer


async def _raise_version(session: AsyncSession, customer: Customer) -> None:
    customer.version += 1
    customer.updated_at = func.now()
    await session.flush()


async def _told(session: AsyncSession, customer: Customer) -> CustomerRecord:
    await session.flush()
    await session.refresh(customer)
    return (await with_numbers(session, [customer]))[0]


def _rows(customer_id: UUID, numbers: Sequence[tuple[Number, str | None]]) -> list[CustomerNumber]:
    return [
        CustomerNumber(customer_id=customer_id, raw=number.raw, e164=number.e164, label=label)
        for number, label in numbers
    ]
