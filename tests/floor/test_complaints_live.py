"""Faults that users of other systems reported of many things at once, kept out of a floor on a real database."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.core import clock
from app.core.errors import CallfloorError
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.service import Floor
from tests.fixtures.database import Database
from tests.floor.factories import call_event
from tests.floor.live import memory, offered, on, owned, recovered, running, same


async def told(floor: Floor, kind: str, call_id: str, **more: Any) -> str:
    """An event under an id of its own, as another delivery of a platform; the contact it belongs to."""
    command = c.TakeEvent(event=call_event(kind, call_id, clock.now(), **more), contact_id=new_id())
    answer = await floor.submit(command, "cti:pbx", new_id())
    return str(answer.body["contact_id"])


async def counted(bank: Database, *tables: str) -> list[int]:
    connection = await asyncpg.connect(bank.dsn)
    counts = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    await connection.close()
    return counts


async def test_ends_that_are_told_again_and_again_at_once_count_once_asterisk_1736(bank: Database) -> None:
    async with running(bank, batch=7) as (floor, _):
        await owned(floor)
        calls = [f"c{n}" for n in range(40)]
        await asyncio.gather(*(offered(floor, call) for call in calls))
        ends = ("connection_cleared", "cleared", "cleared")
        await asyncio.gather(*(told(floor, kind, call) for kind in ends for call in calls))
        same(memory(floor), await recovered(bank))
    assert await counted(bank, "interactions", "queue_visits") == [40, 40]
    assert await counted(bank, "events WHERE type = 'contact.ended'") == [40]


async def test_two_statuses_of_a_new_call_at_once_are_one_contact_frappe_1267(bank: Database) -> None:
    async with running(bank, batch=3) as (floor, _):
        await owned(floor)
        kinds = ("delivered", "offered", "established", "queued")
        taken = await asyncio.gather(*(told(floor, kind, f"c{n}") for n in range(10) for kind in kinds))
        assert len(set(taken)) == len(memory(floor).store.contacts) == 10
        same(memory(floor), await recovered(bank))


async def test_one_click_dials_once_however_often_it_is_sent_frappe_684(bank: Database) -> None:
    async with running(bank) as (floor, told_):
        await on(await owned(floor), "ann")

        def dial() -> c.Dial:
            return c.Dial(agent_id="ann", contact_id=new_id(), to="+8613800138000", source="pbx")

        same_click = await asyncio.gather(*(floor.submit(dial(), "session:s", "1") for _ in range(3)))
        double_click = await floor.submit(dial(), "session:s", "2")
        assert [answer.ok for answer in (*same_click, double_click)] == [True, True, True, False]
    assert [order.type for order in told_.orders] == ["call.dial"]
    assert await counted(bank, "outbox WHERE type = 'call.dial'") == [1]


async def test_floor_that_cannot_go_on_says_so_and_keeps_nobody_waiting_freeswitch_1641(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        connection = await asyncpg.connect(bank.dsn)
        await connection.execute("ALTER TABLE floors RENAME TO gone")
        await connection.close()
        async with asyncio.timeout(30):
            with pytest.raises(CallfloorError):
                await offered(floor, "c1")
            while floor.status != "standby":  # noqa: ASYNC110 - the status is what is watched
                await asyncio.sleep(0.01)
            with pytest.raises(CallfloorError):
                await offered(floor, "c2")
