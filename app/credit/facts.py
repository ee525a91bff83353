"""What a bureau can be told of a customer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.credit.errors import FactMissing
from app.credit.models import CreditCheck
from app.credit.port import Bureau
from app.customers.models import Customer
from app.customers.record_models import CustomerExternalId

OF_CUSTOMER = ("id", "external_id", "name", "latin_name", "kind")
OF_INQUIRY = ("inquiry", "reason", "asked_by", "consent_at", "consent_origin")
OF_SYSTEM = "external_id:"
"""Followed by the name of a system: by what id it knows the customer."""

KNOWN = f"{', '.join((*OF_CUSTOMER, *OF_INQUIRY))} or {OF_SYSTEM} and the name of a system"


def is_fact(name: str) -> bool:
    """Whether a bureau can be told this."""
    return name in OF_CUSTOMER or name in OF_INQUIRY or (name.startswith(OF_SYSTEM) and name != OF_SYSTEM)


async def facts_for(
    session: AsyncSession, bureau: Bureau, check: CreditCheck, members: list[UUID]
) -> Mapping[str, Any]:
    """The fields of the question, of the customer and those merged into them. Raises FactMissing."""
    customer = await session.get_one(Customer, members[0])
    known: dict[str, Any] = {name: getattr(customer, name) for name in OF_CUSTOMER} | {
        "id": str(customer.id),
        "inquiry": str(check.id),
        "reason": check.reason,
        "asked_by": check.asked_by,
        "consent_at": check.consent_at.isoformat(),
        "consent_origin": check.consent_origin,
    }
    rows = CustomerExternalId
    query = select(rows).where(rows.customer_id.in_(members)).order_by(rows.system, rows.external_id.desc())
    known |= {f"{OF_SYSTEM}{row.system}": row.external_id for row in await session.scalars(query)}
    missing = sorted({fact for fact in bureau.sends.values() if known.get(fact) is None})
    if missing:
        raise FactMissing(bureau.id, missing)
    return {field: known[fact] for field, fact in bureau.sends.items()}
