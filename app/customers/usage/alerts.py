"""The work list of alerts, and what is done about one. The caller's session commits; each act is kept with who did it
and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import User
from app.customers.cards import without_card_numbers
from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.customers.usage.alert_life import LIVE, after
from app.customers.usage.errors import AlertUnknown, OwnerUnknown
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry, UsageRule
from app.db.engine import WriteSession
from app.db.rows import oldest

OVER = ("done", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What alerts must fit, all of it. `owner` "" is nobody; `due_before` is not included."""

    states: Sequence[str] = LIVE
    severities: Sequence[str] = ()
    owner: str | None = None
    rule_id: str | None = None
    customer_id: UUID | None = None
    due_before: datetime | None = None


class Listed(NamedTuple):
    """An alert with what its rule and its customer are called."""

    alert: CustomerAlert
    title: str
    advice: str | None
    customer_name: str


async def find(
    session: AsyncSession, wanted: Wanted, limit: int, after_key: tuple[datetime, UUID] | None
) -> list[Listed]:
    """Up to `limit` alerts that fit, those due first in front, those after `after_key` (due_at, id). Of a customer also
    those of whoever was merged into them. Raises CustomerNotFound."""
    row = CustomerAlert
    query = _listed().where(row.state.in_(wanted.states)).order_by(row.due_at, row.id).limit(limit)
    if set(wanted.states) <= set(LIVE):
        query = query.where(row.state.in_(LIVE))  # the very words of the index of live alerts
    if wanted.severities:
        query = query.where(row.severity.in_(wanted.severities))
    if wanted.owner is not None:
        query = query.where(row.owner == wanted.owner if wanted.owner else row.owner.is_(None))
    if wanted.rule_id is not None:
        query = query.where(row.rule_id == wanted.rule_id)
    if wanted.customer_id is not None:
        members = await members_of(session, await survivor_of(session, wanted.customer_id))
        query = query.where(row.customer_id.in_(members))
    if wanted.due_before is not None:
        query = query.where(row.due_at < wanted.due_before)
    if after_key is not None:
        query = query.where(tuple_(row.due_at, row.id) > after_key)
    return [Listed(*found) for found in (await session.execute(query)).all()]


async def alert(session: AsyncSession, alert_id: UUID) -> Listed:
    """One alert; raises AlertUnknown."""
    found = (await session.execute(_listed().where(CustomerAlert.id == alert_id))).first()
    if found is None:
        raise AlertUnknown(alert_id)
    return Listed(*found)


async def entries(
    session: AsyncSession, alert_id: UUID, limit: int, after_id: int | None
) -> Sequence[CustomerAlertEntry]:
    """Up to `limit` of what happened to the alert, oldest first, after the entry of an id. Raises AlertUnknown."""
    await alert(session, alert_id)
    rows = CustomerAlertEntry
    return (
        await session.scalars(oldest(select(rows).where(rows.alert_id == alert_id), rows.id, limit, after_id))
    ).all()


async def act(
    session: WriteSession,
    alert_id: UUID,
    what: str,
    who: str,
    now: datetime,
    *,
    owner: str | None = None,
    note: str | None = None,
) -> Listed:
    """Do something about an alert: `what` is an act of `alert_life`. Who acknowledges it is its owner from then on, and
    whoever is named (`owner`) where it is assigned; who gives it back leaves it to nobody.

    Raises AlertUnknown, AlertRefuses, OwnerUnknown.
    """
    found = await held(session, alert_id)
    state = after(found.state, what)
    heir = {"acknowledge": who, "assign": owner, "release": None}.get(what, found.owner)
    if heir is not None and heir != found.owner and await session.get(User, heir) is None:
        raise OwnerUnknown(heir)
    found.state, found.owner = state, heir
    if state in OVER:
        found.closed_at = now
    session.add(_entry(found, what, who, now, None if note is None else without_card_numbers(note)))
    await session.flush()
    return await alert(session, alert_id)


async def called_back(session: WriteSession, alert_id: UUID, contact_id: UUID, who: str, now: datetime) -> Listed:
    """Keep by which contact the customer is called back; told twice it is kept once. Raises AlertUnknown."""
    found = await held(session, alert_id)
    if found.callback is None:
        found.callback = contact_id
        if found.state in LIVE:  # it may have been finished meanwhile
            found.state = after(found.state, "call_back")
        session.add(_entry(found, "call_back", who, now, str(contact_id)))
        await session.flush()
    return await alert(session, alert_id)


async def held(session: WriteSession, alert_id: UUID) -> CustomerAlert:
    """An alert, locked until the commit. Raises AlertUnknown."""
    found = await session.get(CustomerAlert, alert_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise AlertUnknown(alert_id)
    return found


async def case_opened(session: WriteSession, found: CustomerAlert, case_id: UUID, who: str, now: datetime) -> None:
    """Keep by which case an alert that is held is seen to, which acknowledges it. Raises AlertRefuses."""
    found.state = after(found.state, "open_case")
    found.case_id = case_id
    session.add(_entry(found, "open_case", who, now, str(case_id)))
    await session.flush()


async def case_closed(session: WriteSession, alert_id: UUID, number: str, who: str, now: datetime) -> None:
    """The case that an alert opened is closed: with it the alert is done, unless it is over, or was given back to
    everybody meanwhile."""
    # one that is over is not waited for: retention may be removing it, and waits for its case in turn
    query = select(CustomerAlert).where(CustomerAlert.id == alert_id, CustomerAlert.state == "acknowledged")
    found = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is not None:
        found.state, found.closed_at = after(found.state, "finish"), now
        session.add(_entry(found, "finish", who, now, f"{number} was closed"))
        await session.flush()


def _listed() -> Select[CustomerAlert, str, str | None, str]:
    query = select(CustomerAlert, UsageRule.name, UsageRule.advice, Customer.name)
    return query.join(UsageRule, UsageRule.id == CustomerAlert.rule_id).join(
        Customer, Customer.id == CustomerAlert.customer_id
    )


def _entry(found: CustomerAlert, act: str, who: str, now: datetime, note: str | None) -> CustomerAlertEntry:
    return CustomerAlertEntry(
        alert_id=found.id, at=now, who=who, act=act, state=found.state, owner=found.owner, note=note
    )
