"""What became of contacts, told to subscribers from the journal: after its commits, once, and nothing left out."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.ids import new_id
from app.db.engine import Sessions, create_engine
from app.floor import commands as c
from app.floor.journal.announced import look
from app.interactions.service import append_note
from app.subscriptions import records
from app.subscriptions.models import WebhookDelivery, WebhookEvent
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.floor.factories import call_event
from tests.floor.live import offered, on, owned, running

Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
async def sessions(bank: Database) -> Any:
    """Sessions on the bank's database."""
    engine = create_engine(bank.url)
    yield Sessions(engine)
    await engine.dispose()


async def subscribe(sessions: Sessions, *events: str) -> None:
    async with sessions.write() as session:
        await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=list(events))


async def told(sessions: Sessions) -> Told:
    query = select(WebhookEvent).join(WebhookDelivery).order_by(WebhookDelivery.id)
    async with sessions.read() as session:
        return [(event.type, event.data) for event in await session.scalars(query)]


SETTLED = text("""
    select coalesce(bool_and(horizon <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint), true)
    from webhook_places where source = 'entries'""")


async def settled(sessions: Sessions) -> bool:
    async with sessions.read() as session:
        return bool(await session.scalar(SETTLED))


async def look_through(sessions: Sessions, *, wait: bool = True) -> Told:
    """What is told once every commit has been looked at: after-call work needs a look more than the rest, each once
    what ran at the time of the one before has ended, and that may be the server's own work."""
    for _ in range(3):
        await look(sessions)
        if wait:
            await eventually(lambda: settled(sessions), bool, 20)
    return await told(sessions)


async def call(floor: Any, call_id: str) -> str:
    """A whole call of ann's, up to its wrap-up."""
    contact: str = (await offered(floor, call_id)).body["contact_id"]
    await floor.submit(c.AcceptOffer(agent_id="ann", contact_id=contact))
    for kind, more in (("established", {"agent": "ann"}), ("cleared", {})):
        event = call_event(kind, call_id, clock.now(), **more)
        await floor.submit(c.TakeEvent(event=event, contact_id=new_id()))
    return contact


async def wrap_up(floor: Any, contact: str) -> None:
    done = c.FinishWrapUp(agent_id="ann", contact_id=contact, code="solved", note="private words")
    assert (await floor.submit(done)).ok


async def test_a_contact_is_told_from_its_beginning_to_the_note_a_day_later(bank: Database, sessions: Sessions) -> None:
    await subscribe(sessions, "contact.*")
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        contact = await call(floor, "c1")
        assert [kind for kind, _ in await look_through(sessions)] == ["contact.opened", "contact.ended"]
        await wrap_up(floor, contact)
        async with sessions.write() as session:
            await append_note(session, contact, text="private", by="bob", at=clock.utc(clock.now()))  # type: ignore[arg-type]
        found = await look_through(sessions)
    assert sorted(kind for kind, _ in found) == [
        "contact.ended",
        "contact.noted",
        "contact.opened",
        "contact.wrapped_up",
    ]
    data = dict(found)
    assert {each["contact_id"] for each in data.values()} == {contact}
    assert (data["contact.ended"]["outcome"], data["contact.ended"]["agents"]) == ("answered", ["ann"])
    assert (data["contact.wrapped_up"]["agent"], data["contact.wrapped_up"]["wrap_up_code"]) == ("ann", "solved")
    assert (data["contact.noted"]["by"], data["contact.opened"]["call_id"]) == ("bob", "c1")
    assert "private" not in repr(found)


async def test_nothing_is_told_twice_however_often_and_by_whomever_it_is_looked_at(
    bank: Database, sessions: Sessions
) -> None:
    await subscribe(sessions, "contact.*")
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        await wrap_up(floor, await call(floor, "c1"))
        for _ in range(4):
            await asyncio.gather(look(sessions), look(sessions), look(sessions))
    async with sessions.write() as session:  # as if the places had been lost
        await session.execute(text("update webhook_places set place = 0, ahead = null"))
    found = await look_through(sessions)
    assert sorted(kind for kind, _ in found) == ["contact.ended", "contact.opened", "contact.wrapped_up"]


