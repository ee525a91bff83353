"""The name of the file of faulty rows is taken when all rows are there: whatever has come to be there stays."""

from pathlib import Path
from typing import Any

import pytest

from app.customers.feeds.faults_files import FaultsThere
from app.customers.feeds.files import Given, Report, Watch, import_file
from app.customers.feeds.importing import Importer
from app.customers.feeds.opening import NOTHING
from app.customers.feeds.reading import read_mapping
from app.db.engine import Sessions
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a good row and a faulty one."""
    path = tmp_path / "customers.csv"
    path.write_text("id,name\nC1,A\nC2,\n")
    return path


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


async def test_a_file_is_imported_for_two_sources_at_once(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other import comes between the rows of the first and its end."""
    run, others = Importer.run, list[Report]()

    async def run_and_wait(self: Importer, *told: Any) -> None:
        await run(self, *told)
        monkeypatch.setattr(Importer, "run", run)
        if not others:
            others.append(await import_file(sessions, given(file, "crm"), SILENT))

    monkeypatch.setattr(Importer, "run", run_and_wait)
    report = await import_file(sessions, given(file), SILENT)
    assert [each.into.name for each in (*others, report)] == ["customers.faults.csv", "customers.faults-2.csv"]
    assert [faulty(each.into) for each in (*others, report)] == [["row 3"], ["row 3"]]
    assert names(file) == ["customers.csv", "customers.faults-2.csv", "customers.faults.csv"]
    assert await rows(sessions, "select source, state from feed_runs order by source") == [
        ("core", "done"),
        ("crm", "done"),
    ]
