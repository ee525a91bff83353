"""Visits for tests, through the real service."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.clock import FrozenClock, utc
from app.db.engine import WriteSession
from app.desk.visits import service
from app.desk.visits.queries import Listed
from app.desk.visits.service import Booking, By
from app.desk.visits.sites import Site
from app.desk.visits.windows import Window

NOW = utc(FrozenClock().instant)
SITE = Site(lines="长安街 1 号", city="北京", postal_code="100005", country="CN")


def by(who: str = "sue", version: int | None = None, **later: float) -> By:
    """Somebody, so long after NOW."""
    return By(who, NOW + timedelta(**later), version)


def window(begins: float = 24, hours: float = 2, since: datetime = NOW) -> Window:
    """So many hours after `since`, so long."""
    start = since + timedelta(hours=begins)
    return Window(start, start + timedelta(hours=hours), "Asia/Shanghai")


async def booked(session: WriteSession, customer: UUID, begins: float | None = 24, **given: Any) -> Listed:
    """A visit that begins so many hours after NOW; None: without an appointment."""
    values: dict[str, Any] = {"purpose": "Replace the terminal 更换终端", "site": SITE}
    when = None if begins is None else window(begins)
    return await service.book(session, customer, Booking(window=when, **(values | given)), by())


async def done(session: WriteSession, customer: UUID, engineer: str, begins: float = 1, **later: float) -> Listed:
    """A visit that took place."""
    found = (await booked(session, customer, begins)).visit.id
    await service.assign(session, found, engineer, by())
    await service.step(session, found, "arrive", by(engineer, None, **later))
    return await service.complete(session, found, "Replaced 已更换", by(engineer, None, **later))
