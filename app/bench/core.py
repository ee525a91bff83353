"""(a) The floor alone: commands a second, and how long one takes, by how many callers of submit wait at once."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import msgspec

from app.bench.bank import REGION, SOURCE, caller
from app.bench.field import Field
from app.bench.figures import Latency, latency
from app.bench.play import whole_call
from app.core.clock import now
from app.customers.recognising import recognise
from app.db.pool import Connection
from app.floor.commands import CustomerCard, Recognised

Lane = Callable[[], Awaitable[object]]
"""What one caller of submit does again and again."""


class Pace(msgspec.Struct, frozen=True):
    """What so many callers at once came to."""

    callers: int
    per_second: float
    latency: Latency
    own_share: float
    """Of a core, used by this process: the floor and its callers."""


async def known_callers(pool: "asyncpg.Pool[Any]", count: int) -> list[Recognised]:
    """The first customers of the bank, looked up as the webhook does."""
    return [await _known(pool, place) for place in range(count)]


async def _known(pool: "asyncpg.Pool[Any]", place: int) -> Recognised:
    found = await recognise(pool, source=SOURCE, call_id="", raw_number=caller(place), default_region=REGION, now=now())
    who = found.customer
    card = CustomerCard(who.id, who.name, who.tier, who.language) if who is not None else None
    return Recognised(customer=card, profile=found.profile)


def callers(field: Field, count: int) -> list[Lane]:
    """So many who each place one whole call after the other."""
    places = itertools.count()

    async def call() -> None:
        await whole_call(field, next(places))

    return [call] * count


async def pace(field: Field, lanes: Sequence[Lane], seconds: float, warm_up: float) -> Pace:
    """Let all lanes run at once, and count what they submit for `seconds` after the warm-up."""
    over = False

    async def keep_on(lane: Lane) -> None:
        while not over:
            await lane()

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(keep_on(lane))
        await asyncio.sleep(warm_up)
        field.latencies.clear()
        field.measuring, begun, used = True, time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        field.measuring, over = False, True
        took, own = time.perf_counter() - begun, time.process_time() - used
    told = latency(field.latencies)
    return Pace(len(lanes), told.count / took, told, own / took)


async def lone_insert(connection: Connection, count: int) -> float:
    """The median seconds of a bare insert of one row, committed."""
    await connection.execute("create table if not exists bench_lone (id bigserial primary key, body text)")
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        await connection.execute("insert into bench_lone (body) values ($1)", "x" * 200)
        taken.append(time.perf_counter() - begun)
    return latency(taken).median