async def test_what_happened_before_anybody_subscribed_is_not_told(bank: Database, sessions: Sessions) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        await wrap_up(floor, await call(floor, "c1"))
        await look_through(sessions)
        await subscribe(sessions, "contact.*")
        assert await look_through(sessions) == []
        await call(floor, "c2")
        assert {data["call_id"] for _, data in await look_through(sessions)} == {"c2"}


async def test_after_call_work_that_commits_late_is_not_left_out(bank: Database, sessions: Sessions) -> None:
    """Its number was drawn before those that have been seen already."""
    await subscribe(sessions, "contact.wrapped_up")
    await look(sessions)
    async with running(bank) as (floor, _), asyncpg.create_pool(bank.dsn, min_size=1, max_size=1) as pool:
        await on(await owned(floor), "ann")
        first = await call(floor, "c1")
        await wrap_up(floor, first)
        await look_through(sessions)
        async with pool.acquire() as late, late.transaction():
            await late.execute(
                """insert into interaction_entries (started_at, interaction_id, at, kind, data)
                   select started_at, id, now(), 'wrap_up', '{"agent": "bob", "seconds": 2.5}'
                   from interactions where id = $1""",
                first,
            )
            await wrap_up(floor, await call(floor, "c2"))
            seen = await look_through(sessions, wait=False)
            assert [data["agent"] for _, data in seen] == ["ann"]
        seen = await look_through(sessions)
    assert [data["agent"] for _, data in seen] == ["ann", "bob", "ann"]


async def test_a_look_takes_in_no_more_than_it_should_and_says_that_there_is_more(
    bank: Database, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.floor.journal.announced.MOST", 3)
    await subscribe(sessions, "contact.ended")
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        await call(floor, "c1")
        assert await look(sessions) == 1
        looks = 1
        while await look(sessions):
            looks += 1
    assert looks > 2
    assert [data["call_id"] for _, data in await told(sessions)] == ["c1"]


async def test_a_look_at_nothing_new_writes_nothing(bank: Database, sessions: Sessions) -> None:
    await subscribe(sessions, "contact.*")
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        await wrap_up(floor, await call(floor, "c1"))
    await look_through(sessions)
    row = text("select ctid::text, xmax::text from webhook_places order by source")
    async with sessions.read() as session:
        before = (await session.execute(row)).all()
    await look_through(sessions)
    async with sessions.read() as session:
        assert (await session.execute(row)).all() == before


async def test_what_a_platform_names_like_our_own_events_is_no_news_of_a_contact(
    bank: Database, sessions: Sessions
) -> None:
    await subscribe(sessions, "contact.*")
    async with running(bank) as (floor, _):
        await owned(floor)
        await offered(floor, "c1")
        for kind in ("contact.opened", "contact.ended", "wrap_up"):
            event = msgspec.structs.replace(call_event("any", "c1", clock.now()), type=kind)
            assert (await floor.submit(c.TakeEvent(event=event, contact_id=new_id(), raw=b'{"data": {}}'))).ok
        found = await look_through(sessions)
    assert [kind for kind, _ in found] == ["contact.opened"]


async def test_what_a_platform_named_like_our_own_events_before_that_was_told_apart_stops_nothing(
    bank: Database, sessions: Sessions
) -> None:
    await subscribe(sessions, "contact.*")
    async with running(bank) as (floor, _):
        await owned(floor)
        await offered(floor, "c1")
    connection = await asyncpg.connect(bank.dsn)
    changed = await connection.execute(
        """UPDATE events SET type = 'contact.ended', data = '{"data": {}}' WHERE type = 'call.offered'"""
    )
    await connection.close()
    assert changed == "UPDATE 1"
    assert [kind for kind, _ in await look_through(sessions)] == ["contact.opened"]
