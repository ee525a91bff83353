"""A customer's whole record, read through whoever survives: the parts of those merged into a customer are read as the
customer's own, and stay on their own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.customers.errors import CustomerNotFound
from app.customers.models import Customer, CustomerNumber
from app.customers.record.finding import CustomerRecord, get_customer
from app.customers.record_models import (
    CustomerAddress,
    CustomerConsent,
    CustomerEmail,
    CustomerExternalId,
    CustomerHolding,
    CustomerNote,
    CustomerTie,
    CustomerVersion,
)
from app.customers.serving_models import CustomerPreference, ProductConfiguration


@dataclass(frozen=True, slots=True)
class Tied:
    """A tie as seen from the customer: `kind` is what they are to the other; `back` that the other said it of them."""

    other_id: UUID
    name: str
    kind: str
    back: bool
    source: str | None
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRecord:
    """Everything kept of a customer. `warnings` are pinned notes that still hold; `consents` the latest by channel;
    `merged` the ids of those who were merged into them."""

    record: CustomerRecord
    merged: Sequence[UUID]
    numbers: Sequence[CustomerNumber]
    emails: Sequence[CustomerEmail]
    addresses: Sequence[CustomerAddress]
    external_ids: Sequence[CustomerExternalId]
    consents: Sequence[CustomerConsent]
    ties: Sequence[Tied]
    holdings: Sequence[CustomerHolding]
    warnings: Sequence[CustomerNote]
    notes: Sequence[CustomerNote]
    preferences: Sequence[CustomerPreference]
    configurations: Sequence[ProductConfiguration]


async def survivor_of(session: AsyncSession, customer_id: UUID) -> UUID:
    """Who stands for the customer: themselves unless they were merged. Raises CustomerNotFound."""
    found = (await session.execute(select(Customer.id, Customer.merged_into).where(Customer.id == customer_id))).first()
    if found is None:
        raise CustomerNotFound(customer_id)
    return found.merged_into or customer_id


async def members_of(session: AsyncSession, customer_id: UUID) -> list[UUID]:
    """The customer and everybody merged into them, the customer first."""
    merged = await session.scalars(select(Customer.id).where(Customer.merged_into == customer_id).order_by(Customer.id))
    return [customer_id, *merged]


async def whole_record(session: AsyncSession, customer_id: UUID, now: datetime) -> WholeRecord:
    """The record of the customer, or of who survives them. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    members = await members_of(session, survivor)

    async def parts(model: Any, *order: Any) -> Sequence[Any]:
        query = select(model).where(model.customer_id.in_(members)).order_by(*order)
        return (await session.scalars(query)).all()

    notes = await parts(CustomerNote, CustomerNote.written_at.desc(), CustomerNote.id.desc())
    warnings = [note for note in notes if note.pinned and (note.until is None or note.until > now)]
    return WholeRecord(
        record=await get_customer(session, survivor),
        merged=members[1:],
        numbers=await parts(CustomerNumber, CustomerNumber.id),
        emails=await parts(CustomerEmail, CustomerEmail.id),
        addresses=await parts(CustomerAddress, CustomerAddress.id),
        external_ids=await parts(CustomerExternalId, CustomerExternalId.system, CustomerExternalId.external_id),
        consents=await _consents(session, members),
        ties=await _ties(session, members),
        holdings=await parts(CustomerHolding, CustomerHolding.kind, CustomerHolding.id),
        warnings=warnings,
        notes=notes,
        preferences=await parts(CustomerPreference, CustomerPreference.name, CustomerPreference.id),
        configurations=await parts(ProductConfiguration, ProductConfiguration.id),
    )


async def consent_history(
    session: AsyncSession, customer_id: UUID, limit: int, before: tuple[datetime, int] | None
) -> Sequence[CustomerConsent]:
    """Up to `limit` of what was ever said of channels, newest first, older than `before` (at, id)."""
    members = await members_of(session, await survivor_of(session, customer_id))
    rows = CustomerConsent
    query = select(rows).where(rows.customer_id.in_(members)).order_by(rows.at.desc(), rows.id.desc()).limit(limit)
    if before is not None:
        query = query.where(or_(rows.at < before[0], (rows.at == before[0]) & (rows.id < before[1])))
    return (await session.scalars(query)).all()


async def versions_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: tuple[int, int] | None
) -> Sequence[CustomerVersion]:
    """Up to `limit` changes of this very customer, newest first, older than `before` (version, id)."""
    rows = CustomerVersion
    query = select(rows).where(rows.customer_id == customer_id)
    query = query.order_by(rows.version.desc(), rows.id.desc()).limit(limit)
    if before is not None:
        older = (rows.version == before[0]) & (rows.id < before[1])
        query = query.where(or_(rows.version < before[0], older))
    return (await session.scalars(query)).all()


async def _consents(session: AsyncSession, members: list[UUID]) -> Sequence[CustomerConsent]:
    """Of several things said at one instant, what was recorded last counts."""
    rows = CustomerConsent
    query = select(rows).ext(distinct_on(rows.channel)).where(rows.customer_id.in_(members))
    return (await session.scalars(query.order_by(rows.channel, rows.at.desc(), rows.id.desc()))).all()


async def _ties(session: AsyncSession, members: list[UUID]) -> list[Tied]:
    """To others and from others; each other one by who survives them."""
    other, tie = aliased(Customer), CustomerTie
    found = []
    for near, far, back in ((tie.customer_id, tie.other_id, False), (tie.other_id, tie.customer_id, True)):
        survivor = aliased(Customer)
        query = (
            select(survivor.id, survivor.name, tie)
            .join(other, other.id == far)
            .join(survivor, survivor.id == func.coalesce(other.merged_into, other.id))
            .where(near.in_(members), survivor.id != members[0])
            .order_by(tie.id)
        )
        for other_id, name, row in await session.execute(query):
            told = Tied(other_id, name, row.kind, back, row.source, row.valid_from, row.valid_until)
            found.append(told)
    return found
