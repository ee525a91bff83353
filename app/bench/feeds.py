"""(j) Files of other systems, imported beside PostgreSQL's own COPY of the rows that they become."""

import asyncio
import csv
import io
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.engine import make_url

from app.bench.feeds_limits import chunks_of, limits, taken
from app.bench.processes import Cores
from app.core import clock
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.files import Given, Watch, import_file
from app.customers.feeds.opening import NOTHING
from app.customers.names.search import readings_of
from app.db.engine import Sessions, create_engine, dsn_of
from app.db.migrate import prepare

REGION = "CN"
FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂华建国志红小文博宇轩子涵欣怡浩然"
OPERATORS = ["130", "131", "133", "135", "136", "138", "139", "150", "152", "158", "159", "182", "187", "188"]
TIERS = ("standard", "gold")
FRESH, AGAIN, RENAMED, BULK = "new customers", "the same file again", "all renamed", "new customers, --bulk"
NAMED = "the same, until all are found by name and doubles are proposed"
HOLDINGS, USAGE = "new holdings", "new events"
_MAPPINGS = {
    "customers": "id: external_id, name: name, latin: latin_name, mobile: phone.mobile, home: phone.home, tier: tier",
    "holdings": "id: external_id, who: customer, kind: kind, number: number, status: status, opened: opened, "
    "balance: balance",
    "usage": "id: external_id, who: customer, kind: kind, at: at, amount: amount",
}
_TABLES = {
    FRESH: ("customers", "customer_numbers"),
    HOLDINGS: ("customer_holdings",),
    USAGE: ("usage_event_ids", "usage_events"),
}


class Load(msgspec.Struct, frozen=True):
    """Rows that went in: how many, in which time, with how many seconds of processor time of the program and of the
    database. The time is that until they are all committed."""

    what: str
    rows: int
    seconds: float
    program: float
    database: float

    @property
    def per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


class Feeds(msgspec.Struct, frozen=True):
    """The imports, and what COPY takes of the rows that they became: into the same tables with all their indexes, keys
    and triggers, and into tables without any. `limits` are of COPY of what a bulk import writes."""

    loads: list[Load]
    same: dict[str, Load]
    bare: dict[str, Load]
    limits: list[Load]

    def at(self, what: str) -> Load:
        """The load of that name."""
        return next(each for each in self.loads if each.what == what)


class Meter:
    """Measures what runs within it, from `start` or the last `lap`."""

    def __init__(self, database: int) -> None:
        self._cores = Cores(server=os.getpid(), client=os.getpid(), database=database)
        self.start()

    def start(self) -> None:
        """Count from here."""
        self._cores.start()
        self._begun = time.perf_counter()

    def lap(self, what: str, rows: int) -> Load:
        """What has been since the start."""
        seconds = time.perf_counter() - self._begun
        used = {name: each * seconds for name, each in self._cores.shares(seconds).items()}
        return Load(what, rows, seconds, used.get("server", 0.0), used.get("database", 0.0))


async def measure(url: str, database: int, place: Path, rows: int, bulk: int, say: Callable[[str], None]) -> Feeds:
    """Import files of so many rows, with --bulk one of `bulk`, into a database of its own on the server of `url`, whose
    process is `database`."""
    async with _databases(url, "bench_feeds", "bench_copies") as (ours, others):
        contest = _Contest(ours, others, database, place, rows, bulk, say)
        return await contest.run()


