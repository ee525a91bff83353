"""The large tables are split by month (UTC). The program makes the months ahead; there is no catch-all partition.

A month is attached, not created in place: attaching does not block reading and writing of the parent.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core import clock

PARENTS = (
    "audit_entries",
    "customer_moves",
    "customer_versions",
    "entitlements",
    "events",
    "interaction_entries",
    "interactions",
    "profile_reads",
    "queue_visits",
    "usage_events",
)
"""Tables partitioned by month. A new one is added here and in the migration that creates it."""

MONTHS_AHEAD = 3
MONTHS_BACK = 1
DAY = 86_400.0
LOCK = 0x43464C50  # "CFLP": one process makes partitions at a time

_LOCK_TIMEOUT = text("select set_config('lock_timeout', :wait, true)")

log = structlog.get_logger(__name__)


def month_of(instant: datetime, shift: int = 0) -> datetime:
    """The first instant of the month of `instant`, `shift` months later (or earlier)."""
    here = instant.astimezone(UTC)
    months = here.year * 12 + here.month - 1 + shift
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def months_between(since: datetime, until: datetime) -> list[datetime]:
    """The first instants of all months from that of `since` to that of `until`, both included."""
    months = [month_of(since)]
    while months[-1] < month_of(until):
        months.append(month_of(months[-1], 1))
    return months


def partition_name(parent: str, month: datetime) -> str:
    """The name of a month's partition, such as events_2026_11."""
    return f"{parent}_{month:%Y_%m}"


async def ensure_partitions(
    connection: AsyncConnection, since: datetime, until: datetime, *, parents: Sequence[str] = PARENTS
) -> list[str]:
    """Make the missing partitions of all months from `since` to `until`; return the names of those made.

    Runs in the caller's transaction and is safe beside other processes that do the same. Raises the driver's
    lock timeout after five seconds when a table is locked for good; trying again later is right. What the caller does
    afterwards waits for locks as long as before.
    """
    wanted = {partition_name(p, m): (p, m) for m in months_between(since, until) for p in parents}
    before = await connection.scalar(text("select current_setting('lock_timeout')"))
    await connection.execute(_LOCK_TIMEOUT, {"wait": "5s"})
    await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
    missing = sorted(set(wanted) - await _existing(connection, list(wanted)))
    for name in missing:
        parent, month = wanted[name]
        await connection.execute(
            text(f'create table "{name}" (like "{parent}" including defaults including constraints)')
        )
        bounds = f"from ('{month.isoformat()}') to ('{month_of(month, 1).isoformat()}')"
        await connection.execute(text(f'alter table "{parent}" attach partition "{name}" for values {bounds}'))
    await connection.execute(_LOCK_TIMEOUT, {"wait": before})
    return missing


async def months_of(connection: AsyncConnection, parent: str) -> list[datetime]:
    """The months that a parent has partitions of, the oldest first."""
    query = text("""
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
        where p.relname = :parent and p.relkind = 'p' order by 1""")
    names = await connection.scalars(query, {"parent": parent})
    return [datetime.strptime(name.removeprefix(f"{parent}_"), "%Y_%m").replace(tzinfo=UTC) for name in names]


async def drop_month(connection: AsyncConnection, parent: str, month: datetime) -> None:
    """Drop a month's partition with all its rows, in the caller's transaction.

    Who reads or writes the parent waits meanwhile, so it is not waited for long: raises the driver's lock timeout after
    a fifth of a second; trying again later is right.
    """
    await connection.execute(text("select set_config('lock_timeout', '200ms', true)"))
    await connection.execute(text(f'drop table "{partition_name(parent, month)}"'))


async def _existing(connection: AsyncConnection, names: list[str]) -> set[str]:
    query = text("select relname from pg_class where relname = any(:names) and relispartition")
    return {row.relname for row in await connection.execute(query, {"names": names})}


async def ensure_present(engine: AsyncEngine, now: float | None = None) -> list[str]:
    """Make the partitions from last month to three months ahead of `now` (epoch seconds); return those made."""
    today = clock.utc(clock.now() if now is None else now)
    async with engine.begin() as connection:
        return await ensure_partitions(connection, month_of(today, -MONTHS_BACK), month_of(today, MONTHS_AHEAD))


async def keep_ahead(engine: AsyncEngine, *, now: clock.Clock = clock.now, every: float = DAY) -> None:
    """Make partitions ahead now and then daily, until cancelled. A failure is logged and tried again in a minute."""
    while True:
        delay = every
        try:
            made = await ensure_present(engine, now())
        except Exception:
            log.exception("partitions could not be made ahead")
            delay = min(every, 60.0)
        else:
            if made:
                log.info("partitions made ahead", partitions=made)
        await asyncio.sleep(delay)
