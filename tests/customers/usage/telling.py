"""Usage for tests: events in few words, through the service that HTTP calls."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from app.core.clock import FrozenClock, utc
from app.core.instants import iso
from app.customers.usage.arriving import Taken, take
from app.customers.usage.models import CustomerAlert, UsageRule
from app.customers.usage.rules import create_rule
from app.db.engine import WriteSession

NOW = utc(FrozenClock().instant)
SOURCE = "core"
_ids = count(1)

Event = dict[str, Any]


def ago(**by: float) -> datetime:
    """So long before NOW."""
    return NOW - timedelta(**by)


def event(customer: UUID | None = None, kind: str = "login.failed", at: datetime = NOW, **given: Any) -> Event:
    """An event as it is sent, with an id of its own."""
    who = {} if customer is None else {"customer_id": str(customer)}
    return {"id": f"e{next(_ids)}", "kind": kind, "at": iso(at.timestamp()), **who, **given}


def lines(events: Iterable[Event]) -> bytes:
    """Events as NDJSON."""
    return b"\n".join(msgspec.json.encode(each) for each in events)


async def tell(session: WriteSession, *events: Event, now: datetime = NOW, source: str = SOURCE) -> Taken:
    """Let events arrive at `now`."""
    return await take(session, source, lines(events), now)


async def make_rule(
    session: WriteSession, condition: str, rule_id: str = "r", *, since: datetime = NOW, **given: Any
) -> UsageRule:
    """A rule that is enabled."""
    values = {
        "id": rule_id,
        "name": f"Rule {rule_id}",
        "condition": condition,
        "severity": "high",
        "advice": None,
        "owner": None,
        "due_seconds": 3_600.0,
        "expire_seconds": 86_400.0,
        "quiet_seconds": 86_400.0,
        "enabled": True,
    }
    return await create_rule(session, values | given, since)


async def alerts(session: WriteSession) -> list[CustomerAlert]:
    """All alerts, oldest first, as they are in the database."""
    query = select(CustomerAlert).order_by(CustomerAlert.opened_at, CustomerAlert.id)
    return list(await session.scalars(query, execution_options={"populate_existing": True}))
