"""The verdict after a bad day: what the database holds against what the clients remember."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from app.core.clock import now
from app.core.instants import iso
from app.floor.configuration.reading import load
from app.floor.invariants import check
from app.floor.loop.recovery import recover
from tests.crash.load import Caller, Worker
from tests.fixtures.switch import Record
from tests.fixtures.tab import Tab

FLOOR = "main"
POINTLESS = ("overtaken by order", "not sent: it was given")


class Judge:
    """Compares a floor at rest with its clients. Every method raises AssertionError that names what is wrong."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._db = connection

    async def everything(self, record: Record, callers: Iterable[Caller], workers: Iterable[Worker]) -> None:
        """All of it."""
        tabs = [worker.tab for worker in workers]
        assert record.faults == []
        assert [fault for tab in tabs for fault in tab.faults] == []
        await self.floor_is_sound_and_at_rest({tab.login for tab in tabs})
        await self.numbers_have_no_gap()
        await self.events_are_there_once(record)
        await self.orders_were_delivered(record)
        for caller in callers:
            await self.no_caller_is_forgotten(caller)
        for tab in tabs:
            await self.every_frame_was_seen_once(tab)

    async def floor_is_sound_and_at_rest(self, agents: set[str]) -> None:
        """Recovered from its tables, the floor is sound, nobody is on it but agents who are ready."""
        state = (await recover(self._db, FLOOR, await load(self._db), now())).state
        check(state)
        assert state.store.contacts == {}
        stuck = {a.id: a for a in state.store.agents.values() if a.state != "ready" or a.contacts or a.offer}
        assert stuck == {}
        assert set(state.store.agents) == agents

    async def numbers_have_no_gap(self) -> None:
        """Every number up to the floor's own was given exactly once."""
        head = await self._db.fetchval("SELECT seq FROM floors WHERE id = $1", FLOOR)
        rows = await self._db.fetch("SELECT seq FROM events UNION ALL SELECT id FROM outbox ORDER BY 1")
        assert [row[0] for row in rows] == list(range(1, head + 1))

    async def events_are_there_once(self, record: Record) -> None:
        """Each acknowledged event is in the log exactly once, with the contact that it was answered with."""
        rows = await self._db.fetch("SELECT data->'data'->>'marker' AS marker, type, contact_id FROM events")
        logged = Counter((row["marker"], row["type"], str(row["contact_id"])) for row in rows if row["marker"])
        told = Counter((key, f"call.{told.kind}", told.contact) for key, told in record.told.items())
        assert told - logged == Counter(), "acknowledged, yet lost"
        assert logged - told == Counter(), "in the log more than once"

    async def orders_were_delivered(self, record: Record) -> None:
        """Each order of the outbox reached the switch under its key, but for those that a later one or a long outage
        made pointless; none reached it that is not in the outbox."""
        rows = await self._db.fetch("SELECT * FROM outbox ORDER BY id")
        wanted = [row for row in rows if not (row["last_error"] or "").startswith(POINTLESS)]
        assert [f"{row['type']}: {row['last_error']}" for row in wanted if row["status"] != "delivered"] == []
        assert {f"{FLOOR}-{row['id']}" for row in wanted} <= set(record.orders)
        kept = {f"{FLOOR}-{row['id']}": (row["type"], msgspec.json.decode(row["payload"])) for row in rows}
        assert {key: kept.get(key) for key in record.orders} == {
            order.key: (order.type, order.data) for order in record.orders.values()
        }

    async def no_caller_is_forgotten(self, caller: Caller) -> None:
        """Each call is in the history exactly once, answered if an agent talked to them and else abandoned."""
        rows = await self._db.fetch(
            "SELECT call_id, outcome FROM interactions WHERE call_id = ANY($1)", list(caller.calls)
        )
        expected = {call: "answered" if call in caller.served else "abandoned" for call in caller.calls}
        assert sorted((r["call_id"], r["outcome"]) for r in rows) == sorted(expected.items())

    async def every_frame_was_seen_once(self, tab: Tab) -> None:
        """What the tab heard over all its connections is the agent's part of the log, in order."""
        rows = await self._db.fetch("SELECT * FROM events WHERE agent_id = $1 ORDER BY seq", tab.login)
        logged = [
            {
                "seq": row["seq"],
                "type": row["type"],
                "at": iso(row["at"].timestamp()),
                **msgspec.json.decode(row["data"]),
            }
            for row in rows
        ]
        heard = [_as_logged(frame) for frame in tab.frames]
        assert [frame["seq"] for frame in heard] == [frame["seq"] for frame in logged], tab.login
        assert heard == logged, tab.login


def _as_logged(frame: dict[str, Any]) -> dict[str, Any]:
    """A screen pop's profile is kept with its contact and not in the log; that of an unforeseen contact is in both."""
    popped = frame["type"] == "contact.offered"
    return {key: value for key, value in frame.items() if not (popped and key == "profile")}
