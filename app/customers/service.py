"""Making and changing customers. Every change raises the version; the caller's session commits."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.duplicates.proposals import propose
from app.customers.errors import ExternalIdTaken, FieldsGuarded, SpeaksForOthers, UnknownAgent, UnknownTier
from app.customers.feed_models import HAND
from app.customers.models import Customer, CustomerNumber, Tier
from app.customers.names.search import tokens
from app.customers.numbers import extension_of, normalise
from app.customers.record.changing import Sources, claimed, raise_version, replace_parts
from app.customers.record.declared_attributes import ensure_fit
from app.customers.record.erased import ensure_not_erased
from app.customers.record.finding import CustomerRecord, with_numbers
from app.customers.record.ranks import ensure_outranking, speak_as
from app.db.errors import violated_constraint

# agents are records of a room beside this one
_AGENTS = text("select id from agents where id = any(cast(:ids as text[]))")


GUARDED = ("tier_id", "segments", "active")
"""What decides how somebody is served, and whether they are recognised: not for every agent to set."""


class GivenNumber(msgspec.Struct, frozen=True):
    """A number as somebody gave it, and what it is (mobile, home, ...).

    `shared` says that others answer it, too; `extension` is read from `raw` where it is not given. `source` is the
    system that it comes from, None where somebody gave it by hand.
    """

    raw: str
    label: str | None = None
    extension: str | None = None
    shared: bool = False
    source: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer to be made. Without `id` a fresh one is given. `preferred_agent` is the agent who looks after them,
    `source` the system that tells of them, None where somebody does by hand."""

    name: str
    id: UUID | None = None
    external_id: str | None = None
    latin_name: str | None = None
    tier: str | None = None
    language: str | None = None
    preferred_agent: str | None = None
    kind: str = "person"
    relationship_manager: str | None = None
    segments: tuple[str, ...] = ()
    provisional: bool = False
    attributes: dict[str, Any] = {}
    numbers: tuple[GivenNumber, ...] = ()
    source: str | None = None


async def create_customer(session: AsyncSession, new: NewCustomer, default_region: str) -> CustomerRecord:
    """Make a customer. Raises ExternalIdTaken, CustomerErased, UnknownTier, UnknownAgent, AttributeUnfit,
    SourceIsPeople."""
    if new.source is not None:
        await speak_as(session, new.source)
    await ensure_not_erased(session, new.external_id)
    await ensure_fit(session, new.attributes, {})
    customer = Customer(
        external_id=new.external_id,
        name=new.name,
        latin_name=new.latin_name,
        tier_id=new.tier,
        language=new.language,
        preferred_agent=new.preferred_agent,
        kind=new.kind,
        relationship_manager=new.relationship_manager,
        segments=list(new.segments),
        provisional=new.provisional,
        attributes=new.attributes,
        search=tokens(new.name, new.latin_name),
        origins=_by_hand(new),
    )
    if new.id is not None:
        customer.id = new.id
    async with kept_rules(session, new.external_id, {new.tier}, {new.preferred_agent}):
        session.add(customer)
        await session.flush()
    numbers = number_rows(new.numbers, default_region)
    session.add_all(CustomerNumber(customer_id=customer.id, **values) for values in numbers)
    return await _propose(session, await _told(session, customer))


async def change_customer(
    session: AsyncSession,
    customer_id: UUID,
    version: int | None,
    changes: Mapping[str, Any],
    guarded: Collection[str] = (),
    source: str | None = None,
) -> CustomerRecord:
    """Set the named columns; what is not named stays, None clears. `version` is the one that was read, None any.
    `source` is the system that tells of it, None where somebody does by hand.

    Raises CustomerNotFound, VersionConflict, ExternalIdTaken, CustomerErased, UnknownTier, UnknownAgent,
    AttributeUnfit, SpeaksForOthers, SourceIsPeople, FieldsGuarded where a `guarded` column would become different, and
    FieldsKept where one would that a source has told which `source` does not overwrite.
    """
    customer = await claimed(session, customer_id, version)
    different = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    if different:
        ensure_free(different, guarded)
        if source is not None:
            await speak_as(session, source)
            await ensure_outranking(session, customer, _fields(customer, different), source)
        await ensure_fit(session, different.get("attributes", {}), customer.attributes)
        await ensure_not_erased(session, different.get("external_id"))
        await _ensure_speaks_for_none(session, customer_id, different)
        agents = {different.get("preferred_agent")}
        async with kept_rules(session, different.get("external_id"), {different.get("tier_id")}, agents):
            for name, value in different.items():
                setattr(customer, name, value)
            customer.search = tokens(customer.name, customer.latin_name)
            await raise_version(session, customer)
    return await _told(session, customer)


