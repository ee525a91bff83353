"""Chunks of a file are written two at a time: nothing of that is seen, and whoever is in their way is waited for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core.tasks import begin
from app.customers.feeds.chunks import Chunk, chunks
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.files import Given, Report, import_file
from app.customers.feeds.importing import Importer
from app.customers.feeds.opening import NOTHING
from app.customers.feeds.streams import Stream, import_stream
from app.db.engine import Sessions
from app.db.errors import DatabaseUnavailable
from app.privacy.erasing import Order, erase
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, execute, imported, rows

ROWS = 40
COUNTED = "select count(*), count(distinct external_id), (select count(*) from customer_numbers) from customers"


@pytest.fixture(autouse=True)
def few_rows_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.customers.feeds.chunks.chunks.__defaults__", (None, 5))
    monkeypatch.setattr("app.customers.feeds.opening.BLOCK", 100)


def lines(name: str = "N") -> str:
    return "id,name,mobile\n" + "".join(f"C{at},{name} {at},{13800138000 + at}\n" for at in range(ROWS))


async def in_bulk(sessions: Sessions, file: Path, told: str) -> Report:
    file.write_text(told, encoding="utf-8")  # noqa: ASYNC240
    return await import_file(sessions, Given(file, read_mapping(CUSTOMERS), NOTHING, "CN", NOW, bulk=True), SILENT)


async def test_two_chunks_are_written_at_once_and_committed_in_order(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, at_work, most, ended = Importer.take, set[int](), 0, list[int]()

    async def watched(self: Importer, chunk: object, before: int, *turn: object) -> object:
        nonlocal most
        at_work.add(before)
        most = max(most, len(at_work))
        done = await take(self, chunk, before, *turn)  # type: ignore[arg-type]
        at_work.remove(before)
        ended.append(before)
        return done

    monkeypatch.setattr(Importer, "take", watched)
    assert (await imported(sessions, tmp_path / "customers.csv", lines())).counts["made"] == ROWS
    assert most == 2
    assert ended == sorted(ended)
    assert len(ended) > 4


async def test_doubles_are_proposed_also_of_rows_that_are_written_at_once(sessions: Sessions, tmp_path: Path) -> None:
    twins = "id,name,mobile\n" + "".join(f"C{at},王小明 {at % 10},{13800138000 + at % 10}\n" for at in range(20))
    assert (await imported(sessions, tmp_path / "customers.csv", twins)).proposed == 10


async def test_an_id_elsewhere_is_that_of_the_first_row_that_has_it(sessions: Sessions, tmp_path: Path) -> None:
    told = "id,name,crm\n" + "".join(f"C{at},N {at},K{at % 10}\n" for at in range(20))
    report = await imported(sessions, tmp_path / "customers.csv", told)
    assert (report.counts["made"], report.counts["refused"]) == (10, 10)
    assert await rows(sessions, "select max(length(external_id)) from customers") == [(2,)]


async def test_a_bulk_import_finds_whoever_is_known_already(sessions: Sessions, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    await execute(sessions, "insert into customers (external_id, name) values ('C7', 'by hand'), ('C33', 'by hand')")
    report = await in_bulk(sessions, file, lines())
    assert (report.counts["made"], report.counts["changed"]) == (ROWS - 2, 2)
    assert await rows(sessions, COUNTED) == [(ROWS, ROWS, ROWS)]
    assert (await in_bulk(sessions, file, lines())).counts["unchanged"] == ROWS
    assert (await in_bulk(sessions, file, lines("M"))).counts["changed"] == ROWS


async def test_two_who_wait_for_each_other_beyond_the_database_do_not_wait_for_ever(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has made a customer of the first chunk, and then wants to make one that the second chunk has made while
    it waits for its turn: the database sees no circle."""
    monkeypatch.setattr("app.customers.feeds.runs.PATIENCE", "200ms")
    make = text("insert into customers (external_id, name) values (:id, 'by hand')")
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with sessions.write() as session:
        await session.execute(make, {"id": "C0"})
        importing = begin("import", imported(sessions, tmp_path / "customers.csv", lines()))
        async with asyncio.timeout(60):
            while await rows(sessions, waiting) == [(0,)]:  # noqa: ASYNC110 - the server's view is what is watched
                await asyncio.sleep(0.01)
            await session.execute(make, {"id": "C9"})
    report = await importing
    assert (report.counts["made"], report.counts["changed"] + report.counts["unchanged"]) == (ROWS - 2, 2)
    assert await rows(sessions, COUNTED) == [(ROWS, ROWS, ROWS)]


