"""A whole file imported: what is in it twice is found first, then it is written from where an earlier run of the same
file broke off."""

import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import text

from app.core import clock
from app.customers.duplicates.proposals import proposed_since, search_since
from app.customers.feed_models import FeedRun
from app.customers.feeds.chunks import Chunk, chunks
from app.customers.feeds.columns.checking import Checker
from app.customers.feeds.columns.mapping import Mapping
from app.customers.feeds.columns.parsing import Known
from app.customers.feeds.columns.plan import Plan, plan
from app.customers.feeds.doubles import Doubles
from app.customers.feeds.faults_files import FaultsFile, FaultsThere, beside, remove_left, take_name, without_double
from app.customers.feeds.importing import SIDE_BY_SIDE, Course, Importer, Progress
from app.customers.feeds.opening import Told, opened
from app.customers.feeds.runs import COUNTS, Begun, alone, begin, end
from app.customers.feeds.tables.by_feed import WRITERS, known
from app.customers.feeds.tables.writer import Origin
from app.customers.names.filling_in import name_all
from app.customers.record.ranks import blocking
from app.db.engine import Sessions

# whoever plans by what the tables were before a load of millions reads all of them for each page
_ANALYZE = text("analyze customers, customer_numbers, customer_emails")
COMPARED = 2_000
"""Customers of whom doubles are looked for at once, when a bulk import has come to its end."""

SWITCH_SECONDS = 0.0005
"""The thread that reads gives way to the one that writes so soon: the database must not wait for either."""

PART = ".part"
"""Behind the name of a faults file that is not complete yet, after the source and the feed. The same file may be
imported for several of them at once, but for each only once: so whoever finds such a file of its own is the only one
who has it."""


class Given(NamedTuple):
    """A file to import and what somebody says of it. Faulty rows go to `faults`, else beside the file. `region` is the
    country of numbers without a +, `now` the instant of the import. In `bulk` customers are found by their names only
    when all rows are there."""

    path: Path
    mapping: Mapping
    told: Told
    region: str
    now: datetime
    faults: Path | None = None
    dry_run: bool = False
    bulk: bool = False


class Watch(NamedTuple):
    """Who is told how far an import is: that it begins a pass (in words), of how many bytes a piece is that was read,
    and that rows up to a place are committed."""

    begins: Callable[[str], None]
    read: Callable[[int], None]
    committed: Callable[[int], None]


class Report(NamedTuple):
    """What an import did. `faults` counts by column and kind, `faulty` rows are in the file `into`. An import that was
    begun before went on after row `resumed`. `named` customers came to be found by their names after all rows;
    `proposed` pairs of customers may be one."""

    described: str
    plan: Plan
    counts: dict[str, int]
    faults: Counter[tuple[str, str]]
    faulty: int
    blank: int
    into: Path
    resumed: int
    run: str | None
    named: int = 0
    proposed: int = 0


class _Looked(NamedTuple):
    plan: Plan
    doubles: Doubles
    wanted: Path


async def import_file(sessions: Sessions, given: Given, watch: Watch) -> Report:
    """Import a file, or say what an import would do.

    Raises FeedBusy, UsageIsNew, and what reading a file raises; FaultsThere before anything is done, or when all is
    done and the faults file that was named has come to be there meanwhile: then the rows are in one beside that.
    """
    async with alone(sessions, given.mapping.source, given.mapping.feed), _giving_way():
        async with sessions.read() as session:
            names = await known(session, given.region)
        looked = await asyncio.to_thread(_look, given, watch, names)
        run, importer = await _begun(sessions, given, looked.plan)
        report = await _imported(sessions, given, watch, looked, run, importer)
    if not given.dry_run and given.mapping.feed == "customers":
        report = await _followed(sessions, given, watch, report)
    if given.faults is not None and report.faulty and report.into != given.faults:
        raise FaultsThere(given.faults, f"All else is done; the faulty rows are in {report.into}.")
    return report


