"""(i) The profile of a customer among a million with ten million contacts: read whole, looked up by a number before a
call, searched for by number and by name; and the first page of their timeline."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import msgspec

from app.bench.bank import REGION, SOURCE
from app.bench.figures import Latency, latency
from app.bench.many import NAMES, found_many
from app.bench.words import ms, table
from app.core.clock import now
from app.customers.masking import AS_AGENT
from app.customers.profiles.reading import Parts
from app.customers.profiles.whole import Profiles
from app.customers.queries import recognise
from app.customers.records import Wanted, find_customers
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
    sessions, chance = Sessions(engine), random.Random(1)  # noqa: S311
    customers = await pool.fetchval("select count(*) from customers")
    contacts = await pool.fetchval("select count(*) from interactions")
    places = [chance.randrange(customers) for _ in range(reads)]
    found = await pool.fetch(
        "select external_id, id, name, latin_name from customers where external_id = any($1)", [*map(str, places)]
    )
    ids: dict[str, UUID] = {row["external_id"]: row["id"] for row in found}
    names: dict[str, str] = {row["external_id"]: row["name"] for row in found}
    latin: dict[str, str] = {row["external_id"]: row["latin_name"] for row in found}
    profiles, parts = Profiles(pool.acquire, now), Parts()

    async def profile(place: int) -> object:
        told = await profiles.read(ids[str(place)])
        assert told is not None
        assert not told.unavailable
        return told.body(AS_AGENT)

    async def a_page(place: int) -> object:
        async with sessions.read() as session:
            entries = await timeline(session, ids[str(place)], Asked(), PAGE)
        assert entries
        return entries

    async def look_up(place: int) -> object:
        told = await recognise(
            pool,
            source=SOURCE,
            call_id="",
            raw_number=f"+86138{place:08d}",
            default_region=REGION,
            now=now(),
            parts=parts,
        )
        assert told.customer is not None
        return told

    async def search(wanted: Wanted) -> object:
        async with sessions.read() as session:
            some = await find_customers(session, wanted, default_region=REGION, limit=PAGE)
        assert some
        return some

    try:
        return Profiled(
            customers,
            contacts,
            made_in,
            await _each(places, profile),
            await _each(places, a_page),
            await _each(places, look_up),
            await _each(places, lambda place: search(Wanted(number=f"+86138{place:08d}"))),
            await _each(places, lambda place: search(Wanted(typed=names[str(place)]))),
            await _each(places, lambda place: search(Wanted(typed=names[str(place)][:2]))),
            await _each(places, lambda place: search(Wanted(typed=latin[str(place)]))),
        )
    finally:
        await pool.close()
        await engine.dispose()


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