async def test_a_bulk_import_takes_ids_elsewhere_for_those_of_whoever_has_them(
    sessions: Sessions, tmp_path: Path
) -> None:
    file, told = tmp_path / "customers.csv", "".join(f"C{at},N {at},K{at}\n" for at in range(20))
    assert (await in_bulk(sessions, file, f"id,name,crm\n{told}")).counts["made"] == 20
    report = await in_bulk(sessions, file, f"id,name,crm\n{told}C20,N,K20\nC21,N,K3\n")
    assert (report.counts["unchanged"], report.counts["made"], report.counts["refused"]) == (20, 1, 1)
    assert report.faults == {("id.crm", "taken"): 1}


async def test_nothing_is_committed_behind_a_chunk_whose_connection_was_lost(
    sessions: Sessions, tmp_path: Path
) -> None:
    """The first chunk waits for somebody else, the second for its turn."""
    waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    open_ones = "select pid from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"
    async with sessions.write() as session:
        await session.execute(text("insert into customers (external_id, name) values ('C0', 'by hand')"))
        importing = begin("import", imported(sessions, tmp_path / "customers.csv", lines()))
        async with asyncio.timeout(60):
            while not (found := await rows(sessions, waiting)) or len(await rows(sessions, open_ones)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        [(first,)] = found
        await execute(sessions, "select pg_terminate_backend(:first)", first=first)
        with pytest.raises(DatabaseUnavailable):
            await importing
        assert len(await rows(sessions, open_ones)) == 1
    assert await rows(sessions, "select name from customers") == [("by hand",)]
    assert await rows(sessions, "select position, made from feed_runs") == [(0, 0)]
    assert (await imported(sessions, tmp_path / "customers.csv", lines())).counts["made"] == ROWS - 1


async def test_a_bulk_import_does_not_bring_back_who_is_being_erased(sessions: Sessions, tmp_path: Path) -> None:
    """It takes everybody for new, and then waits for the erasure, whose customer has the id still."""
    file, order = tmp_path / "customers.csv", Order(by="sue", ground="objection", reason="file 7")
    await imported(sessions, file, "id,name,mobile\nC7,N 7,13800138007\n")
    [(who,)] = await rows(sessions, "select id from customers")
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with sessions.write() as session:
        await erase(session, who, order, now=NOW, region="CN")
        importing = begin("import", in_bulk(sessions, file, lines()))
        async with asyncio.timeout(60):
            while await rows(sessions, waiting) == [(0,)]:  # noqa: ASYNC110 - the server's view is what is watched
                await asyncio.sleep(0.01)
    report = await importing
    assert (report.counts["made"], report.faults) == (ROWS - 1, {("external_id", "erased"): 1})
    assert await rows(sessions, "select count(*) from customers where external_id = 'C7'") == [(0,)]


async def test_what_is_gone_on_with_in_other_chunks_is_counted_once(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade may cut a file otherwise, and a stream is cut as it comes."""
    file = tmp_path / "customers.csv"
    told = "id,name\n" + "".join(f"C{at % 30},N {at}\n" for at in range(ROWS)).replace("C12,", ",")

    def cut_off(*given: Any) -> Iterator[Chunk]:
        yield from islice(chunks(*given), 3)
        raise ConnectionResetError

    monkeypatch.setattr("app.customers.feeds.files.chunks", cut_off)
    with pytest.raises(ConnectionResetError):
        await imported(sessions, file, told)
    monkeypatch.setattr("app.customers.feeds.files.chunks", chunks)
    monkeypatch.setattr("app.customers.feeds.chunks.chunks.__defaults__", (None, ROWS))
    report = await imported(sessions, file, told)
    assert 0 < report.resumed < ROWS
    assert (report.counts["made"], report.counts["refused"], report.counts["repeated"]) == (29, 1, 10)


async def test_a_stream_that_stands_still_keeps_nobody_else_waiting(sessions: Sessions, tmp_path: Path) -> None:
    going_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"external_id": "S1", "name": "S"}\n' * 5
        await going_on.wait()
        yield b'{"external_id": "S2", "name": "S"}\n'

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    stream = Stream("customers", "crm", pieces(), None, None, "CN", NOW)
    streaming = begin("a stream", import_stream(sessions, stream))
    async with asyncio.timeout(60):
        assert (await imported(sessions, tmp_path / "customers.csv", lines())).counts["made"] == ROWS
        assert not streaming.done()
        going_on.set()
        assert (await streaming).counts["made"] == 2
