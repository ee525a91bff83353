"""Showing somebody what they see masked: for a reason, kept in the audit log without the value, so many an hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.audit.service import record
from app.customers.agreement_models import Agreement
from app.customers.errors import TooManyReveals, ValueNotFound
from app.customers.masking import Kind, Sight
from app.customers.models import Customer, CustomerNumber
from app.customers.record.whole import members_of, survivor_of
from app.customers.record_models import (
    CustomerAddress,
    CustomerEmail,
    CustomerExternalId,
    CustomerHolding,
    CustomerNote,
)
from app.db.engine import WriteSession

ACTION = "customer.revealed"
WINDOW = timedelta(hours=1)

_COLUMNS: dict[Kind, tuple[Any, ...]] = {
    "number": (CustomerNumber.raw, CustomerNumber.e164),
    "email": (CustomerEmail.address,),
    "address": (CustomerAddress.lines, CustomerAddress.city, CustomerAddress.postal_code),
    "external_id": (CustomerExternalId.external_id,),
    "holding": (CustomerHolding.external_id, Agreement.external_id),
    "note": (CustomerNote.text,),
    "attribute": (Customer.attributes, CustomerHolding.details),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what of a customer revealed, and why; `shown` is what they see in its place, None: all of that kind."""

    who: str
    kind: Kind
    shown: str | None
    why: str


async def reveal(
    session: WriteSession, customer_id: UUID, wanted: Wanted, sight: Sight, now: datetime, an_hour: int
) -> list[str]:
    """The whole values that are asked for, of the customer and those merged into them.

    Raises CustomerNotFound, ValueNotFound, TooManyReveals.
    """
    survivor = await survivor_of(session, customer_id)
    await _admit(session, wanted.who, now, an_hour)
    values = await _values(session, wanted.kind, await members_of(session, survivor))
    found = sorted(value for value in values if wanted.shown in (None, sight.show(wanted.kind, value)))
    if not found:
        raise ValueNotFound(f"The customer has no such {wanted.kind}.", field=wanted.kind, shown=wanted.shown)
    told = {"field": wanted.kind, "shown": wanted.shown, "values": len(found), "why": wanted.why}
    await record(session, ACTION, "customer", str(survivor), after=told)
    return found


async def _admit(session: WriteSession, who: str, now: datetime, an_hour: int) -> None:
    """One at a time of a person, so that many at once are no way round."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{ACTION}:{who}", 0))))
    rows = AuditEntry
    query = select(rows.at).where(rows.who == who, rows.at > now - WINDOW, rows.action == ACTION)
    recent = list(await session.scalars(query.order_by(rows.at.desc()).limit(an_hour)))
    if len(recent) >= an_hour:
        wait = max(1, int((recent[-1] + WINDOW - now).total_seconds()) + 1)
        raise TooManyReveals(f"You have had {an_hour} values revealed within the hour; wait {wait} seconds.", wait)


async def _values(session: WriteSession, kind: Kind, members: list[UUID]) -> set[str]:
    found: set[str] = set()
    for column in _COLUMNS[kind]:
        owner = Customer.id if column.class_ is Customer else column.class_.customer_id
        for value in await session.scalars(select(column).where(owner.in_(members))):
            found.update(_texts(value))
    if kind == "external_id":
        own = select(Customer.external_id).where(Customer.id.in_(members), Customer.external_id.is_not(None))
        found.update(value for value in await session.scalars(own) if value is not None)
    return found


def _texts(value: Any) -> Iterator[str]:
    """The texts within a JSON-like value; a number counts as its digits."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
