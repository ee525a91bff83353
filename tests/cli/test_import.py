"""`callfloor import` as a person uses it."""

from pathlib import Path

import pytest

from tests.cli.running import run
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


def test_a_file_is_imported_and_told_of(file: Path, database: Database) -> None:
    words = ["import", "customers", str(file), "--mapping", str(file.with_name("mapping.yaml"))]
    dry = run(file.parent, *words, "--dry-run", CALLFLOOR_DATABASE_URL=database.url)
    assert "would be made 1, changed 0, left 0, refused 1; 1 rows are empty\n" in dry.stdout
    faults = file.with_name("customers.faults.csv")
    faults.unlink()
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
    refused = run(file.parent, *words, CALLFLOOR_DATABASE_URL=database.url)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"callfloor: {faults} is there already")


def test_a_mapping_of_another_feed_is_refused_before_anything_is_done(file: Path) -> None:
    words = ["import", "holdings", str(file), "--mapping", str(file.with_name("mapping.yaml"))]
    done = run(file.parent, *words)
    assert done.returncode == 2
    assert "is a mapping of customers; accepted: customers" in done.stderr
    assert not (file.parent / "database").exists()
