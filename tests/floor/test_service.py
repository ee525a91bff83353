"""The floor on a real database: durable answers, one commit a batch, recovery, ownership, outages."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
import pytest

from app.agents.presence import AgentState
from app.core import clock
from app.core.errors import Unavailable
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.call_control.contacts import END_SECONDS
from app.floor.configuration.reading import load
from app.floor.handlers import deadlines
from app.floor.loop.tenure import TRY_LATER, CommandFailed
from app.floor.memory.work import Work
from app.floor.service import Floor
from app.floor.state import HANDLERS
from app.telephony.port import KnownCall, KnownLeg
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.floor.factories import call_event
from tests.floor.live import kill_backend_of, memory, offered, on, owned, recovered, running, same


async def play(floor: Floor, call_id: str) -> str:
    """A whole call, from offer to wrap-up."""
    contact: str = (await offered(floor, call_id)).body["contact_id"]
    await floor.submit(c.AcceptOffer(agent_id="ann", contact_id=contact))
    for kind, more in (("established", {"agent": "ann"}), ("cleared", {})):
        event = call_event(kind, call_id, clock.now(), **more)
        await floor.submit(c.TakeEvent(event=event, contact_id=new_id()))
    done = c.FinishWrapUp(agent_id="ann", contact_id=contact, code="solved", note="好的")
    assert (await floor.submit(done)).ok
    return contact


async def test_a_whole_call_is_in_the_history_when_it_is_answered(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        contact = await play(floor, "c1")
        connection = await asyncpg.connect(bank.dsn)
        row = await connection.fetchrow("SELECT * FROM interactions WHERE id = $1", contact)
        kinds = await connection.fetch("SELECT kind FROM interaction_entries WHERE interaction_id = $1", contact)
        visit = await connection.fetchrow("SELECT * FROM queue_visits WHERE interaction_id = $1", contact)
        await connection.close()
        same(memory(floor), await recovered(bank))
    assert row is not None
    assert (row["outcome"], row["agent_id"], row["wrap_up_code"], row["note"]) == ("answered", "ann", "solved", "好的")
    assert {"call.offered", "contact.queued", "contact.offered", "contact.ended", "wrap_up"} <= {k[0] for k in kinds}
    assert visit is not None
    assert visit["outcome"] == "answered"
    assert [o.type for o in told.orders] == ["call.connect"]


async def test_a_call_of_an_unknown_number_is_left_for_the_customers(bank: Database) -> None:
    """With the commit that ends it: neither a call of somebody known, nor one of several, nor one without a number."""
    amy = c.CustomerCard("01a00000-0000-7000-8000-000000000001", "Amy")
    async with running(bank) as (floor, _):
        await owned(floor)
        for call_id, caller, more in (
            ("unknown", None, {"from_": "13800138000"}),
            ("known", c.Recognised(customer=amy), {"from_": "13800138001"}),
            ("one of several", c.Recognised(candidates=(amy, amy)), {"from_": "13800138002"}),
            ("no number", None, {}),
        ):
            for kind in ("offered", "cleared"):
                event = call_event(kind, call_id, clock.now(), to="100", **more)
                await floor.submit(c.TakeEvent(event=event, contact_id=new_id(), caller=caller))
        connection = await asyncpg.connect(bank.dsn)
        rows = await connection.fetch(
            "SELECT u.number, i.call_id FROM unknown_callers u "
            "JOIN interactions i ON i.id = u.interaction_id AND i.started_at = u.started_at"
        )
        ended = await connection.fetchval("SELECT count(*) FROM interactions")
        await connection.close()
    assert [tuple(row) for row in rows] == [("13800138000", "unknown")]
    assert ended == 4


async def test_sequence_is_gap_free_and_in_commit_order(bank: Database) -> None:
    async with running(bank, batch=7) as (floor, told):
        await on(await owned(floor), "ann")
        await asyncio.gather(*(offered(floor, f"c{n}") for n in range(50)))
        connection = await asyncpg.connect(bank.dsn)
        events = [r[0] for r in await connection.fetch("SELECT seq FROM events ORDER BY seq")]
        orders = [r[0] for r in await connection.fetch("SELECT id FROM outbox")]
        await connection.close()
    assert sorted(events + orders) == list(range(1, len(events) + len(orders) + 1))
    numbers = [seq for topic, seq, _ in told.frames if topic == "floor"]
    assert numbers == sorted(numbers)


async def test_same_id_gets_the_same_answer_frappe_684_and_1267(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        answers = await asyncio.gather(*(offered(floor, "c1", "msg-1") for _ in range(5)))
        again = await offered(floor, "other", "msg-1")
    async with running(bank) as (floor, _):
        after_restart = await offered(await owned(floor), "c1", "msg-1")
    assert len({str(answer.body) for answer in (*answers, again, after_restart)}) == 1


async def test_id_answered_long_ago_is_found_by_the_commit_itself(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        first = await offered(floor, "c1", "msg-1")
        memory_inbox = floor._tenure._inbox  # type: ignore[union-attr]
        memory_inbox._answers.clear()
        again, fresh = await asyncio.gather(offered(floor, "c9", "msg-1"), offered(floor, "c2", "msg-2"))
        same(memory(floor), await recovered(bank))
    assert again == first
    assert fresh.ok
    assert fresh != first


async def test_refusal_is_remembered_and_leaves_no_trace(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        refused = await floor.submit(c.Ready(agent_id="ann"), "session:s", "1")
        await floor.submit(c.Connect(agent_id="ann"))
        again = await floor.submit(c.Ready(agent_id="ann"), "session:s", "1")
    assert not refused.ok
    assert again == refused


async def test_batch_that_the_database_refuses_costs_only_the_command_at_fault(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        bad = call_event("\x00", "bad", clock.now())
        results = await asyncio.gather(
            offered(floor, "c1"),
            floor.submit(c.TakeEvent(event=bad, contact_id=new_id())),
            offered(floor, "c2"),
            return_exceptions=True,
        )
        same(memory(floor), await recovered(bank))
    assert [isinstance(r, c.Answer) for r in results] == [True, False, True]


async def test_lock_falls_to_the_standby_and_the_old_owner_is_fenced(bank: Database) -> None:
    async with running(bank) as (first, _), running(bank) as (second, _):
        await eventually(lambda: asyncio.sleep(0, {first.status, second.status}), lambda them: "owner" in them)
        owner, standby = (first, second) if first.status == "owner" else (second, first)
        await offered(owner, "c1")
        with pytest.raises(Unavailable):
            await offered(standby, "c2")
        await kill_backend_of(bank, owner)
        answers: list[c.Answer] = []
        async with asyncio.timeout(60):
            while len(answers) < 3:
                for floor in (first, second):
                    if floor.status == "owner":
                        try:
                            answers.append(await offered(floor, f"d{len(answers)}"))
                        except Unavailable:
                            await asyncio.sleep(0.05)
                await asyncio.sleep(0.01)
        assert [first.status, second.status].count("owner") == 1
        same(memory(first if first.status == "owner" else second), await recovered(bank))


async def test_broken_connection_under_load_loses_and_doubles_nothing(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        done: list[str] = []

        async def insist(n: int) -> None:
            while True:
                try:
                    done.append((await offered(floor, f"c{n}", f"m{n}")).body["contact_id"])
                    return
                except Unavailable:
                    await asyncio.sleep(0.05)

        for start in range(0, 90, 30):
            work = asyncio.gather(*(insist(n) for n in range(start, start + 30)))
            await kill_backend_of(bank, await owned(floor))
            await work
        assert len(set(done)) == 90
        assert len(memory(floor).store.contacts) == 90
        same(memory(floor), await recovered(bank))


async def test_frames_replayed_are_the_frames_that_were_told(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        await play(floor, "c1")
        live = [(seq, frame) for topic, seq, frame in told.frames if topic == "agent:ann"]
        replayed = await floor.replay(0, 10_000, "ann")
        whole = await floor.replay(0, 10_000, None)

    def read(frames: list[tuple[int, bytes]]) -> list[Any]:
        return [(seq, msgspec.json.decode(frame)) for seq, frame in frames]

    assert read(replayed) == read(live)
    assert read(whole) == read([(seq, frame) for topic, seq, frame in told.frames if topic == "floor"])


async def test_new_configuration_reaches_a_running_floor(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "cho")
        contact = (await offered(floor, "c1")).body["contact_id"]
        assert memory(floor).store.contacts[contact].offer is None
        connection = await asyncpg.connect(bank.dsn)
        await connection.execute("INSERT INTO agent_skills VALUES ('cho', 'cards', 5)")
        floor.configure(await load(connection))
        await connection.close()
        await floor.submit(c.Look(what="floor"))
        assert memory(floor).store.contacts[contact].offer is not None


async def test_call_opened_without_a_number_is_looked_up_when_the_number_comes(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        assert not floor.live_call("pbx", "c1", "+861")
        event = call_event("queued", "c1", clock.now(), queue="cards")
        await floor.submit(c.TakeEvent(event=event, contact_id=new_id()))
        assert floor.live_call("pbx", "c1")
        assert not floor.live_call("pbx", "c1", "+861")
        await offered(floor, "c1")
        assert floor.live_call("pbx", "c1", "+861")


async def test_the_live_calls_of_a_source_are_known_with_who_is_on_them(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        await play(floor, "c1")
        contact = (await offered(floor, "c2")).body["contact_id"]
        assert floor.calls_of("pbx") == [KnownCall("c2", (), waits=True)]
        await floor.submit(c.AcceptOffer(agent_id="ann", contact_id=contact))
        talks, holds = (KnownCall("c2", (KnownLeg("l1", "ann", held=held),)) for held in (False, True))
        known = {"established": talks, "held": holds, "transferred": KnownCall("c2", (), frozenset(["l1"]), away=True)}
        for kind, call in known.items():
            event = call_event(kind, "c2", clock.now(), agent="ann", leg_id="l1")
            await floor.submit(c.TakeEvent(event=event, contact_id=new_id()))
            assert floor.calls_of("pbx") == [call]
        assert floor.calls_of("other") == []


async def test_what_was_changed_while_nobody_owned_the_floor_is_obeyed_by_those_who_wait(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        await offered(floor, "c1", to="200")
    connection = await asyncpg.connect(bank.dsn)
    await connection.execute("DELETE FROM queue_skills WHERE queue_id = 'loans'")
    await connection.close()
    async with running(bank) as (floor, _):
        await on(await owned(floor), "cho")
        (contact,) = memory(floor).store.contacts.values()
        assert (contact.wanted.skills, contact.offer is not None) == ((), True)
        same(memory(floor), await recovered(bank))


async def outcomes(bank: Database) -> tuple[str, str, int, str, str]:
    connection = await asyncpg.connect(bank.dsn)
    row = await connection.fetchrow("SELECT outcome, agent_id, talk_seconds FROM interactions")
    visit = await connection.fetchrow("SELECT outcome, agent_id FROM queue_visits")
    await connection.close()
    assert row is not None
    assert visit is not None
    return row["outcome"], row["agent_id"], round(row["talk_seconds"]), visit["outcome"], visit["agent_id"]


@pytest.mark.parametrize("together", [False, True], ids=["in_two_batches", "in_one_batch"])
async def test_answer_that_comes_after_the_end_makes_an_answered_call_issabel_41(
    bank: Database, together: bool
) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        await offered(floor, "c1")
        now = clock.now()
        events = [call_event("cleared", "c1", now + 60), call_event("established", "c1", now + 20, agent="ann")]
        taken = [floor.submit(c.TakeEvent(event=event, contact_id=new_id())) for event in events]
        if together:
            await asyncio.gather(*taken)
        else:
            for each in taken:
                await each
    assert await outcomes(bank) == ("answered", "ann", 40, "answered", "ann")


@pytest.mark.parametrize("how", [lambda: 1 / 0, lambda: None], ids=["raises", "changes nothing"])
async def test_timer_at_fault_stops_no_other_timer_freeswitch_1641(
    bank: Database, monkeypatch: pytest.MonkeyPatch, how: Callable[[], object]
) -> None:
    def poisoned(work: Work, contact_id: str) -> None:
        if work.store.contacts[contact_id].call.id == "c1":
            how()
        else:
            happens(work, contact_id)

    happens = deadlines._contact
    monkeypatch.setattr(deadlines, "_contact", poisoned)
    async with running(bank) as (floor, _):
        await owned(floor)
        for call in ("c1", "c2"):
            contact = (await offered(floor, call)).body["contact_id"]
            await floor.submit(c.EndCall(contact_id=contact, by="sue"))
        state = memory(floor)
        monkeypatch.setattr(floor, "clock", lambda: clock.now() + END_SECONDS)
        tenure = floor._tenure
        assert tenure is not None
        monkeypatch.setattr(tenure, "_clock", lambda: clock.now() + END_SECONDS)
        await on(floor, "cho")
        async with asyncio.timeout(30):
            while any(each.call.id == "c2" for each in state.store.contacts.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert [each.call.id for each in state.store.contacts.values()] == ["c1"]
        assert (await offered(floor, "c3")).ok


async def test_timer_that_cannot_be_written_stops_no_other_timer_and_is_not_tried_for_ever_freeswitch_1641(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        connection = await asyncpg.connect(bank.dsn)
        await connection.execute("ALTER TABLE interactions ADD CONSTRAINT poison CHECK (call_id <> 'c1')")
        await connection.close()
        for call in ("c1", "c2"):
            contact = (await offered(floor, call)).body["contact_id"]
            await floor.submit(c.EndCall(contact_id=contact, by="sue"))
        tenure = floor._tenure
        assert tenure is not None
        monkeypatch.setattr(tenure, "_clock", lambda: clock.now() + END_SECONDS)
        await on(floor, "cho")
        async with asyncio.timeout(30):
            while [each.call.id for each in memory(floor).store.contacts.values()] != ["c1"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await offered(floor, "c3")).ok
        read = memory(floor)
        await asyncio.sleep(0.3)
        assert memory(floor) is read, "memory is not read anew again and again"


async def test_command_that_raised_is_answered_however_soon_it_is_sent_again(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        handlers: dict[Any, Any] = HANDLERS
        monkeypatch.setitem(handlers, c.Ready, lambda work, command: 1 / 0)
        ready, failures = c.Ready(agent_id="ann"), []

        async def insist() -> None:
            for _ in range(3):
                try:
                    await floor.submit(ready, "session:s", "1")
                except CommandFailed as error:
                    failures.append(error)

        async with asyncio.timeout(30):
            await asyncio.gather(insist(), *(offered(floor, f"c{n}") for n in range(20)))
    assert len(failures) == 3


async def test_frame_that_cannot_be_handed_on_costs_no_command_and_sends_everybody_to_resume(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        dismissed: list[int] = []
        monkeypatch.setattr(told, "publish", lambda *frame: 1 / 0)
        monkeypatch.setattr(told, "dismiss", lambda code, reason: dismissed.append(code))
        contact = (await offered(floor, "c1")).body["contact_id"]
        assert list(memory(floor).store.contacts) == [contact]
        same(memory(floor), await recovered(bank))
        connection = await asyncpg.connect(bank.dsn)
        taken = await connection.fetchval("SELECT count(*) FROM events WHERE type = 'call.offered'")
        await connection.close()
    assert taken == 1
    assert dismissed[0] == TRY_LATER


async def test_database_that_only_reads_is_waited_for_as_after_a_failover(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        assert floor._tenure is not None
        await floor._tenure._journal.connection.execute("SET default_transaction_read_only = on")
        assert (await offered(floor, "c1")).ok


async def test_account_that_is_switched_off_is_offered_nothing_more(bank: Database) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        connection = await asyncpg.connect(bank.dsn)
        before = (await load(connection)).version
        await connection.execute("UPDATE users SET active = false WHERE id = 'ann'")
        config = await load(connection)
        await connection.close()
        assert config.version > before
        floor.configure(config)
        contact = (await offered(floor, "c1")).body["contact_id"]
        store = memory(floor).store
        assert (store.contacts[contact].offer, store.agents["ann"].state) == (None, AgentState.LOGGED_OFF)
