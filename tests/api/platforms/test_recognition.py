"""Looking callers up for the floor, by a real pool."""

import asyncio

import asyncpg

from app.api.platforms.recognition import AT_ONCE, CallerLookUp
from app.core.clock import FrozenClock
from app.telephony.events import CallEvent
from tests.fixtures.database import Database


async def test_callers_of_one_instant_are_looked_up_by_a_few_connections(database: Database) -> None:
    clock = FrozenClock()
    async with asyncpg.create_pool(database.dsn, min_size=1, max_size=3 * AT_ONCE) as pool:
        look_up = CallerLookUp(pool, "CN", clock).look_up
        events = [
            CallEvent(source="pbx", type="call.offered", call_id=str(n), at=clock(), from_="+8613800138000")
            for n in range(3 * AT_ONCE)
        ]
        found = await asyncio.gather(*map(look_up, events))
        assert [each.customer for each in found] == [None] * len(events)
        assert pool.get_size() <= AT_ONCE
