"""What is needed to call a customer back because of an alert."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.masking import AS_AGENT, Sight
from app.customers.models import Customer, CustomerNumber
from app.customers.queries import connection_of, profile
from app.customers.record import members_of, survivor_of
from app.customers.usage.alert_life import after
from app.customers.usage.alerts import alert
from app.customers.usage.errors import CalledBackAlready, NoNumber


class ToCall(NamedTuple):
    """Whom to call at what number. One alert is one callback: `contact_id` is the same whenever it is asked for."""

    contact_id: UUID
    customer: Customer
    number: str
    profile: bytes


async def to_call(
    session: AsyncSession, alert_id: UUID, number: str | None, now: datetime, sight: Sight = AS_AGENT
) -> ToCall:
    """Whom to call for an alert: who survives its customer, at `number` or at the first of theirs that is valid now and
    their own. Raises AlertUnknown, AlertRefuses, CalledBackAlready, NoNumber."""
    found = (await alert(session, alert_id)).alert
    after(found.state, "call_back")
    if found.callback is not None:
        raise CalledBackAlready(found.callback)
    customer = await session.get_one(Customer, await survivor_of(session, found.customer_id))
    number = number or await _number(session, customer.id, now)
    if number is None:
        raise NoNumber
    told = await profile(await connection_of(session), customer.id, now.timestamp(), sight)
    return ToCall(uuid5(alert_id, "callback"), customer, number, told or b"null")


async def _number(session: AsyncSession, customer_id: UUID, now: datetime) -> str | None:
    rows = CustomerNumber
    valid = (
        or_(rows.valid_from.is_(None), rows.valid_from <= now),
        or_(rows.valid_until.is_(None), rows.valid_until > now),
    )
    query = select(rows).where(rows.customer_id.in_(await members_of(session, customer_id)), *valid)
    query = query.order_by(rows.shared, rows.e164.is_(None), rows.id).limit(1)
    found = (await session.scalars(query)).first()
    return None if found is None else found.e164 or found.raw