class _Contest:
    def __init__(
        self, ours: str, others: str, database: int, place: Path, rows: int, bulk: int, say: Callable[[str], None]
    ) -> None:
        self._ours, self._others, self._database = ours, others, database
        self._place, self._rows, self._bulk, self._say = place, rows, bulk, say
        self._loads: list[Load] = []
        self._same: dict[str, Load] = {}
        self._bare: dict[str, Load] = {}
        self._limits: list[Load] = []

    async def run(self) -> Feeds:
        for url in (self._ours, self._others):
            await prepare(url)
            connection = await asyncpg.connect(dsn_of(url))
            await connection.executemany("insert into tiers (id, name, rank) values ($1, $1, 1)", [(t,) for t in TIERS])
            await connection.close()
        few = self._rows // 5
        await self._import(FRESH, "customers", _customers(0, self._rows))
        await self._copy(FRESH)
        await self._import(AGAIN, "customers", _customers(0, self._rows))
        await self._import(RENAMED, "customers", _customers(0, few, seed=2))
        await self._import(BULK, "customers", _customers(self._rows, self._rows + self._bulk), bulk=True)
        await self._import(HOLDINGS, "holdings", _holdings(self._rows))
        await self._copy(HOLDINGS)
        await self._import(USAGE, "usage", _usage(self._rows))
        await self._copy(USAGE)
        await self._limited()
        return Feeds(self._loads, self._same, self._bare, self._limits)

    async def _import(self, what: str, feed: str, lines: Iterator[Sequence[str]], *, bulk: bool = False) -> None:
        self._say(f"feeds: {what}")
        columns = _MAPPINGS[feed]
        file = self._place / f"{feed}.csv"
        rows = await asyncio.to_thread(_write, file, columns, lines)
        mapping = read_mapping(f"feed: {feed}\nsource: bench\nformats: {{currency: CNY}}\ncolumns: {{{columns}}}\n")
        engine = create_engine(self._ours, pool=4)
        meter = Meter(self._database)
        there: list[Load] = []

        def begins(stage: str) -> None:
            if stage == "naming":
                there.append(meter.lap(what, rows))

        try:
            given = Given(file, mapping, NOTHING, REGION, clock.utc(clock.now()), bulk=bulk)
            meter.start()
            await import_file(Sessions(engine), given, Watch(begins, lambda count: None, lambda count: None))
            whole = meter.lap(what, rows)
        finally:
            await engine.dispose()
        self._loads.append(there[0] if there else whole)
        if bulk:
            self._loads.append(msgspec.structs.replace(whole, what=NAMED))

    async def _copy(self, what: str) -> None:
        """COPY of the rows that an import has made, in one transaction as a chunk of an import is."""
        self._say(f"feeds: COPY of {what}")
        source, other = await asyncpg.connect(dsn_of(self._ours)), await asyncpg.connect(dsn_of(self._others))
        try:
            await other.execute("set synchronous_commit = off")
            content = [(table, *await taken(source, table)) for table in _TABLES[what]]
            meter = Meter(self._database)
            for table, columns, rows in content:
                await other.copy_to_table(table, source=io.BytesIO(rows), columns=columns, format="binary")
            self._same[what] = meter.lap(what, self._rows)
            for table, _, _ in content:
                await other.execute(f"create table bare_{table} as select * from {table} limit 0")  # noqa: S608
            meter.start()
            for table, columns, rows in content:
                await other.copy_to_table(f"bare_{table}", source=io.BytesIO(rows), columns=columns, format="binary")
            self._bare[what] = meter.lap(what, self._rows)
        finally:
            await source.close()
            await other.close()

    async def _limited(self) -> None:
        """COPY of what the bulk import has written, into tables that nothing else needs any more."""
        self._say("feeds: COPY of what --bulk writes")
        chunks = await chunks_of(dsn_of(self._ours), self._rows, self._rows)
        meter = Meter(self._database)

        def lap(what: str | None) -> None:
            if what is None:
                meter.start()
            else:
                self._limits.append(meter.lap(what, self._rows))

        await limits(dsn_of(self._others), chunks, lap)


@asynccontextmanager
async def _databases(url: str, *names: str) -> Any:
    """Databases of their own on a server, gone afterwards."""
    admin = await asyncpg.connect(dsn_of(url))
    try:
        for name in names:
            await admin.execute(f"create database {name}")
        yield [make_url(url).set(database=name).render_as_string(hide_password=False) for name in names]
    finally:
        for name in names:
            await admin.execute(f"drop database if exists {name} with (force)")
        await admin.close()


def _write(file: Path, columns: str, lines: Iterator[Sequence[str]]) -> int:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(each.split(":")[0].strip() for each in columns.split(","))
        count = 0
        for count, line in enumerate(lines, 1):  # noqa: B007
            writer.writerow(line)
    return count


def _customers(first: int, last: int, seed: int = 1) -> Iterator[Sequence[str]]:
    """People with a name in Chinese and in Latin letters, and two numbers."""
    chance = random.Random(seed)  # noqa: S311 - the same people each time
    for place in range(first, last):
        family, given = chance.choice(FAMILIES), chance.choice(GIVEN) + chance.choice(GIVEN)
        latin = " ".join("".join(next(iter(readings_of(part)))).title() for part in (family, given))
        mobile = f"{OPERATORS[place % len(OPERATORS)]}{place:08}"
        yield f"C{place}", family + given, latin, mobile, f"010{60_000_000 + place}", TIERS[place % 5 == 0]


def _holdings(count: int) -> Iterator[Sequence[str]]:
    for place in range(count):
        balance = f"{place % 90_000}.{place % 100:02}"
        yield f"H{place}", f"C{place}", "account", f"62{place:08}", "open", f"20{10 + place % 16}-03-02", balance


def _usage(count: int) -> Iterator[Sequence[str]]:
    now = clock.utc(clock.now())
    for place in range(count):
        at = now - timedelta(seconds=place % 500_000)
        yield f"E{place}", f"C{place}", "card.used", at.isoformat(), f"{place % 900}.50"
