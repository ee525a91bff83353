"""`callfloor import` as a person uses it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, environment, run
from tests.fixtures.database import Database

MAPPING = """\
feed: customers
source: core
columns: {id: external_id, name: name, phone: phone.mobile}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a faulty row and a repeated id, and its mapping."""
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    path = tmp_path / "customers.csv"
    path.write_text("id,name,phone,x\n1,A,13800138000,\n2,B,12,\n1,AA,13800138000,\n\n")
    return path


def test_a_file_is_imported_after_a_check_and_a_dry_run_and_told_of(file: Path, database: Database) -> None:
    words = ["import", "customers", str(file), "--mapping", str(file.with_name("mapping.yaml"))]
    assert run(file.parent, "feed", "check", str(file), *words[3:]).returncode == 2
    checked = file.with_name("customers.faults.csv").read_bytes()
    dry = run(file.parent, *words, "--dry-run", CALLFLOOR_DATABASE_URL=database.url)
    assert "would be made 1, changed 0, left 0, refused 1; 1 rows are empty\n" in dry.stdout
    faults = file.with_name("customers.faults.csv")  # which the check has left
    done = run(file.parent, *words, "--bulk", CALLFLOOR_DATABASE_URL=database.url)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == (
        f"{file}: CSV in utf-8, cells apart by ,\n"
        "columns that are no field: x\n"
        "made 1, changed 0, left 0, refused 1; 1 rows are empty\n"
        "1 rows have a later row of the same id, which counts\n"
        "1 customers are found by their names now, too\n"
        "  phone  phone               1\n"
        f"The faulty rows are in {faults}: correct them there, and import that file.\n"
    )
    assert file.with_name("customers.faults.csv").read_bytes() == checked
    refused = run(file.parent, *words, "--faults", str(faults), CALLFLOOR_DATABASE_URL=database.url)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"callfloor: {faults} is there already")


def test_a_terminal_shows_a_bar_and_the_row_up_to_which_all_is_committed(file: Path, database: Database) -> None:
    file.write_text("id,name,phone\n" + "".join(f"{row},A,\n" for row in range(12_000)))
    words = ["import", "customers", str(file), "--mapping", str(file.with_name("mapping.yaml"))]
    ours, theirs = os.openpty()
    surroundings = environment(file.parent, CALLFLOOR_DATABASE_URL=database.url, TERM="xterm", COLUMNS="100")
    with subprocess.Popen([*COMMAND, *words], env=surroundings, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = shown_on(ours)
        assert process.stdout is not None
        assert b"made 12,000, changed 0" in process.stdout.read()
    assert "\u2501\u2501\u2501" in shown  # the bar
    assert shown.index("looking") < shown.index("importing") < shown.index("row 12,001")  # row 1 is the header


def shown_on(terminal: int) -> str:
    """Everything that is written to a terminal until it is closed at the other end."""
    told = b""
    try:
        while more := os.read(terminal, 65_536):
            told += more
    except OSError:  # so Linux says that nobody is there any more
        os.close(terminal)
    return told.decode(errors="replace")


def test_a_mapping_of_another_feed_is_refused_before_anything_is_done(file: Path) -> None:
    words = ["import", "holdings", str(file), "--mapping", str(file.with_name("mapping.yaml"))]
    done = run(file.parent, *words)
    assert done.returncode == 2
    assert "is a mapping of customers; accepted: customers" in done.stderr
    assert not (file.parent / "database").exists()
