"""Wishes of customers as records. A part of the customer's record: a change names the version that was read and raises
it. The caller's session commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.instants import CLOCKS_DIFFER
from app.core.wire import fault
from app.customers.feed_models import HAND
from app.customers.models import Customer
from app.customers.preferences.calling import may_be_called, next_time
from app.customers.preferences.catalogue import BY_NAME, PLACES, Wish, hours_of, wish_faults
from app.customers.preferences.errors import CallUnwished, PreferenceKept, PreferenceUnfit, PreferenceUnknown
from app.customers.preferences.telling import said
from app.customers.record.changing import Sources, claimed, ensure_may_name, raise_version
from app.customers.record.ranks import blocking
from app.customers.record.whole import members_of, survivor_of
from app.customers.record_models import CustomerConsent
from app.customers.serving_models import CustomerPreference
from app.db.engine import WriteSession

WORK = "work"
"""What a number of the customer's work is labelled."""


class GivenWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wishes, when they said it, and which system tells of it (None: somebody recorded it by hand)."""

    value: Any
    at: datetime
    source: str | None = None


class Told(NamedTuple):
    """A wish as it is kept. `overruled` names channels that the customer has not consented to (any more): there the
    consent counts, not the wish."""

    row: CustomerPreference
    overruled: tuple[str, ...]


async def preferences_of(session: AsyncSession, customer_id: UUID) -> list[Told]:
    """All wishes of a customer, and those of people merged into them of which they have none themselves, in the order
    of the catalogue. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    members = await members_of(session, survivor)
    rows = CustomerPreference
    query = select(rows).ext(distinct_on(rows.name)).where(rows.customer_id.in_(members))
    found = (await session.scalars(query.order_by(rows.name, rows.customer_id != survivor, rows.at.desc()))).all()
    forbidden = await _unconsented(session, members, [each for row in found for each in _marketed(row)])
    told = [Told(row, tuple(each for each in _marketed(row) if each in forbidden)) for row in found]
    return sorted(told, key=lambda one: PLACES.get(one.row.name, len(PLACES)))


async def wish(
    session: WriteSession, customer_id: UUID, version: int | None, name: str, given: GivenWish, now: datetime
) -> tuple[Customer, Told]:
    """Let the customer wish this. Raises CustomerNotFound, CustomerMerged, VersionConflict, PreferenceUnknown,
    PreferenceUnfit, PreferenceKept."""
    known = _known(name)
    faults = wish_faults(known, given.value, "body.value")
    if given.at - now > CLOCKS_DIFFER:
        faults.append(fault("body.at", "has not come yet", f"an instant up to now, {now.isoformat()}"))
    if faults:
        raise PreferenceUnfit(f"The customer cannot wish this of {name!r}.", faults=faults)
    customer = await claimed(session, customer_id, version)
    if name == "marketing":
        await _ensure_consented(session, customer_id, given.value)
    found = await _row(session, customer_id, name)
    if found is None:
        await raise_version(session, customer)
        found = CustomerPreference(customer_id=customer_id, name=name)
        session.add(found)
    elif (found.value, found.source) == (given.value, given.source):
        return customer, Told(found, ())
    else:
        await _ensure_outranking(session, found, given.source)
        await raise_version(session, customer)
    found.value, found.at, found.source = given.value, given.at, given.source
    found.said = said(known, given.value) if known.pops else None
    await session.flush()
    await session.refresh(customer)
    await session.refresh(found)
    return customer, Told(found, ())


async def forget_wish(
    session: WriteSession, customer_id: UUID, version: int | None, name: str, *, claims: Sources = None
) -> Customer:
    """Let the customer have no wish of that name; what it was stays among the versions. Raises CustomerNotFound,
    CustomerMerged, VersionConflict, PreferenceUnknown, and SourceNotOfKey where `claims` lacks who told of it."""
    customer = await claimed(session, customer_id, version)
    found = await _row(session, customer_id, name)
    if found is None:
        raise PreferenceUnknown(f"The customer has no wish {name!r}.", name=name)
    ensure_may_name("path.name", [found.source], claims)
    await raise_version(session, customer)
    await session.delete(found)
    await session.flush()
    await session.refresh(customer)
    return customer


async def wishes_about_calls(session: AsyncSession, customer_id: UUID) -> dict[str, Any]:
    """What the customer wishes of being called: `call_hours`, `not_at_work`."""
    told = await preferences_of(session, customer_id)
    return {one.row.name: one.row.value for one in told if one.row.name in ("call_hours", "not_at_work")}


def wishable(wishes: dict[str, Any], label: str | None) -> bool:
    """Whether a number with this label may be called at all."""
    return not (wishes.get("not_at_work") is True and label == WORK)


def ensure_wished(wishes: dict[str, Any], label: str | None, now: datetime) -> None:
    """Refuse a call at a number with this label, now, that is against the wishes. Raises CallUnwished."""
    if not wishable(wishes, label):
        raise CallUnwished("not_at_work", "The customer does not want to be called at work.")
    if "call_hours" in wishes:
        hours = hours_of(wishes["call_hours"])
        if not may_be_called(hours, now):
            later = next_time(hours, now)
            until = "" if later is None else f", but again from {later:%A %H:%M} ({hours.time_zone})"
            raise CallUnwished("call_hours", f"The customer does not want to be called now{until}.", later)


def _known(name: str) -> Wish:
    if name not in BY_NAME:
        known = ", ".join(BY_NAME)
        raise PreferenceUnknown(f"There is no wish {name!r}; there are {known}.", name=name, accepted=list(BY_NAME))
    return BY_NAME[name]


def _marketed(row: CustomerPreference) -> Sequence[str]:
    return row.value if row.name == "marketing" else ()


async def _ensure_consented(session: AsyncSession, customer_id: UUID, channels: Sequence[str]) -> None:
    forbidden = await _unconsented(session, await members_of(session, customer_id), channels)
    faults = [
        fault(
            f"body.value.{place}",
            f"{channel!r} is not consented to",
            f"a channel of which the last consent is given; record it first: POST /customers/{customer_id}/consents",
        )
        for place, channel in enumerate(channels)
        if channel in forbidden
    ]
    if faults:
        raise PreferenceUnfit("Offers are sent only by channels that the customer has consented to.", faults=faults)


async def _unconsented(session: AsyncSession, members: Sequence[UUID], channels: Sequence[str]) -> set[str]:
    if not channels:
        return set()
    rows = CustomerConsent
    query = select(rows.channel, rows.given).ext(distinct_on(rows.channel))
    query = query.where(rows.customer_id.in_(members), rows.channel.in_(channels))
    latest = {
        row.channel: row.given
        for row in await session.execute(query.order_by(rows.channel, rows.at.desc(), rows.id.desc()))
    }
    return {channel for channel in channels if not latest.get(channel, False)}


async def _ensure_outranking(session: AsyncSession, present: CustomerPreference, source: str | None) -> None:
    """As a feed of the source would leave a field."""
    held, given = present.source or HAND, source or HAND
    if held in await blocking(session, given):
        raise PreferenceKept(present.name, held, given)


async def _row(session: AsyncSession, customer_id: UUID, name: str) -> CustomerPreference | None:
    rows = CustomerPreference
    return (await session.scalars(select(rows).where(rows.customer_id == customer_id, rows.name == name))).one_or_none()
