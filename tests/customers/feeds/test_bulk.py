"""What makes imports quick must not be seen: rows that are as they were are passed over, names may follow."""

from pathlib import Path
from typing import Any

import pytest

from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.files import Given, Report, import_file
from app.customers.feeds.importing import Importer
from app.customers.feeds.opening import NOTHING
from app.customers.names.filling_in import name_all, name_page
from app.customers.record.finding import Wanted, find_customers
from app.db.engine import Sessions
from tests.customers.factories import REGION
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, execute, imported, rows

FILE = "id,name,mobile\nC1,王小明,13800138000\nC2,Zoë O'Brien,13800138001\n"
NAMES = "select external_id, name, version from customers order by external_id"


async def in_bulk(sessions: Sessions, file: Path, lines: str) -> Report:
    file.write_text(lines, encoding="utf-8")  # noqa: ASYNC240
    given = Given(file, read_mapping(CUSTOMERS), NOTHING, "CN", NOW, bulk=True)
    return await import_file(sessions, given, SILENT)


async def found(sessions: Sessions, wanted: Wanted) -> list[str | None]:
    async with sessions.read() as session:
        them = await find_customers(session, wanted, default_region=REGION, limit=10)
    return [each.customer.external_id for each in them]


async def test_in_bulk_everybody_is_found_by_number_and_by_name_at_the_end(sessions: Sessions, tmp_path: Path) -> None:
    report = await in_bulk(sessions, tmp_path / "customers.csv", FILE)
    assert (report.counts["made"], report.named) == (2, 2)
    assert await found(sessions, Wanted(typed="xiaoming")) == ["C1"]
    assert await found(sessions, Wanted(typed="obrien")) == ["C2"]
    assert await rows(sessions, NAMES) == [("C1", "王小明", 1), ("C2", "Zoë O'Brien", 1)]
    assert await rows(sessions, "select count(*) from customer_versions") == [(0,)]


async def test_names_of_a_bulk_import_that_was_killed_are_made_by_who_comes_next(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Importer.take

    async def killed(self: Importer, *given: Any) -> object:
        await take(self, *given)
        raise ConnectionResetError

    monkeypatch.setattr(Importer, "take", killed)
    with pytest.raises(ConnectionResetError):
        await in_bulk(sessions, tmp_path / "customers.csv", FILE)
    assert await rows(sessions, "select count(*) from customers where search is null") == [(2,)]
    assert await found(sessions, Wanted(typed="xiaoming")) == []
    assert await found(sessions, Wanted(number="13800138000")) == ["C1"]
    async with sessions.write() as session:
        assert await name_page(session, 1) == 1
    assert await name_all(sessions) == 1
    assert await found(sessions, Wanted(typed="xiaoming")) == ["C1"]
    assert await name_all(sessions) == 0


async def test_what_is_as_it_was_is_passed_over_until_somebody_changes_it(sessions: Sessions, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    await imported(sessions, file, FILE)
    asked = "select count(*) from customers where fed is not null"
    assert await rows(sessions, asked) == [(2,)]
    await execute(sessions, "update customers set name = 'X', version = version + 1 where external_id = 'C1'")
    await execute(sessions, "update feed_sources set rank = 101 where id = 'core'")
    report = await imported(sessions, file, FILE)
    assert (report.counts["changed"], report.counts["unchanged"]) == (1, 1)
    assert await rows(sessions, NAMES) == [("C1", "王小明", 3), ("C2", "Zoë O'Brien", 1)]
    assert (await imported(sessions, file, FILE)).counts["unchanged"] == 2
    await execute(sessions, "delete from customer_numbers where e164 = '+8613800138001'")
    await execute(sessions, "update customers set version = version + 1 where external_id = 'C2'")
    assert (await imported(sessions, file, FILE)).counts["changed"] == 1
    assert await rows(sessions, "select count(*) from customer_numbers") == [(2,)]


async def test_another_mapping_that_tells_less_or_more_is_not_taken_for_the_same(
    sessions: Sessions, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    await imported(sessions, file, "id,name,lang\nC1,A,\n")
    await execute(sessions, "update customers set latin_name = 'B' where external_id = 'C1'")
    await execute(sessions, "update customers set origins = '{}'")
    report = await imported(sessions, file, "id,name,latin\nC1,A,\n")
    assert report.counts["changed"] == 1
    assert await rows(sessions, "select latin_name from customers") == [(None,)]


@pytest.mark.parametrize("bulk", [False, True])
async def test_who_may_be_one_is_proposed_and_nobody_is_merged(sessions: Sessions, tmp_path: Path, bulk: bool) -> None:
    file = tmp_path / "customers.csv"
    bring = in_bulk if bulk else imported
    await bring(sessions, file, "id,name,mobile\nC1,王小明,13800138000\nC2,李丽,13800138001\n")
    lines = (
        "id,name,mobile\nC2,李丽,13800138005\nC3,Wang Xiaoming,13800138000\nC4,李丽,13800138005\nC5,张伟,13800138009\n"
    )
    report = await bring(sessions, file, lines)
    assert report.proposed == 2
    pairs = """
        select a.external_id, b.external_id, p.status, a.merged_into, b.merged_into from duplicate_proposals p
        join customers a on a.id = p.one_id join customers b on b.id = p.other_id order by 1"""
    assert await rows(sessions, pairs) == [("C1", "C3", "open", None, None), ("C2", "C4", "open", None, None)]
    assert (await bring(sessions, file, lines)).proposed == 0


async def test_so_many_pairs_are_looked_at_and_no_more(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.feeds.tables.customers_writer.MOST_PAIRS", 3)
    lines = "".join(f"C{at},王小明,{13800138000 + at // 2}\n" for at in range(20))
    assert (await imported(sessions, tmp_path / "customers.csv", f"id,name,mobile\n{lines}")).proposed == 3


@pytest.mark.parametrize("name", ["a\tb", "a\\Nb", "\\N", "a\\tb", 'a"b', "a{b},c", "a\nb", "{}", "NULL", "王\\小"])
async def test_any_text_is_written_as_it_is(sessions: Sessions, tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    lines = f'id,name,segments,mobile,branch\nC1,"{quoted}","{quoted}",13800138000,"{quoted}"\n'
    await imported(sessions, tmp_path / "customers.csv", lines)
    [(kept, segments, attributes)] = await rows(sessions, "select name, segments, attributes from customers")
    assert kept == name
    assert segments == [part.strip() for part in name.split(",")]
    assert attributes == {"branch": name}
