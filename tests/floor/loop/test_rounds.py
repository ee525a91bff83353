"""Two rounds at once: one is being committed while the next one gathers, on commands that are not durable yet."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest

from app.core import clock
from app.core.errors import Unavailable
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.loop import tenure
from app.floor.loop.tenure import STALL_SECONDS, Tenure
from app.floor.service import Floor
from tests.fixtures.database import Database
from tests.floor.factories import call_event
from tests.floor.live import Told, memory, offered, on, owned, recovered, running, same


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No commit is taken for an outage, however long a busy machine takes to come to its end."""
    monkeypatch.setattr(tenure, "STALL_SECONDS", 60.0)


def tenure_of(floor: Floor) -> Tenure:
    assert floor._tenure is not None
    return floor._tenure


def begun(work: Coroutine[Any, Any, c.Answer]) -> asyncio.Future[c.Answer]:
    return asyncio.ensure_future(work)  # noqa: TID251 - every test waits for what it begins


@asynccontextmanager
async def commits_wait(bank: Database) -> AsyncIterator[None]:
    """No commit of the floor ends before the block does."""
    connection = await asyncpg.connect(bank.dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE floors")
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def until_gathered(floor: Floor, count: int) -> None:
    async with asyncio.timeout(30):
        while len(tenure_of(floor)._gathering.items) < count:  # noqa: ASYNC110 - the round is what is watched
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("patient")
async def test_next_round_gathers_and_is_told_only_after_both_commits(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        before = len(told.frames)
        async with commits_wait(bank):
            first = begun(offered(floor, "c1"))
            await asyncio.sleep(0.05)
            second = begun(offered(floor, "c2"))
            await until_gathered(floor, 1)
            assert len(memory(floor).store.contacts) == 2
            assert (first.done(), second.done(), len(told.frames)) == (False, False, before)
        answers = await asyncio.gather(first, second)
        same(memory(floor), await recovered(bank))
    assert all(answer.ok for answer in answers)
    numbers = [seq for topic, seq, _ in told.frames if topic == "floor"]
    assert numbers == sorted(set(numbers))


@pytest.mark.usefixtures("patient")
async def test_round_that_is_refused_takes_the_one_behind_it_along_and_loses_neither(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        async with commits_wait(bank):
            bad = call_event("\x00", "bad", clock.now())
            first = asyncio.gather(
                offered(floor, "c1"), floor.submit(c.TakeEvent(event=bad, contact_id=new_id())), return_exceptions=True
            )
            await asyncio.sleep(0.05)
            second = asyncio.gather(offered(floor, "c2", "msg-2"), offered(floor, "c3"))
            await until_gathered(floor, 2)
        results = [*await first, *await second]
        same(memory(floor), await recovered(bank))
        assert {contact.call.id for contact in memory(floor).store.contacts.values()} == {"c1", "c2", "c3"}
    assert [isinstance(result, c.Answer) and result.ok for result in results] == [True, False, True, True]


@pytest.mark.usefixtures("patient")
async def test_round_with_an_old_answer_is_taken_back_with_the_one_behind_it(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        known = await offered(floor, "c1", "msg-1")
        tenure_of(floor)._inbox._answers.clear()
        async with commits_wait(bank):
            first = asyncio.gather(offered(floor, "c9", "msg-1"), offered(floor, "c2"))
            await asyncio.sleep(0.05)
            second = begun(offered(floor, "c3", "msg-3"))
            await until_gathered(floor, 1)
            twice = begun(offered(floor, "c3", "msg-3"))
        again, _ = await first
        assert await second == await twice
        same(memory(floor), await recovered(bank))
        assert {contact.call.id for contact in memory(floor).store.contacts.values()} == {"c1", "c2", "c3"}
    assert again == known


async def test_outage_gives_back_both_rounds_and_keeps_what_was_applied(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        async with commits_wait(bank):
            first = begun(offered(floor, "c1", "msg-1"))
            await asyncio.sleep(0.05)
            second = begun(offered(floor, "c2", "msg-2"))
            for waiting in (first, second):
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(waiting, STALL_SECONDS * 3)
            with pytest.raises(Unavailable):
                await offered(floor, "c3")
        await owned(floor)
        answers = [await offered(floor, f"c{n}", f"msg-{n}") for n in (1, 2)]
        same(memory(floor), await recovered(bank))
        assert {contact.call.id for contact in memory(floor).store.contacts.values()} == {"c1", "c2"}
    assert all(answer.ok for answer in answers)


@pytest.mark.usefixtures("patient")
async def test_pop_keeps_its_profile_though_the_caller_is_gone_before_it_is_told(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        profile = c.Recognised(profile=b'{"customer":{"name":"Li Wei"}}')
        arrival = call_event("offered", "c1", clock.now(), from_="+861", to="100")
        end = call_event("cleared", "c1", clock.now())
        async with commits_wait(bank):
            held = begun(offered(floor, "c0", to="none"))
            await asyncio.sleep(0.05)
            both = asyncio.gather(
                floor.submit(c.TakeEvent(event=arrival, contact_id=new_id(), caller=profile)),
                floor.submit(c.TakeEvent(event=end, contact_id=new_id())),
            )
            await until_gathered(floor, 2)
        await asyncio.gather(held, both)
        assert [frame["profile"]["customer"]["name"] for frame in pops(told)] == ["Li Wei"]


async def test_supervisors_hear_of_a_pop_without_the_profile_live_and_replayed(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        who = c.Recognised(profile=b'{"customer":{"name":"Li Wei"}}')
        arrival = call_event("established", "c1", clock.now(), from_="+861", to="100", agent="1001")
        await floor.submit(c.TakeEvent(event=arrival, contact_id=new_id(), caller=who))
        live = [msgspec.json.decode(raw) for topic, _, raw in told.frames if topic == "floor"]
        again = [msgspec.json.decode(raw) for _, raw in await floor.replay(0, memory(floor).seq, None)]
        hers = [raw for topic, _, raw in told.frames if topic == "agent:ann"]
    assert any(b"Li Wei" in raw for raw in hers)
    assert {"contact.opened", "contact.updated"} <= {frame["type"] for frame in live}
    assert [frame for frame in live if "profile" in frame] == []
    assert again == live


def pops(told: Told) -> list[dict[str, dict[str, dict[str, str]]]]:
    frames = [msgspec.json.decode(raw) for topic, _, raw in told.frames if topic == "agent:ann"]
    return [frame for frame in frames if frame["type"] == "contact.offered"]


@asynccontextmanager
async def tables_locked(bank: Database, table: str, *, refused: str) -> AsyncIterator[None]:
    """Nobody reads this table, and events of this type are not written."""
    connection = await asyncpg.connect(bank.dsn)
    await connection.execute(f"ALTER TABLE events ADD CONSTRAINT refused CHECK (type <> '{refused}') NOT VALID")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"LOCK TABLE {table}")
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def test_who_waits_while_memory_is_read_anew_is_told_to_come_back_and_blamed_for_nothing(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "STALL_SECONDS", 1.0)
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        rung = (await offered(floor, "c0")).body["contact_id"]
        async with tables_locked(bank, "live_phones", refused="call.bad"):
            async with commits_wait(bank):
                event = call_event("bad", "c1", clock.now())
                bad = begun(floor.submit(c.TakeEvent(event=event, contact_id=new_id())))
                await asyncio.sleep(0.05)
                behind = begun(offered(floor, "c2", "msg-2"))
                await until_gathered(floor, 1)
            async with asyncio.timeout(30):
                for each in (behind, bad):
                    with pytest.raises(Unavailable):
                        await each
            assert floor.status == "degraded"
            monkeypatch.setattr(tenure_of(floor), "_clock", lambda: clock.now() + 25)
        assert (await offered(await owned(floor), "c2", "msg-2")).ok
        assert memory(floor).store.contacts[rung].offer is not None, "it would have expired in the outage"
        same(memory(floor), await recovered(bank))
