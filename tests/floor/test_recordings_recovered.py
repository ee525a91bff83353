"""Recordings on a real database: what memory knows of them is what the tables say."""

import asyncpg
import msgspec
import pytest

from app.core import clock
from app.core.ids import new_id
from app.floor import commands as c
from tests.fixtures.database import Database
from tests.floor.factories import CONFIG, call_event, configure
from tests.floor.live import memory, offered, on, owned, recovered, running, same


@pytest.fixture
async def recording_bank(database: Database) -> Database:
    """The small bank, whose queue `cards` records."""
    cards = msgspec.structs.replace(CONFIG.queues["cards"], record="on")
    await configure(database.dsn, msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    return database


async def test_recordings_are_recovered_as_they_stand_and_are_in_the_history(recording_bank: Database) -> None:
    async with running(recording_bank) as (floor, told):
        await on(await owned(floor), "ann")
        contact = (await offered(floor, "c1")).body["contact_id"]
        await floor.submit(c.AcceptOffer(agent_id="ann", contact_id=contact))
        event = call_event("established", "c1", clock.now(), agent="ann")
        await floor.submit(c.TakeEvent(event=event, contact_id=new_id()))
        assert (await floor.submit(c.Record(contact_id=contact, do="pause", by="ann", agent_id="ann"))).ok
        state = await recovered(recording_bank)
        same(memory(floor), state)
        assert [str(each.state) for each in state.store.contacts[contact].recordings] == ["paused"]
        ((pause, until),) = floor.recordings_of("pbx")[0].pauses
        assert (pause > 0, until) == (True, None)
        await floor.submit(c.TakeEvent(event=call_event("cleared", "c1", clock.now()), contact_id=new_id()))
        assert [(each.call, each.id) for each in floor.recordings_of("pbx")] == [("c1", f"{contact}.1")]
        assert floor.recordings_of("other") == []
        told.undelivered = {order.seq for order in told.orders}
        assert floor.recordings_of("pbx") == []
        told.undelivered = set()
        ready = call_event("recording_ready", "c1", clock.now(), details={"recording": f"{contact}.1", "seconds": 9.5})
        await floor.submit(c.TakeEvent(event=ready, contact_id=new_id()))
        state = await recovered(recording_bank)
        same(memory(floor), state)
        assert [str(each.state) for each in state.store.contacts[contact].recordings] == ["ready"]
        assert floor.recordings_of("pbx") == []
        connection = await asyncpg.connect(recording_bank.dsn)
        kinds = await connection.fetch(
            "SELECT kind FROM interaction_entries WHERE interaction_id = $1 AND kind LIKE '%recording%'", contact
        )
        await connection.close()
    assert [order.type for order in told.orders] == ["call.connect", "call.record", "call.record"]
    assert sorted(kind[0] for kind in kinds) == ["call.recording_ready", "recording.paused", "recording.started"]
