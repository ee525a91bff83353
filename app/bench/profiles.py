"""(i) The profile of a customer among a million with ten million contacts: read whole, looked up by a number before a
call, searched for by number and by name; and the first page of their timeline."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.bench.bank import REGION, SOURCE, caller
from app.bench.figures import Latency, latency
from app.bench.many import NAMES, found_many
from app.bench.words import ms, table
from app.core.clock import now
from app.customers.masking import AS_AGENT
from app.customers.profiles.reading import Parts
from app.customers.profiles.whole import Profiles
from app.customers.recognising import recognise
from app.customers.record.finding import Wanted, find_customers
from app.db.engine import Sessions, create_engine
from app.db.pool import open_pool
from app.history.source import Asked
from app.history.timeline import timeline

PROFILE_ALLOWED, NUMBER_ALLOWED, NAME_ALLOWED = 0.003, 0.005, 0.05
"""Medians that are wanted, in seconds."""

PAGE = 20
WARM_UP = 50

Work = Callable[[int], Awaitable[object]]


class Profiled(msgspec.Struct, frozen=True):
    """What was measured among so many customers and contacts, and how long it took to make them (seconds)."""

    customers: int
    contacts: int
    made_in: float
    profile: Latency
    timeline: Latency
    look_up: Latency
    by_number: Latency
    by_name: Latency
    by_part: Latency
    by_reading: Latency


async def measure(url: str, customers: int, contacts: int, reads: int, say: Callable[[str], None]) -> Profiled:
    """Make the bank in an empty database and read from it, one read after the other, each of another customer."""
    begun = time.perf_counter()
    await found_many(url, customers, contacts, say)
    made_in = time.perf_counter() - begun
    say("profiles are read")
    return await measure_reads(url, reads, made_in)


async def measure_reads(url: str, reads: int, made_in: float) -> Profiled:
    """The reads alone, of a bank that is there."""
    pool, engine = await open_pool(url, 2), create_engine(url)
    try:
        return await _measured(_Reader(pool, Sessions(engine)), reads, made_in)
    finally:
        await pool.close()
        await engine.dispose()


class _Reader:
    """Reads of one customer of the bank each; none comes back with nothing."""

    def __init__(self, pool: "asyncpg.Pool[Any]", sessions: Sessions) -> None:
        self.pool = pool
        self._sessions = sessions
        self._profiles, self._parts = Profiles(pool.acquire, now), Parts()

    async def profile(self, customer: UUID) -> bytes:
        told = await self._profiles.read(customer)
        assert told is not None
        assert not told.unavailable
        return told.body(AS_AGENT)

    async def timeline(self, customer: UUID) -> None:
        async with self._sessions.read() as session:
            assert await timeline(session, customer, Asked(), PAGE)

    async def look_up(self, number: str) -> None:
        told = await recognise(
            self.pool,
            source=SOURCE,
            call_id="",
            raw_number=number,
            default_region=REGION,
            now=now(),
            parts=self._parts,
        )
        assert told.customer is not None

    async def search(self, wanted: Wanted) -> None:
        async with self._sessions.read() as session:
            assert await find_customers(session, wanted, default_region=REGION, limit=PAGE)


async def _measured(reader: _Reader, reads: int, made_in: float) -> Profiled:
    pool, chance = reader.pool, random.Random(1)  # noqa: S311
    customers = await pool.fetchval("select count(*) from customers")
    contacts = await pool.fetchval("select count(*) from interactions")
    places = [chance.randrange(customers) for _ in range(reads)]
    rows = await pool.fetch(
        "select external_id, id, name, latin_name from customers where external_id = any($1)", [*map(str, places)]
    )
    known = {int(row["external_id"]): row for row in rows}
    return Profiled(
        customers,
        contacts,
        made_in,
        await _each(places, lambda place: reader.profile(known[place]["id"])),
        await _each(places, lambda place: reader.timeline(known[place]["id"])),
        await _each(places, lambda place: reader.look_up(caller(place))),
        await _each(places, lambda place: reader.search(Wanted(number=caller(place)))),
        await _each(places, lambda place: reader.search(Wanted(typed=known[place]["name"]))),
        await _each(places, lambda place: reader.search(Wanted(typed=known[place]["name"][:2]))),
        await _each(places, lambda place: reader.search(Wanted(typed=known[place]["latin_name"]))),
    )


async def _each(places: list[int], work: Work) -> Latency:
    for place in places[:WARM_UP]:
        await work(place)
    taken = []
    for place in places[WARM_UP:]:
        begun = time.perf_counter()
        await work(place)
        taken.append(time.perf_counter() - begun)
    return latency(taken)


def profile_targets(told: Profiled) -> Iterator[tuple[str, str, str, bool]]:
    """(target, wanted, measured, met) of each."""
    among = f"among {told.customers:,} customers and {told.contacts:,} contacts"
    for what, measured, allowed in (
        ("the whole profile", told.profile, PROFILE_ALLOWED),
        ("search by number", told.by_number, NUMBER_ALLOWED),
        ("search by name", told.by_name, NAME_ALLOWED),
        ("search by the beginning of a name", told.by_part, NAME_ALLOWED),
        ("search by name in Latin letters", told.by_reading, NAME_ALLOWED),
    ):
        yield (
            f"(i) {what} {among}, median",
            f"less than {allowed * 1e3:g} ms",
            ms(measured.median),
            measured.median < allowed,
        )


def profiles_told(told: Profiled) -> Iterator[str]:
    """The lines of the document."""
    yield "## (i) Profiles"
    yield ""
    yield (
        f"{told.customers:,} customers, each with a number, a card and {told.contacts / told.customers:.0f} contacts "
        f"within a year ({told.contacts:,} in all), some with ties, warnings, alerts and a credit standing; "
        f"{min(NAMES, told.customers):,} different names. Made in {told.made_in:.0f} s. One read after the other, each "
        "of a customer chosen by chance, in the server's process; the whole profile is masked for an agent and ready "
        "to be sent."
    )
    yield ""
    yield from table(
        ("read", "reads", "median", "p95", "p99", "worst"),
        (
            [what, f"{each.count:,}", ms(each.median), ms(each.p95), ms(each.p99), ms(each.worst)]
            for what, each in (
                ("the whole profile, in one statement", told.profile),
                ("the first page of the timeline", told.timeline),
                ("the look-up by number before a call", told.look_up),
                ("search by number", told.by_number),
                ("search by whole name, in Chinese", told.by_name),
                ("search by its first two characters", told.by_part),
                ("search by whole name, in Latin letters", told.by_reading),
            )
        ),
    )
