"""Letting settled deliveries go, some thousands at a time so that nothing is held up."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.db.engine import Sessions

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
"""So long settled deliveries are kept; what has waited as long (for a subscription that is paused) is dead."""

CHUNK = 5_000

_OVERDUE = text("""
    update webhook_deliveries d set status = 'dead', settled_at = :now, last_error = 'waited for too long'
    where d.id = any(array(
        select p.id from webhook_deliveries p join webhook_events e on e.id = p.event_id
        where p.status = 'pending' and e.at < :before and p.next_at < :before limit :most))""")
_SETTLED = text("""
    delete from webhook_deliveries where id = any(array(
        select id from webhook_deliveries where status <> 'pending' and settled_at < :before limit :most))""")
_UNWANTED = text("""
    delete from webhook_events where id = any(array(
        select e.id from webhook_events e
        where e.at < :before and not exists (select from webhook_deliveries d where d.event_id = e.id) limit :most))""")


async def tidy(sessions: Sessions, now: datetime) -> int:
    """Delete what was settled a month ago, and the events that nobody's delivery needs any more; gives the rows."""
    gone = 0
    for statement in (_OVERDUE, _SETTLED, _UNWANTED):
        rows = CHUNK
        while rows == CHUNK:
            async with sessions.write() as session:
                done = await session.execute(statement, {"now": now, "before": now - KEPT, "most": CHUNK})
            rows = getattr(done, "rowcount", 0)
            gone += rows
    return gone


async def keep_deliveries_tidy(sessions: Sessions, clock: Clock, every: float = 3600.0) -> None:
    """Tidy up every hour until cancelled. A failure is logged; the next hour tries again."""
    while True:
        try:
            gone = await tidy(sessions, utc(clock()))
            if gone:
                log.info("tidied up webhooks", rows=gone)
        except Unavailable as error:
            log.warning("could not tidy up webhooks", error=str(error))
        except Exception:
            log.exception("webhooks could not be tidied up")
        await asyncio.sleep(every)
