"""Where somebody comes to: an address of the customer, as it is when the visit is booked, or one that was typed."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.cards import without_card_numbers
from app.customers.record.whole import members_of, survivor_of
from app.customers.record_models import CustomerAddress
from app.desk.visits.errors import SiteUnfit


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """An address that was typed (`lines` at least), or without `lines` that one of the customer's addresses is meant
    that is of this `kind`; without either, the only one that they have."""

    kind: str | None = None
    lines: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


async def resolved(session: AsyncSession, customer_id: UUID, given: Site, now: datetime) -> Site:
    """The address that is meant, written out. Raises SiteUnfit where it is none or several, CustomerNotFound."""
    if given.lines is not None:
        typed = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
        return Site(**{name: without_card_numbers(value) for name, value in typed.items()})
    members = await members_of(session, await survivor_of(session, customer_id))
    row = CustomerAddress
    valid = (
        or_(row.valid_from.is_(None), row.valid_from <= now),
        or_(row.valid_until.is_(None), row.valid_until > now),
    )
    columns = (row.kind, row.lines, row.city, row.postal_code, row.country)
    known = (await session.execute(select(*columns).where(row.customer_id.in_(members), *valid).order_by(row.id))).all()
    # two records of one person may hold the same address
    meant = list(dict.fromkeys(Site(**each._mapping) for each in known if given.kind in (None, each.kind)))
    if len(meant) != 1:
        what = "names several addresses of the customer" if meant else "names no address of the customer"
        raise SiteUnfit(what, sorted({each.kind for each in known if each.kind is not None}))
    return meant[0]
