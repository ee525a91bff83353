"""What runs beside the floor in its process: a fault in one of these costs what it does, and never the calls, for whom
the process would otherwise stop, and stop again after its next start."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import httpx
import pytest

from app.core.clock import now
from app.core.tasks import Supervisor
from app.db.engine import Sessions, create_engine
from app.floor.configuration.config import FloorConfig
from app.floor.configuration.watching import ConfigurationWatch
from app.floor.journal.announced import keep_announcing
from app.recordings.archive import Archive
from app.recordings.retention import keep_retention
from app.recordings.store import bucket_store
from app.subscriptions.delivering import Deliveries
from app.subscriptions.policy import Policy
from app.subscriptions.posting import Poster
from app.subscriptions.tidying import keep_deliveries_tidy
from app.telephony.directory import SourceDirectory
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually

Loop = Coroutine[Any, Any, None]
EVERY = 0.01


def retention(sessions: Sessions) -> Loop:
    store = bucket_store("b", endpoint=None, region="r", access_key=None, secret_key=None)  # nothing is asked of it
    return keep_retention(Archive(sessions, store, now), EVERY)


def deliveries(sessions: Sessions) -> Loop:
    return Deliveries(sessions, Poster(httpx.AsyncClient(), now, 1.0), now, Policy(poll=EVERY)).run()


LOOPS: dict[str, Callable[[Sessions], Loop]] = {
    "webhook_places": lambda sessions: keep_announcing(sessions, EVERY),
    "recordings": retention,
    "webhook_deliveries": lambda sessions: keep_deliveries_tidy(sessions, now, EVERY),
    "webhook_subscriptions": deliveries,
}


@pytest.mark.parametrize("table", LOOPS)
async def test_loop_outlives_a_fault_that_is_no_outage(bank: Database, table: str) -> None:
    engine, died, tasks = create_engine(bank.url), list[str](), Supervisor(lambda name, error: died.append(repr(error)))
    connection = await asyncpg.connect(bank.dsn)
    await connection.execute(f"ALTER TABLE {table} RENAME TO gone")
    running = tasks.start(table, LOOPS[table](Sessions(engine)))
    await asyncio.sleep(0.2)
    assert (died, running.done()) == ([], False)
    await connection.close()
    await tasks.stop()
    await engine.dispose()


async def test_record_that_cannot_be_read_leaves_the_configuration_as_it_is_until_it_can(bank: Database) -> None:
    obeyed: list[FloorConfig] = []
    tasks, pool = Supervisor(), await asyncpg.create_pool(bank.dsn, min_size=1, max_size=2)
    watch = ConfigurationWatch(pool, SourceDirectory(), obeyed.append)
    await watch.look()
    running = tasks.start("configuration", watch.run(EVERY))
    await pool.execute("""UPDATE queues SET steps = '[{"nonsense": 1}]', name = 'Cards!' WHERE id = 'cards'""")
    await asyncio.sleep(0.2)
    assert (running.done(), len(obeyed)) == (False, 1)
    await pool.execute("UPDATE queues SET steps = '[]' WHERE id = 'cards'")
    await eventually(lambda: asyncio.sleep(0, obeyed[-1].queues["cards"].name), lambda name: name == "Cards!")
    await tasks.stop()
    await pool.close()
