"""Clearing away what nobody asks for any more, a few thousand rows at a time so that the journal is never held up."""

import asyncio
from typing import Any

import asyncpg
import structlog

from app.core.clock import Clock
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)

DAY = 86_400.0
INBOX_DAYS = 7.0
"""Platforms repeat a delivery for days; none is known to repeat it for a week."""

ORDERS_DAYS = 30.0
ATTEMPTS_DAYS = 30.0
CHUNK = 5_000

INBOX = """DELETE FROM inbox WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM inbox WHERE at < to_timestamp($2) AND floor = $1 LIMIT $3 FOR UPDATE SKIP LOCKED))"""
ORDERS = """DELETE FROM outbox WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM outbox WHERE floor = $1 AND status = 'delivered' AND settled_at < to_timestamp($2)
    ORDER BY settled_at LIMIT $3 FOR UPDATE SKIP LOCKED))"""

# at PINs of customers they stay until one succeeds; of no floor, so the first parameter says nothing
ATTEMPTS = """DELETE FROM pin_attempts WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM pin_attempts WHERE $1 <> '' AND last_at < to_timestamp($2) AND subject NOT LIKE 'customer:%'
    LIMIT $3 FOR UPDATE SKIP LOCKED))"""


async def tidy(pool: "asyncpg.Pool[Any]", floor: str, now: float) -> int:
    """Delete answers older than a week, and delivered orders and attempts at PINs of nobody older than a month; gives
    the number of rows."""
    gone = 0
    for statement, days in ((INBOX, INBOX_DAYS), (ORDERS, ORDERS_DAYS), (ATTEMPTS, ATTEMPTS_DAYS)):
        deleted = CHUNK
        while deleted == CHUNK:
            done = await pool.execute(statement, floor, now - days * DAY, CHUNK)
            deleted = int(done.split()[-1])
            gone += deleted
    return gone


async def keep_tidy(pool: "asyncpg.Pool[Any]", floor: str, clock: Clock, every: float = 3600.0) -> None:
    """Tidy up every hour until cancelled. A failure is logged; the next hour tries again."""
    while True:
        try:
            gone = await tidy(pool, floor, clock())
            if gone:
                log.info("tidied up", rows=gone)
        except (OSError, *DRIVER) as error:
            log.warning("could not tidy up", error=repr(error))
        await asyncio.sleep(every)
