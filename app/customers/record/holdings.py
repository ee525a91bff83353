"""What customers have at the bank, as other systems tell it. Fed, never edited: a holding raises no version of its
customer, and what it was before stays among the versions."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.wire import fault
from app.customers.cards import card_numbers_in, is_card_number, is_issued, last_four
from app.customers.errors import CustomerNotFound, HoldingNotFound, HoldingTaken, HoldingUnfit
from app.customers.models import Customer
from app.customers.record_models import CustomerHolding
from app.db.engine import WriteSession


class GivenHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A holding as a system tells it. `number` may be a whole card number: only its last four digits are kept."""

    kind: str
    name: str | None = None
    status: str | None = None
    number: str | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    details: dict[str, Any] = {}


def holding_faults(external_id: str, given: GivenHolding) -> list[dict[str, str]]:
    """What is wrong with a holding: where, what, and what would be right."""
    told = {"external_id": external_id, "name": given.name, "status": given.status, "details": given.details}
    allowed = "only its last four digits, in `number`"
    judge = is_card_number if given.kind == "card" else is_issued
    found = [fault(where, "holds a whole card number", allowed) for where in card_numbers_in(told, "body", judge)]
    if given.number is not None and last_four(given.number) is None:
        found.append(fault("body.number", "has no four digits", "a number, or its last four digits"))
    if given.opened_on and given.closed_on and given.closed_on < given.opened_on:
        found.append(fault("body.closed_on", "is before it was opened", f"{given.opened_on} or later"))
    return found


def holding_values(given: GivenHolding) -> dict[str, Any]:
    """The columns of a holding; of a number only what may be kept."""
    values = msgspec.structs.asdict(given)
    number = values.pop("number")
    return {**values, "last_four": None if number is None else last_four(number)}


async def put_holding(
    session: WriteSession, customer_id: UUID, source: str, external_id: str, given: GivenHolding
) -> CustomerHolding:
    """Let the customer have the holding that `source` knows as `external_id`, in exactly this state.

    Raises CustomerNotFound, HoldingUnfit, HoldingTaken.
    """
    faults = holding_faults(external_id, given)
    if faults:
        raise HoldingUnfit("The holding does not fit.", faults=faults)
    if await session.get(Customer, customer_id, with_for_update={"read": True}) is None:
        raise CustomerNotFound(customer_id)
    found = await _locked(session, source, external_id)
    if found is None:
        found = CustomerHolding(customer_id=customer_id, source=source, external_id=external_id)
        session.add(found)
    elif found.customer_id != customer_id:
        owner = str(found.customer_id)
        raise HoldingTaken(f"{source} has given {external_id!r} to another customer.", customer_id=owner)
    for name, value in holding_values(given).items():
        setattr(found, name, value)
    await session.flush()
    await session.refresh(found)
    return found


async def remove_holding(session: WriteSession, customer_id: UUID, source: str, external_id: str) -> None:
    """Take a holding away that should never have been there; one that has ended is closed instead.

    Raises HoldingNotFound.
    """
    found = await _locked(session, source, external_id)
    if found is None or found.customer_id != customer_id:
        raise HoldingNotFound(f"The customer has no {external_id!r} of {source}.", source=source)
    await session.delete(found)


async def _locked(session: AsyncSession, source: str, external_id: str) -> CustomerHolding | None:
    query = select(CustomerHolding).where(CustomerHolding.source == source, CustomerHolding.external_id == external_id)
    return (await session.scalars(query.with_for_update())).one_or_none()
