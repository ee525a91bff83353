"""Bad files all the way into the database: what is good of them is there, the rest comes back."""

import csv
import tracemalloc
from pathlib import Path

import pytest

from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.columns.plan import ColumnsFaulty
from app.customers.feeds.files import Given, Report, import_file
from app.customers.feeds.opening import NOTHING
from app.db.engine import Sessions
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, imported, rows
from tests.customers.feeds.test_xlsx import book, with_results

NAMES = "select external_id, name from customers order by external_id"


async def import_bytes(sessions: Sessions, path: Path, content: bytes | None = None) -> Report:
    if content is not None:
        path.write_bytes(content)  # noqa: ASYNC240
    return await import_file(sessions, Given(path, read_mapping(CUSTOMERS), NOTHING, "CN", NOW), SILENT)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8-sig", "utf-16"])
async def test_gbk_and_byte_order_marks(sessions: Sessions, tmp_path: Path, encoding: str) -> None:
    people = "".join(f"C{at},王小明{at},北京市海淀区中关村大街\n" for at in range(20))
    content = f"id,name,street\n{people}".encode(encoding)
    report = await import_bytes(sessions, tmp_path / "customers.csv", content)
    assert (report.counts["made"], report.faulty) == (20, 0)
    assert await rows(sessions, "select name from customers where external_id = 'C7'") == [("王小明7",)]
    assert await rows(sessions, "select distinct lines from customer_addresses") == [("北京市海淀区中关村大街",)]


async def test_an_encoding_that_breaks_in_the_middle_costs_its_rows_only(sessions: Sessions, tmp_path: Path) -> None:
    good = [f"C{at},王小明" for at in range(200)]
    content = "\n".join(["id,name", *good, ""]).encode() + b"D1,\xff\xfe\n" + "E1,李\n".encode()
    report = await import_bytes(sessions, tmp_path / "customers.csv", content)
    assert (report.counts["made"], report.counts["refused"]) == (201, 1)
    assert (await rows(sessions, NAMES))[-1] == ("E1", "李")


async def test_mixed_line_ends(sessions: Sessions, tmp_path: Path) -> None:
    content = b'id,name\r\nC1,A\nC2,B\rC3,"C\r\nD"\r\n\rC4,E'
    assert (await import_bytes(sessions, tmp_path / "customers.csv", content)).counts["made"] == 4
    assert await rows(sessions, NAMES) == [("C1", "A"), ("C2", "B"), ("C3", "C\r\nD"), ("C4", "E")]


async def test_a_sheet_with_formulas(sessions: Sessions, tmp_path: Path) -> None:
    lines = [["id", "name", "mobile"], ["C1", "A", 13800138000], ["C2", "=7*6", None], ["C3", "=6*7", None]]
    path = with_results(book(tmp_path, lines), {"7*6": "42"})
    report = await import_bytes(sessions, path)
    assert (report.counts["made"], report.counts["refused"]) == (2, 1)
    assert await rows(sessions, NAMES) == [("C1", "A"), ("C2", "42")]
    assert await rows(sessions, "select e164 from customer_numbers") == [("+8613800138000",)]
    assert report.into.suffix == ".xlsx"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1-2", "-2+3", "'); drop table customers; --"])
async def test_formulas_and_sql_are_text_in_every_field(sessions: Sessions, tmp_path: Path, text: str) -> None:
    with (tmp_path / "customers.csv").open("w", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id", "name", "latin", "street", "city", "segments", "branch"], [text] * 7])
    report = await import_bytes(sessions, tmp_path / "customers.csv")
    assert report.counts["made"] == 1
    asked = """
        select c.external_id, c.name, c.latin_name, c.segments, c.attributes ->> 'branch', a.lines, a.city
        from customers c join customer_addresses a on a.customer_id = c.id"""
    assert await rows(sessions, asked) == [(text, text, text, [text], text, text, text)]


@pytest.mark.parametrize(
    ("header", "what"), [("id,mobile", "'name': is missing"), ("id,name,name", "'name': is there 2 times")]
)
async def test_columns_missing_or_doubled_stop_an_import_before_it_begins(
    sessions: Sessions, tmp_path: Path, header: str, what: str
) -> None:
    with pytest.raises(ColumnsFaulty, match=what):
        await imported(sessions, tmp_path / "customers.csv", f"{header}\nC1,A,B\n")
    assert await rows(sessions, "select count(*) from customers") == [(0,)]
    assert await rows(sessions, "select count(*) from feed_runs") == [(0,)]


async def test_a_million_faulty_rows(sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scaled down to twelve thousand in chunks of a thousand: none is kept, all come back in the file of the faults."""
    monkeypatch.setattr("app.customers.feeds.chunks.chunks.__defaults__", (None, 1_000))
    monkeypatch.setattr("app.customers.feeds.opening.BLOCK", 10_000)
    faulty = 12_000
    path = tmp_path / "customers.csv"
    lines = "".join(f"C{at},\n" for at in range(faulty))
    path.write_text(f"id,name\nA,A\n{lines}Z,Z\n")
    await import_bytes(sessions, tmp_path / "before.csv", b"id,name\nA,A\n")
    tracemalloc.start()
    try:
        report = await import_bytes(sessions, path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report.counts["made"], report.counts["unchanged"], report.faulty) == (1, 1, faulty)
    assert report.faults == {("name", "missing"): faulty}
    assert most < 6_000_000
    assert report.into.read_bytes().count(b"name: is empty") == faulty
