"""The background work on tiers and segments: overrides that end, customers who have changed, rounds through all."""

import asyncio
from datetime import datetime

import structlog

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.customers.segments.overrides import end_due
from app.customers.segments.rounds import begin_daily, judge_changed, judge_page
from app.customers.segments.segment_overrides import end_due_segments
from app.db.engine import Sessions
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)


async def work(sessions: Sessions, now: datetime) -> bool:
    """A page of each kind of work, each in a transaction of its own, so that a round through all customers keeps nobody
    waiting who has just changed; whether there may be more to do at once."""
    async with sessions.write() as session:
        ended = await end_due(session, now)
    async with sessions.write() as session:
        ended += await end_due_segments(session, now)
    async with sessions.write() as session:
        changed = await judge_changed(session, now)
    async with sessions.write() as session:
        await begin_daily(session, now)
    async with sessions.write() as session:
        page = await judge_page(session, now)
    if changed is not None and changed.moved:
        log.info("customers moved", customers=changed.moved, because="changed")
    # those whom somebody else is changing just now must not be tried again without a pause
    return ended > 0 or page is not None or (changed is not None and changed.again == 0)


async def keep_judging(sessions: Sessions, clock: Clock, every: float = 2.0) -> None:
    """Work until cancelled, with a pause of `every` seconds where nothing is to do; a failure is logged, and the next
    turn goes on."""
    while True:
        more = False
        try:
            more = await work(sessions, utc(clock()))
        except (Unavailable, OSError, *DRIVER) as error:
            log.warning("customers cannot be judged now", error=repr(error))
        except Exception:
            log.exception("customers could not be judged")
        await asyncio.sleep(0.0 if more else every)
