"""Orders leave in order, are retried, confirmed, or given up so that everybody can see it. The database is real."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest

from app.core.clock import now, utc
from app.core.errors import CallfloorError, Unavailable
from app.core.ids import new_id
from app.floor.commands import OrderFailed
from app.floor.memory.effects import SwitchOrder
from app.floor.orders.outbox import Outbox, load_pending
from app.floor.orders.settling import Settling
from app.telephony.delivery import RetryPolicy
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.instructions import Music, Script
from app.telephony.port import Delivered, Missed, Outcome, Refused, SwitchCommand
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually

QUICK = RetryPolicy(first=0.001, ceiling=0.005, patience=60.0)
ANNE, BOB = new_id(), new_id()


class Switch:
    """A driver that answers the first orders by a script, confirms the others, and remembers what it was told."""

    def __init__(self, *script: Outcome, dead: str = "") -> None:
        self.script = list(script)
        self.dead = dead
        self.heard: list[SwitchCommand] = []

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        if access.id == self.dead:
            await asyncio.Event().wait()
        self.heard.append(command)
        return self.script.pop(0) if self.script else Delivered()


def order(
    seq: int, contact: str = ANNE, source: str = "pbx", at: float | None = None, kind: str = "call.hold"
) -> SwitchOrder:
    body = msgspec.json.encode({"call_id": "c", "contact_id": contact, "agent": {"id": "li", "address": "1001"}})
    instant = now() if at is None else at
    return SwitchOrder(seq=seq, at=instant, source=source, contact=contact, agent="li", type=kind, body=body)


async def store(dsn: str, *orders: SwitchOrder) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        "insert into outbox (floor, id, source_id, contact_id, type, payload, created_at)"
        " values ('main', $1, $2, $3, $4, $5, $6)",
        [(each.seq, each.source, each.contact, each.type, each.body.decode(), utc(each.at)) for each in orders],
    )
    await connection.close()


async def rows(dsn: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch("select id, status, attempts, last_error, settled_at from outbox order by id")
    await connection.close()
    return [(*row[:4], row[4] is not None) for row in found]


async def until_settled(dsn: str, count: int) -> list[tuple[Any, ...]]:
    return await eventually(lambda: rows(dsn), lambda found: sum(row[4] for row in found) >= count)


@asynccontextmanager
async def outbox(
    dsn: str,
    switch: Switch,
    *pending: SwitchOrder,
    on_failed: Callable[[OrderFailed], Awaitable[object]] | None = None,
    connect: Callable[[], Awaitable[Any]] | None = None,
    policy: RetryPolicy = QUICK,
) -> AsyncIterator[Outbox]:
    async def ignore(failed: OrderFailed) -> None:
        pass

    box = Outbox(
        floor="main",
        directory=SourceDirectory(
            [SourceAccess("pbx", ()), SourceAccess("dead", ()), SourceAccess("off", (), active=False)]
        ),
        driver=switch,
        settling=Settling(connect or (lambda: asyncpg.connect(dsn)), "main", 0.005, 0.005),
        on_failed=on_failed or ignore,
        clock=now,
        policy=policy,
    )
    box.start(pending)
    try:
        yield box
    finally:
        await box.stop()


async def test_an_order_is_delivered_with_its_key_and_marked(database: Database) -> None:
    await store(database.dsn, order(7, at=1_800_000_000.25))
    switch = Switch()
    connection = await asyncpg.connect(database.dsn)
    pending = await load_pending(connection, "main")
    await connection.close()
    async with outbox(database.dsn, switch, *pending):
        assert await until_settled(database.dsn, 1) == [(7, "delivered", 1, None, True)]
    data = {"call_id": "c", "contact_id": ANNE, "agent": {"id": "li", "address": "1001"}}
    assert switch.heard == [SwitchCommand("main-7", "call.hold", 1_800_000_000.25, data)]
    assert pending[0].agent == "li"


async def test_a_missed_order_holds_back_the_later_ones_of_its_contact(database: Database) -> None:
    switch = Switch(Missed("busy"), Missed("busy"))
    await store(database.dsn, order(1), order(2))
    async with outbox(database.dsn, switch, order(1), order(2)) as box:
        assert (box.waits(1), box.waits(2), box.waits(3)) == (True, True, False)
        settled = await until_settled(database.dsn, 2)
        assert (box.waits(1), box.waits(2)) == (False, False)
    assert [command.key for command in switch.heard] == ["main-1", "main-1", "main-1", "main-2"]
    assert [row[:3] for row in settled] == [(1, "delivered", 3), (2, "delivered", 1)]


async def test_other_contacts_do_not_wait_for_a_missed_order(database: Database) -> None:
    switch = Switch(Missed("busy", retry_after=30.0))
    await store(database.dsn, order(1), order(2, BOB))
    async with outbox(database.dsn, switch, order(1), order(2, BOB)):
        settled = await until_settled(database.dsn, 1)
    assert [row[:2] for row in settled] == [(1, "pending"), (2, "delivered")]


@pytest.mark.parametrize(
    ("outcome", "at", "said"),
    [(Refused("answered 404"), None, "answered 404"), (Missed("answered 503"), 0.0, "answered 503 (given up after 1")],
)
async def test_an_order_given_up_is_told_and_visible(
    database: Database, outcome: Outcome, at: float | None, said: str
) -> None:
    told: list[OrderFailed] = []
    before: list[Any] = []

    async def tell(failed: OrderFailed) -> None:
        before.extend(await rows(database.dsn))
        told.append(failed)

    given = order(1, at=at, kind="call.disconnect")
    await store(database.dsn, given)
    async with outbox(database.dsn, Switch(outcome), given, on_failed=tell):
        settled = await until_settled(database.dsn, 1)
    assert settled[0][1] == "failed"
    assert settled[0][3].startswith(said)
    assert before[0][1] == "pending", "told before it is marked"
    assert (told[0].order_id, told[0].contact_id, told[0].agent_id) == (1, ANNE, "li")


async def test_a_script_that_is_refused_is_told_as_what_it_was(database: Database) -> None:
    told: list[OrderFailed] = []

    async def tell(failed: OrderFailed) -> None:
        told.append(failed)

    body = b'{"call_id": "c", "script": {"number": 4, "instructions": [{"do": "music"}]}}'
    script = msgspec.structs.replace(order(1, kind="call.script"), body=body)
    await store(database.dsn, script, order(2))
    async with outbox(database.dsn, Switch(Refused("too long"), Refused("no")), script, order(2), on_failed=tell):
        await until_settled(database.dsn, 2)
    assert [(each.refused, each.script) for each in told] == [
        (True, Script(number=4, instructions=(Music(),))),
        (True, None),
    ]


async def test_a_failure_is_told_again_until_the_floor_takes_it(database: Database) -> None:
    answers = [Unavailable("away", retry_after=0), Unavailable("away", retry_after=0)]

    async def tell(failed: OrderFailed) -> None:
        if answers:
            raise answers.pop()

    await store(database.dsn, order(1))
    async with outbox(database.dsn, Switch(Refused("no")), order(1), on_failed=tell):
        assert (await until_settled(database.dsn, 1))[0][1] == "failed"
    assert answers == []


@pytest.mark.parametrize("later", ["call.connect", "call.cancel", "call.disconnect"])
async def test_a_connect_that_the_floor_has_moved_on_from_is_not_sent(database: Database, later: str) -> None:
    """Else the phone of an agent rings for a caller who is with somebody else by now."""
    switch = Switch()
    orders = [order(1, kind="call.connect"), order(2, kind="call.hold"), order(3, kind=later)]
    await store(database.dsn, *orders)
    async with outbox(database.dsn, switch, *orders):
        settled = await until_settled(database.dsn, 3)
    assert settled[0] == (1, "failed", 0, f"overtaken by order 3, {later}", True)
    assert [command.key for command in switch.heard] == ["main-2", "main-3"]


async def test_a_late_script_neither_delays_a_connect_nor_comes_after_it(database: Database) -> None:
    """A caller who is told something leaves the agent whom they are connected to."""
    switch = Switch(Missed("busy"))
    orders = (order(1, kind="call.script"), order(2, kind="call.connect"))
    await store(database.dsn, *orders)
    async with outbox(database.dsn, switch, policy=RetryPolicy(first=30.0)) as box:
        box.put(orders[:1])
        await eventually(lambda: asyncio.sleep(0, len(switch.heard)), lambda heard: heard == 1)
        box.put(orders[1:])
        settled = await until_settled(database.dsn, 2)
    assert [command.key for command in switch.heard] == ["main-1", "main-2"]
    assert [row[:4] for row in settled] == [
        (1, "failed", 1, "overtaken by order 2, call.connect"),
        (2, "delivered", 1, None),
    ]


@pytest.mark.parametrize("kind", ["call.connect", "call.dial", "call.hold"])
async def test_an_order_an_hour_old_is_not_sent_after_a_restart(database: Database, kind: str) -> None:
    told: list[OrderFailed] = []

    async def tell(failed: OrderFailed) -> None:
        told.append(failed)

    old, switch = order(1, kind=kind, at=now() - 3600), Switch()
    await store(database.dsn, old)
    async with outbox(database.dsn, switch, old, on_failed=tell):
        (settled,) = await until_settled(database.dsn, 1)
    assert (settled[1:3], switch.heard) == (("failed", 0), [])
    assert settled[3].startswith("not sent: it was given 3600 s ago")
    assert told[0].detail == settled[3]


async def test_a_hang_up_an_hour_old_is_still_sent(database: Database) -> None:
    old = order(1, kind="call.disconnect", at=now() - 3600)
    await store(database.dsn, old)
    async with outbox(database.dsn, Switch(), old):
        assert (await until_settled(database.dsn, 1))[0][1] == "delivered"


async def test_an_attempt_to_connect_ends_before_the_floor_stops_waiting(database: Database) -> None:
    """Also while other orders of a source that hangs have taken all the turns."""
    stuck = [order(seq, new_id(), "dead") for seq in range(1, 40)]
    connect = order(100, new_id(), "dead", kind="call.connect")
    await store(database.dsn, *stuck, connect)
    connect = msgspec.structs.replace(connect, at=now())  # it is tried once however long the storing took
    async with outbox(database.dsn, Switch(dead="dead"), *stuck, connect, policy=RetryPolicy(ring_patience=1.0)):
        settled = await until_settled(database.dsn, 1)
    assert settled[-1][:3] == (100, "failed", 1)
    assert settled[-1][3] == "Source dead did not answer in time. (given up after 1 attempts)"


async def test_a_hang_up_overtakes_what_is_being_retried(database: Database) -> None:
    switch = Switch(Missed("busy", retry_after=30.0))
    orders = [order(1), order(2, kind="call.disconnect")]
    await store(database.dsn, *orders)
    async with outbox(database.dsn, switch, orders[0]) as box:
        await eventually(lambda: rows(database.dsn), lambda found: found[0][2] == 1)
        box.put(orders[1:])
        settled = await until_settled(database.dsn, 2)
    assert settled[0] == (1, "failed", 1, "overtaken by order 2, call.disconnect", True)
    assert settled[1][:2] == (2, "delivered")


@pytest.mark.parametrize("error", [CallfloorError("a bug"), Unavailable("away", retry_after=0)])
async def test_an_order_that_nobody_can_handle_stops_nothing(database: Database, error: Exception) -> None:
    """An error of ours must not come back with the order after every restart."""
    told = [error]

    async def tell(failed: OrderFailed) -> None:
        if told:
            raise told.pop()

    class Broken(Switch):
        async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
            raise ZeroDivisionError

    await store(database.dsn, order(1))
    async with outbox(database.dsn, Broken(), order(1), on_failed=tell):
        settled = await until_settled(database.dsn, 1)
    assert settled[0][1:4] == ("failed", 1, "The adapter of source pbx failed; the log of the server tells more.")


async def test_an_unknown_source_fails_with_the_reason(database: Database) -> None:
    await store(database.dsn, order(1, source="gone"))
    async with outbox(database.dsn, Switch(), order(1, source="gone")):
        settled = await until_settled(database.dsn, 1)
    assert settled == [(1, "failed", 1, "Source gone is not known or switched off.", True)]


async def test_a_source_that_is_switched_off_takes_what_concerns_its_calls_and_dials_nobody(database: Database) -> None:
    orders = [order(seq, source="off", kind=kind) for seq, kind in enumerate(("call.disconnect", "call.dial"), 1)]
    await store(database.dsn, *orders)
    async with outbox(database.dsn, Switch(), *orders):
        settled = await until_settled(database.dsn, 2)
    assert settled == [
        (1, "delivered", 1, None, True),
        (2, "failed", 1, "Source off is not known or switched off.", True),
    ]


async def test_a_dead_source_holds_up_nobody_else(database: Database) -> None:
    stuck = [order(seq, new_id(), "dead") for seq in range(1, 100)]
    await store(database.dsn, *stuck, order(100))
    async with outbox(database.dsn, Switch(dead="dead")) as box:
        box.put([*stuck, order(100)])
        settled = await until_settled(database.dsn, 1)
    assert settled[-1][:2] == (100, "delivered")
    assert {row[1] for row in await rows(database.dsn)} == {"pending", "delivered"}, "the next owner tries the rest"


async def test_marks_outlive_an_outage_of_the_database(database: Database) -> None:
    refusals = [
        asyncpg.InternalClientError("confused"),
        ConnectionRefusedError("away"),
        asyncpg.CannotConnectNowError("starting up"),
        TimeoutError(),
    ]

    async def connect() -> Any:
        if refusals:
            raise refusals.pop()
        return await asyncpg.connect(database.dsn)

    await store(database.dsn, order(1))
    async with outbox(database.dsn, Switch(), order(1), connect=connect):
        assert (await until_settled(database.dsn, 1))[0][1] == "delivered"
    assert refusals == []


async def test_misses_are_visible_while_the_order_waits(database: Database) -> None:
    await store(database.dsn, order(1))
    async with outbox(database.dsn, Switch(Missed("answered 503", retry_after=30.0)), order(1)):
        await eventually(lambda: rows(database.dsn), lambda found: found == [(1, "pending", 1, "answered 503", False)])


async def test_a_stopped_outbox_takes_nothing_and_starts_again(database: Database) -> None:
    await store(database.dsn, order(1), order(2, BOB))
    switch = Switch()
    async with outbox(database.dsn, switch) as box:
        await box.stop()
        box.put([order(1)])
        await asyncio.sleep(0.02)
        assert switch.heard == []
        box.start([order(2, BOB)])
        assert [row[1] for row in await until_settled(database.dsn, 1)] == ["pending", "delivered"]
