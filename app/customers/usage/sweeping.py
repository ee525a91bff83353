"""What becomes true by time passing: absences, trends, and whatever a rule that was just switched on finds.

An event may change what a rule sees when it comes, and when it grows out of a window (for trends: out of a window's
later half). So the sweep looks at exactly the customers whose events have done that since it last looked, a page a
transaction; where a rule is new, once at everybody. What was kept to be looked at is caught up with beside that.
It goes on where it was stopped, and several processes share it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import or_, select, text

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.customers.usage.alerting import alert, take_turns
from app.customers.usage.conditions import Condition, read
from app.customers.usage.given import OLDEST
from app.customers.usage.measuring import Asked
from app.customers.usage.models import IN_ORDER, UsageRule, UsageSweep
from app.customers.usage.remembered import look_at_due
from app.customers.usage.watching import Watched, matches
from app.db.engine import Sessions, WriteSession
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)

PAGE = 2_000
REMEMBERED = 2 * OLDEST
"""What was told with a clock far ahead could be taken again for longer than OLDEST after it came."""

BEYOND = UUID(int=2**128 - 1)

# by the index in order of time; the plain bounds leave other months alone
_CROSSED = text(f"""
    select crossed.at, crossed.customer_id, coalesce(c.merged_into, c.id) as root
    from (
        select x.at, x.customer_id
        from (select kind, make_interval(secs => seconds) as age
              from unnest(cast(:kinds as text[]), cast(:seconds as float8[])) as b(kind, seconds)) b
        cross join lateral (
            select cast(:since as timestamptz) - b.age as since, cast(:until as timestamptz) - b.age as until) born
        cross join lateral (
            select e.counts_at + b.age as at, e.customer_id from usage_events e
            where e.kind = b.kind and e.counts_at >= born.since and e.counts_at <= born.until
              and ({IN_ORDER}, e.customer_id) > (born.since at time zone 'UTC', cast(:after as uuid))
              and {IN_ORDER} <= born.until at time zone 'UTC'
            order by {IN_ORDER}, e.customer_id limit :page) x
        order by 1, 2 limit :page
    ) crossed join customers c on c.id = crossed.customer_id
    order by 1, 2""")  # noqa: S608 - a constant
_EVERYBODY = text("""
    select id from customers where id > :after and merged_into is null and active order by id limit :page""")
_EXPIRE = text("""
    with over as (
        update customer_alerts set state = 'expired', closed_at = :now where id in (
            select id from customer_alerts where state = 'open' and expires_at <= :now
            order by expires_at limit :page for update skip locked)
        returning id, owner
    ), written as (
        insert into customer_alert_entries (alert_id, at, who, act, state, owner)
        select id, :now, null, 'expired', 'expired', owner from over
    )
    select count(*) from over""")
_FORGET = text("""
    delete from usage_event_ids where ctid = any(array(
        select ctid from usage_event_ids where counts_at < :before limit :page for update skip locked))""")


async def sweep(sessions: Sessions, now: datetime) -> int:
    """Look at everything that is due, a page a transaction; how many alerts were opened."""
    opened = 0
    while True:
        async with sessions.write() as session:
            found = await sweep_page(session, now)
        if found is None:
            break
        opened += found
    for due in (expire_due, forget):
        count = PAGE
        while count == PAGE:
            async with sessions.write() as session:
                count = await due(session, now)
    return opened


async def sweep_page(session: WriteSession, now: datetime) -> int | None:
    """One page of one rule; how many alerts were opened, None where nothing is due that nobody else is at."""
    query = (
        select(UsageSweep, UsageRule.condition)
        .join(UsageRule, UsageRule.id == UsageSweep.rule_id)
        .where(UsageRule.enabled, or_(UsageSweep.looked_until < now, UsageSweep.everybody_after.is_not(None)))
        .order_by(UsageSweep.looked_until)
        .limit(1)
        .with_for_update(of=UsageSweep, skip_locked=True)
    )
    row = (await session.execute(query, execution_options={"populate_existing": True})).first()
    if row is None:
        return None
    at, condition = row[0], read(row[1])
    if at.everybody_after is not None:
        customers = await _everybody(session, at)
    else:
        customers = await _crossed(session, at, condition, now)
    await session.flush()
    await take_turns(session, customers)
    asked = [Asked(customer, now) for customer in customers]
    return (await alert(session, await matches(session, [Watched(at.rule_id, condition)], asked), now)).opened


async def expire_due(session: WriteSession, now: datetime) -> int:
    """Let alerts expire that nobody has taken in time, at most a page."""
    return int(await session.scalar(_EXPIRE, {"now": now, "page": PAGE}) or 0)


async def forget(session: WriteSession, now: datetime) -> int:
    """Forget ids of events so old that they would not be taken again anyway, at most a page."""
    done = await session.execute(_FORGET, {"before": now - REMEMBERED, "page": PAGE})
    return int(done.rowcount)  # type: ignore[attr-defined]


async def catch_up(sessions: Sessions, clock: Clock) -> int:
    """Look at everything that was kept to be looked at and is due, a page a transaction, each as of when it is taken;
    how many alerts were opened."""
    opened = 0
    while True:
        now = utc(clock())
        async with sessions.write() as session:
            looked = await look_at_due(session, now)
        if looked is None:
            return opened
        opened += looked.opened


async def keep_sweeping(sessions: Sessions, clock: Clock, every: float = 30.0) -> None:
    """Sweep every `every` seconds until cancelled; a failure is logged, and the next round goes on."""
    await _keep_at(lambda: sweep(sessions, utc(clock())), every)


async def keep_catching_up(sessions: Sessions, clock: Clock, every: float = 5.0) -> None:
    """Catch up every `every` seconds until cancelled: beside the sweep, for which a new rule is long work."""
    await _keep_at(lambda: catch_up(sessions, clock), every)


async def _keep_at(work: Callable[[], Awaitable[int]], every: float) -> None:
    while True:
        try:
            opened = await work()
            if opened:
                log.info("alerts opened by the sweep", alerts=opened)
        except (Unavailable, OSError, *DRIVER) as error:
            log.warning("usage cannot be swept now", error=repr(error))
        except Exception:
            log.exception("usage could not be swept")
        await asyncio.sleep(every)


async def _everybody(session: WriteSession, at: UsageSweep) -> list[UUID]:
    ids = list(await session.scalars(_EVERYBODY, {"after": at.everybody_after, "page": PAGE}))
    at.everybody_after = ids[-1] if len(ids) == PAGE else None
    return ids


async def _crossed(session: WriteSession, at: UsageSweep, condition: Condition, now: datetime) -> list[UUID]:
    rows = []
    if condition.crossings:
        given = {
            "kinds": [crossing.kind for crossing in condition.crossings],
            "seconds": [crossing.seconds for crossing in condition.crossings],
            "since": at.looked_until,
            "after": at.looked_customer or BEYOND,
            "until": now,
            "page": PAGE,
        }
        rows = list(await session.execute(_CROSSED, given))
    if len(rows) == PAGE:
        at.looked_until, at.looked_customer = rows[-1].at, rows[-1].customer_id
    else:
        at.looked_until, at.looked_customer = now, None
    return list(dict.fromkeys(row.root for row in rows))
