"""The name of the file of faulty rows is taken when all rows are there: whatever has come to be there stays."""

import os
from pathlib import Path
from typing import Any

import pytest

from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.faults_files import FaultsThere, without_double
from app.customers.feeds.files import Given, Report, Watch, import_file
from app.customers.feeds.importing import Importer
from app.customers.feeds.opening import NOTHING
from app.db.engine import Sessions
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, rows
from tests.customers.feeds.test_xlsx import book

OTHERS = ("core.usage", "crm.customers")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a good row and a faulty one."""
    path = tmp_path / "customers.csv"
    put(path, "C1,A", "C2,")
    return path


def put(file: Path, *lines: str) -> None:
    file.write_text("".join(f"{line}\n" for line in ("id,name", *lines)))


def link(path: Path, to: str) -> None:
    path.symlink_to(path.with_name(to))


def given(file: Path, source: str = "core", faults: Path | None = None) -> Given:
    return Given(file, read_mapping(CUSTOMERS.replace("core", source)), NOTHING, "CN", NOW, faults)


def coming(path: Path) -> Watch:
    """A file of somebody else comes to be there while rows are imported."""

    def committed(_: int) -> None:
        path.write_text("theirs")

    return SILENT._replace(committed=committed)


def faulty(path: Path) -> list[str]:
    """Which rows are in a faults file."""
    return [line.partition(":")[0] for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]]


def names(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


async def test_a_faults_file_that_comes_meanwhile_is_not_written_over(sessions: Sessions, file: Path) -> None:
    theirs = file.with_name("customers.faults.csv")
    report = await import_file(sessions, given(file), coming(theirs))
    assert report.into == file.with_name("customers.faults-2.csv")
    assert faulty(report.into) == ["row 3"]
    assert theirs.read_text() == "theirs"
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]


async def test_where_the_name_that_was_given_is_taken_meanwhile_the_rows_are_kept(
    sessions: Sessions, file: Path
) -> None:
    theirs = file.with_name("mine.csv")
    with pytest.raises(FaultsThere, match=r"mine\.csv is there already .* the faulty rows are in .*/mine-2\.csv\."):
        await import_file(sessions, given(file, faults=theirs), coming(theirs))
    assert faulty(file.with_name("mine-2.csv")) == ["row 3"]
    assert theirs.read_text() == "theirs"
    assert names(file) == ["customers.csv", "mine-2.csv", "mine.csv"]
    assert await rows(sessions, "select state, made, refused from feed_runs") == [("done", 1, 1)]


async def test_a_disk_without_second_names_of_files_loses_nothing(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(target), None, str(self))

    monkeypatch.setattr(Path, "hardlink_to", unknown)
    theirs = file.with_name("customers.faults.csv")
    report = await import_file(sessions, given(file), coming(theirs))
    assert faulty(report.into) == ["row 3"]
    assert theirs.read_text() == "theirs"
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]


async def test_night_after_night_the_same_faults_are_one_file(sessions: Sessions, file: Path) -> None:
    first = await import_file(sessions, given(file), SILENT)
    for _ in range(2):
        again = await import_file(sessions, given(file), SILENT)
        assert (again.into, again.faulty) == (first.into, 1)
    assert names(file) == ["customers.csv", "customers.faults.csv"]
    put(file, "C1,A", "C2,", "C3,")
    more = await import_file(sessions, given(file), SILENT)
    assert more.into == file.with_name("customers.faults-2.csv")
    assert (await import_file(sessions, given(file), SILENT)).into == more.into
    assert (faulty(first.into), faulty(more.into)) == (["row 3"], ["row 3", "row 4"])
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]


async def test_a_faults_file_that_was_corrected_is_not_taken_for_the_faults(sessions: Sessions, file: Path) -> None:
    first = await import_file(sessions, given(file), SILENT)
    put(first.into, "C2,B")
    for _ in range(2):
        again = await import_file(sessions, given(file), SILENT)
        assert again.into == file.with_name("customers.faults-2.csv")
    assert first.into.read_text() == "id,name\nC2,B\n"
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]


def test_of_two_files_that_find_each_other_the_first_stays(tmp_path: Path) -> None:
    """Two checks of one file that end at once."""
    first, second = tmp_path / "a.faults.csv", tmp_path / "a.faults-2.csv"
    for each in (first, second):
        each.write_text("the same")
    assert without_double(first, first) == first
    assert without_double(second, first) == first
    assert names(first) == ["a.faults.csv"]


async def test_what_cannot_be_read_beside_is_no_such_file(sessions: Sessions, file: Path) -> None:
    link(file.with_name("customers.faults.csv"), "gone")
    for _ in range(2):
        report = await import_file(sessions, given(file), SILENT)
        assert report.into == file.with_name("customers.faults-2.csv")
        assert faulty(report.into) == ["row 3"]


async def test_sheets_with_the_same_faults_are_one_file(sessions: Sessions, tmp_path: Path) -> None:
    """They hold when they were saved, too."""
    sheet = book(tmp_path, [["id", "name"], ["C1", "A"], ["C2", None]])
    reports = [await import_file(sessions, given(sheet), SILENT) for _ in range(2)]
    book(tmp_path, [["id", "name"], ["C1", None], ["C2", None]])
    reports.append(await import_file(sessions, given(sheet), SILENT))
    assert [each.into.name for each in reports] == ["feed.faults.xlsx", "feed.faults.xlsx", "feed.faults-2.xlsx"]
    assert names(sheet) == ["feed.faults-2.xlsx", "feed.faults.xlsx", "feed.xlsx"]


async def test_what_an_import_that_died_has_left_goes_with_the_next(sessions: Sessions, file: Path) -> None:
    """Of the same file at once, of others a day later; what other sources and feeds have left stays."""
    for left in ("customers", "yesterday", "today"):
        for feed in ("core.customers", *OTHERS):
            part = file.with_name(f"{left}.faults.csv.{feed}.part")
            put(part, "half a row")
            if left == "yesterday":
                os.utime(part, (part.stat().st_mtime - 90_000,) * 2)
    report = await import_file(sessions, given(file), SILENT)
    assert faulty(report.into) == ["row 3"]
    others = [f"{left}.faults.csv.{feed}.part" for left in ("customers", "yesterday", "today") for feed in OTHERS]
    still = [*others, "today.faults.csv.core.customers.part"]
    assert names(file) == sorted(["customers.csv", "customers.faults.csv", *still])


async def test_a_name_that_was_given_is_used_whatever_says_the_same(sessions: Sessions, file: Path) -> None:
    mine = file.with_name("mine.csv")
    await import_file(sessions, given(file, faults=mine), SILENT)
    mine.rename(file.with_name("mine-20261128.csv"))
    report = await import_file(sessions, given(file, faults=mine), SILENT)
    assert report.into == mine
    assert names(file) == ["customers.csv", "mine-20261128.csv", "mine.csv"]


async def test_a_file_that_goes_while_it_gets_its_name_leaves_no_empty_one(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Path, target: Path) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(target))

    monkeypatch.setattr(Path, "hardlink_to", gone)
    monkeypatch.setattr(Path, "replace", gone)
    with pytest.raises(FileNotFoundError):
        await import_file(sessions, given(file), SILENT)
    assert "customers.faults.csv" not in names(file)


async def test_a_file_is_imported_for_two_sources_at_once(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other import, of what has become of the file meanwhile, comes between the rows of the first and its end."""
    run, others = Importer.run, list[Report]()

    async def run_and_wait(self: Importer, *told: Any) -> None:
        await run(self, *told)
        monkeypatch.setattr(Importer, "run", run)
        if not others:
            put(file, "C1,", "C2,B")
            others.append(await import_file(sessions, given(file, "crm"), SILENT))

    monkeypatch.setattr(Importer, "run", run_and_wait)
    report = await import_file(sessions, given(file), SILENT)
    assert [each.into.name for each in (*others, report)] == ["customers.faults.csv", "customers.faults-2.csv"]
    assert [faulty(each.into) for each in (*others, report)] == [["row 2"], ["row 3"]]
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]
    assert await rows(sessions, "select source, state from feed_runs order by source") == [
        ("core", "done"),
        ("crm", "done"),
    ]
