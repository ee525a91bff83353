"""What is needed to call a customer back because of an alert."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.masking import AS_AGENT, Sight
from app.customers.models import Customer, CustomerNumber
from app.customers.preferences.service import ensure_wished, wishable, wishes_about_calls
from app.customers.recognising import profile
from app.customers.record.whole import members_of, survivor_of
from app.customers.usage.alert_life import after
from app.customers.usage.alerts import alert
from app.customers.usage.errors import CalledBackAlready, NoNumber
from app.db.pool import connection_of


class ToCall(NamedTuple):
    """Whom to call at what number. One alert is one callback: `contact_id` is the same whenever it is asked for."""

    contact_id: UUID
    customer: Customer
    number: str
    profile: bytes


class _Number(NamedTuple):
    number: str
    label: str | None


async def to_call(
    session: AsyncSession,
    alert_id: UUID,
    number: str | None,
    now: datetime,
    sight: Sight = AS_AGENT,
    *,
    though_unwished: bool = False,
) -> ToCall:
    """Whom to call for an alert: who survives its customer, at `number` or at the first of theirs that is valid now and
    their own. Raises AlertUnknown, AlertRefuses, CalledBackAlready, NoNumber, and, unless it is to be done all the
    same, CallUnwished."""
    found = (await alert(session, alert_id)).alert
    after(found.state, "call_back")
    if found.callback is not None:
        raise CalledBackAlready(found.callback)
    customer = await session.get_one(Customer, await survivor_of(session, found.customer_id))
    wishes = {} if though_unwished else await wishes_about_calls(session, customer.id)
    known = await _numbers(session, customer.id, now)
    if number is None:
        number = next((each.number for each in known if wishable(wishes, each.label)), None)
        number = number or next((each.number for each in known), None)
    if number is None:
        raise NoNumber
    ensure_wished(wishes, next((each.label for each in known if each.number == number), None), now)
    told = await profile(await connection_of(session), customer.id, now.timestamp(), sight)
    return ToCall(uuid5(alert_id, "callback"), customer, number, told or b"null")


async def _numbers(session: AsyncSession, customer_id: UUID, now: datetime) -> list[_Number]:
    rows = CustomerNumber
    valid = (
        or_(rows.valid_from.is_(None), rows.valid_from <= now),
        or_(rows.valid_until.is_(None), rows.valid_until > now),
    )
    query = select(rows).where(rows.customer_id.in_(await members_of(session, customer_id)), *valid)
    query = query.order_by(rows.shared, rows.e164.is_(None), rows.id)
    return [_Number(found.e164 or found.raw, found.label) for found in await session.scalars(query)]
