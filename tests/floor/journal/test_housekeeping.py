"""Old answers and delivered orders go; whatever may still matter stays."""

from typing import Any

import asyncpg

from app.core.clock import utc
from app.core.ids import new_id
from app.db.pool import open_pool
from app.floor.journal.housekeeping import DAY, ORDERS, tidy
from tests.fixtures.database import Database
from tests.floor.factories import T0

ORDER = """INSERT INTO outbox (floor, id, source_id, contact_id, type, payload, created_at, status, settled_at)
           VALUES ('main', $1, 'pbx', $2, 'call.hold', '{}', $4, $3, $4)"""


async def test_only_what_is_old_and_settled_goes(database: Database) -> None:
    pool = await open_pool(database.url, 2)
    for name, age in (("new", 6), ("old", 8)):
        await pool.execute("INSERT INTO inbox VALUES ('main', 's', $1, $2, '{}')", name, utc(T0 - age * DAY))
    orders = [(1, "delivered", 31), (2, "failed", 31), (3, "pending", 31), (4, "delivered", 29)]
    for number, status, age in orders:
        await pool.execute(ORDER, number, new_id(), status, utc(T0 - age * DAY))
    assert await tidy(pool, "main", T0) == 2
    assert await tidy(pool, "main", T0) == 0
    assert await column(pool, "SELECT id FROM inbox") == ["new"]
    assert await column(pool, "SELECT id FROM outbox ORDER BY id") == [2, 3, 4]
    await pool.close()


async def test_old_orders_are_found_without_reading_the_whole_outbox(database: Database) -> None:
    fill = """INSERT INTO outbox (floor, id, source_id, contact_id, type, payload, created_at, status, settled_at)
              SELECT 'main', n, 'pbx', gen_random_uuid(), 'call.hold', '{}', at, 'delivered', at
              FROM generate_series(1, 20000) n CROSS JOIN LATERAL (SELECT to_timestamp($1 - n)) moment(at)"""
    pool = await open_pool(database.url, 1)
    await pool.execute(fill, T0)
    await pool.execute("ANALYZE outbox")
    plan = "\n".join(await column(pool, f"EXPLAIN {ORDERS}", "main", T0 - 19_000, 5_000))
    assert "ix_outbox_delivered" in plan
    assert "Seq Scan" not in plan
    await pool.close()


async def column(pool: "asyncpg.Pool[asyncpg.Record]", query: str, *given: object) -> list[Any]:
    return [row[0] for row in await pool.fetch(query, *given)]