def ensure_free(given: Collection[str], guarded: Collection[str]) -> None:
    """Raises FieldsGuarded where one of the columns is guarded."""
    if held := [name.removesuffix("_id") for name in given if name in guarded]:
        raise FieldsGuarded(held)


async def replace_numbers(
    session: AsyncSession,
    customer_id: UUID,
    version: int | None,
    given: Iterable[GivenNumber],
    default_region: str,
    *,
    claims: Sources = None,
) -> CustomerRecord:
    """Let the customer have these numbers and no others. Raises CustomerNotFound, VersionConflict, and SourceClaimed
    or SourceNotOfKey where what is new or different is of a source that `claims` lacks."""
    customer = await claimed(session, customer_id, version)
    rows = number_rows(given, default_region)
    await replace_parts(session, customer, CustomerNumber, ("raw",), rows, claims=claims)
    return await _propose(session, await _told(session, customer))


async def add_number(
    session: AsyncSession, customer_id: UUID, given: GivenNumber, default_region: str
) -> CustomerRecord:
    """Give the customer one more number; one they already have, in whatever spelling, changes nothing.

    Raises CustomerNotFound.
    """
    customer = await claimed(session, customer_id)
    [new] = number_rows([given], default_region)
    held = (await with_numbers(session, [customer]))[0].numbers
    if _key(new) not in {_key({"e164": one.e164, "raw": one.raw, "extension": one.extension}) for one in held}:
        await raise_version(session, customer)
        session.add(CustomerNumber(customer_id=customer.id, **new))
    return await _propose(session, await _told(session, customer))


def number_rows(given: Iterable[GivenNumber], default_region: str) -> list[dict[str, Any]]:
    """The columns of the numbers, each number once however it is spelt; the first spelling is kept."""
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for one in given:
        number = normalise(one.raw, default_region)
        row = {**msgspec.structs.asdict(one), "raw": number.raw, "e164": number.e164}
        row["extension"] = one.extension or extension_of(number.raw)
        found.setdefault(_key(row), row)
    return list(found.values())


def _key(row: Mapping[str, Any]) -> tuple[str, str | None]:
    """What tells a number from others: two extensions behind one number are two numbers."""
    return row["e164"] or row["raw"], row["extension"]


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


def _fields(customer: Customer, different: Mapping[str, Any]) -> list[str]:
    """The columns, and each attribute that becomes different by itself."""
    before, after = customer.attributes, different.get("attributes", customer.attributes)
    changed = [f"attribute.{name}" for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return [name for name in different if name != "attributes"] + sorted(changed)


async def _ensure_speaks_for_none(session: AsyncSession, customer_id: UUID, different: Mapping[str, Any]) -> None:
    """Whoever is merged into somebody is found and read through them, and was of their kind when that was done; only a
    provisional one may be of any kind."""
    merged = select(Customer.id).where(Customer.merged_into == customer_id).order_by(Customer.id)
    for field, whom in (("active", merged), ("kind", merged.where(Customer.provisional.is_(False)))):
        if field in different and different[field] is not True and (found := list(await session.scalars(whom))):
            raise SpeaksForOthers(customer_id, field, found)


def _by_hand(new: NewCustomer) -> dict[str, str]:
    """What somebody has entered, so that a feed does not overwrite it. A provisional customer is a number, no more;
    what a source tells is known by the row's."""
    if new.provisional or new.source is not None:
        return {}
    fields = ("name", "latin_name", "language", "preferred_agent", "relationship_manager", "segments")
    given = [name for name in fields if getattr(new, name)]
    given += ["tier_id"] * (new.tier is not None) + [f"attribute.{name}" for name in new.attributes]
    return dict.fromkeys(given, HAND)


async def _told(session: AsyncSession, customer: Customer) -> CustomerRecord:
    await session.flush()
    await session.refresh(customer)
    return (await with_numbers(session, [customer]))[0]


async def _propose(session: AsyncSession, record: CustomerRecord) -> CustomerRecord:
    """Whoever turns out to have a number that another has may be the same: said at once, for somebody to judge."""
    if record.numbers and not record.customer.provisional:
        await propose(session, [record.customer.id])
    return record