@asynccontextmanager
async def _giving_way() -> AsyncIterator[None]:
    """Threads of this process give way to each other sooner than they do otherwise."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _look(given: Given, watch: Watch, names: Known) -> _Looked:
    """How the file is read, and which ids are in it more than once."""
    watch.begins("looking")
    with opened(given.path, given.mapping, given.told, watch.read) as rows:
        if given.faults is not None and given.faults.exists():
            raise FaultsThere(given.faults)
        made = plan(given.mapping, rows.header, names, width=rows.width, name=str(given.path))
        doubles = Doubles(made, given.path.stat().st_size)
        for batch in rows.batches():
            doubles.look(batch)
    return _Looked(made, doubles, given.faults or beside(given.path, rows.kind))


async def _begun(sessions: Sessions, given: Given, made: Plan) -> tuple[FeedRun | None, Importer]:
    """The run, None where nothing is to stay, and what writes for it."""
    mapping, run = given.mapping, None
    if not given.dry_run:
        digest = await asyncio.to_thread(_digest, given)
        told = mapping.model_dump(mode="json", exclude_defaults=True)
        async with sessions.write() as session:
            run = await begin(session, Begun(mapping.source, mapping.feed, given.path.name, told, digest))
    async with sessions.read() as session:
        barred = await blocking(session, mapping.source)
        origin = Origin(mapping.source, made.told, barred, mapping.only_known, given.now, given.bulk)
        writer = await WRITERS[mapping.feed](session, origin)
    why = f"import of {given.path.name}" + (f", run {run.id}" if run else "")
    position = run.position if run else 0
    course = Course(run.id if run else None, mapping.source, why, position)
    return run, Importer(sessions, writer, course, SIDE_BY_SIDE)


async def _imported(
    sessions: Sessions, given: Given, watch: Watch, looked: _Looked, run: FeedRun | None, importer: Importer
) -> Report:
    watch.begins("importing")
    counts, faults, blank = Counter(dict.fromkeys(COUNTS, 0)), Counter[tuple[str, str]](), 0
    ending = f".{given.mapping.source}.{given.mapping.feed}{PART}"
    await asyncio.to_thread(remove_left, looked.wanted.parent, ending, clock.now())
    part = looked.wanted.with_name(f"{looked.wanted.name}{ending}")
    part.unlink(missing_ok=True)  # of an import that broke off: it is written anew, and whole
    with opened(given.path, given.mapping, given.told, watch.read) as rows, FaultsFile(part, rows) as faults_file:

        def tell(progress: Progress) -> None:
            counts.update(progress.counts)
            faults.update((fault.column, fault.kind) for row in progress.faulty for fault in row.faults)
            faults_file.write(progress.faulty)
            watch.committed(progress.position)

        def counted(source: Iterator[Chunk]) -> Iterator[Chunk]:
            nonlocal blank
            for chunk in source:
                blank += chunk.blank
                yield chunk

        await importer.run(counted(chunks(rows.batches(), Checker(looked.plan), looked.doubles)), tell)
    faulty = faults_file.written
    into = await asyncio.to_thread(_named, part, looked.wanted, given.faults is None) if faulty else looked.wanted
    resumed = run.position if run else 0
    if run is not None:
        async with sessions.write() as session:
            ended = await end(session, run.id)
        counts = Counter({name: getattr(ended, name) for name in COUNTS})
    described = rows.described
    return Report(
        described,
        looked.plan,
        dict(counts),
        faults,
        faulty,
        blank,
        into,
        resumed,
        None if run is None else run.id,
    )


def _named(part: Path, wanted: Path, may_be_there: bool) -> Path:
    """The name under which the faulty rows are; perhaps that of a file which says the same already."""
    kept = without_double(part, wanted) if may_be_there else part
    return take_name(part, wanted) if kept == part else kept


async def _followed(sessions: Sessions, given: Given, watch: Watch, report: Report) -> Report:
    """What is done when all rows of customers are there."""
    watch.begins("naming")
    named = await name_all(sessions)
    async with sessions.read() as session:
        since = (await session.get_one(FeedRun, report.run)).started_at
    if given.bulk:
        watch.begins("comparing")
        async with sessions.write() as writing:
            await writing.execute(_ANALYZE)
        await search_since(sessions, since, COMPARED)
    async with sessions.read() as session:
        return report._replace(named=named, proposed=await proposed_since(session, since))


def _digest(given: Given) -> str:
    """What tells a file from others, with how it is read."""
    with given.path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256")
    found.update(given.mapping.model_dump_json().encode() + msgspec.json.encode(given.told))
    return found.hexdigest()
