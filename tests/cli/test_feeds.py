"""`callfloor feed` as a person uses it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from typer.testing import CliRunner, Result

from app.cli import commands
from app.cli.trouble import Trouble
from app.customers.feeds.columns.checking import Checker
from tests.cli.running import run

DOCUMENT = Path(__file__).parents[2] / "docs" / "feeds.md"
MAPPING = """\
feed: customers
source: core
columns: {id: external_id, name: name, tier: tier, phone: phone.mobile}
"""


def feed(*words: str | Path) -> Result:
    return CliRunner().invoke(commands, ["feed", *(str(word) for word in words)])


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """A good mapping in a folder of its own."""
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


@pytest.fixture
def file(mapping: Path) -> Path:
    """A file with two faulty rows."""
    path = mapping.with_name("customers.csv")
    path.write_text("id;name;tier;phone;x\n1;A;gold;13800138000;\n2;;;12;\n\n3;;;;\n")
    return path


def test_check_counts_the_faults_and_writes_the_rows(file: Path, mapping: Path) -> None:
    shown = feed("check", file, "--mapping", mapping)
    assert shown.exit_code == 2
    assert shown.stdout == (
        f"{file}: CSV in utf-8, cells apart by ;\n"
        "not checked, as only the database knows which there are: tiers\n"
        "columns that are no field: x\n"
        "1 rows are good, 2 faulty, 1 empty\n"
        "  name   missing             2\n"
        "  phone  phone               1\n"
        f"The faulty rows are in {file.parent}/customers.faults.csv: correct them there, and import that file.\n"
    )
    assert (file.parent / "customers.faults.csv").read_text(encoding="utf-8-sig").count("\n") == 3


def test_a_good_file_leaves_nothing_behind(file: Path, mapping: Path) -> None:
    file.write_text("id,name,tier,phone\n1,A,gold,\n")
    shown = feed("check", file, "--mapping", mapping)
    assert shown.exit_code == 0
    assert "1 rows are good, 0 faulty, 0 empty" in shown.stdout
    assert sorted(path.name for path in file.parent.iterdir()) == ["customers.csv", "mapping.yaml"]


def test_faulty_rows_that_may_have_been_corrected_are_not_written_over(file: Path, mapping: Path) -> None:
    corrected = file.with_name("customers.faults.csv")
    corrected.write_text("corrected")
    shown = run(file.parent, "feed", "check", str(file), "--mapping", str(mapping), "--faults", str(corrected))
    assert shown.returncode == 1
    assert shown.stderr.startswith(f"callfloor: {corrected} is there already")
    for _ in range(2):  # what says the same is there once
        again = feed("check", file, "--mapping", mapping)
        assert again.exit_code == 2
        assert f"The faulty rows are in {file.with_name('customers.faults-2.csv')}:" in again.stdout
    assert not file.with_name("customers.faults-3.csv").exists()
    assert corrected.read_text() == "corrected"
    assert feed("check", file, "--mapping", mapping, "--faults", file.with_name("other.csv")).exit_code == 2


def test_a_faults_file_that_comes_while_the_file_is_checked_is_not_written_over(
    file: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, theirs = Checker.check, file.with_name("customers.faults.csv")

    def after_another(self: Checker, *given: Any) -> Any:
        theirs.write_text("of another check")
        return check(self, *given)

    monkeypatch.setattr(Checker, "check", after_another)
    shown = feed("check", file, "--mapping", mapping)
    assert shown.exit_code == 2
    assert f"The faulty rows are in {file.with_name('customers.faults-2.csv')}:" in shown.stdout
    theirs.unlink()
    named = feed("check", file, "--mapping", mapping, "--faults", theirs)
    assert isinstance(named.exception, Trouble)
    assert str(named.exception).startswith(f"{theirs} is there already")
    assert theirs.read_text() == "of another check"


def test_what_hinders_the_reading_is_told_with_its_option(file: Path, mapping: Path) -> None:
    file.write_bytes("id,name,tier,phone\n1,Müller,gold,\n".encode("latin-1"))
    shown = feed("check", file, "--mapping", mapping)
    assert shown.exit_code == 2
    assert "Name it with --encoding" in shown.stderr
    assert feed("check", file, "--mapping", mapping, "--encoding", "latin-1", "--delimiter", ",").exit_code == 0
    assert "accepted: csv, ndjson, xlsx" in feed("check", file, "--mapping", mapping, "--format", "xls").stderr


def test_faults_of_the_mapping_and_of_the_header_are_told_with_their_places(file: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("tier: tier", "tier: teir"))
    shown = feed("check", file, "--mapping", mapping)
    assert shown.exit_code == 2
    assert "columns.tier (line 3): is no field of customers: 'teir'; accepted: tier?" in shown.stderr
    mapping.write_text(MAPPING.replace("phone: phone", "Phone: phone"))
    assert "column 'Phone': is missing; accepted: phone?" in feed("check", file, "--mapping", mapping).stderr


def test_numbers_are_those_of_the_servers_country(file: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("id,name,tier,phone\n1,A,gold,0171 1234567\n")
    assert feed("check", file, "--mapping", mapping).exit_code == 2
    file.with_name("customers.faults.csv").unlink()
    monkeypatch.setenv("CALLFLOOR_TELEPHONY_REGION", "DE")
    assert feed("check", file, "--mapping", mapping).exit_code == 0


def test_schema_is_one_that_editors_understand() -> None:
    shown = feed("schema")
    Draft202012Validator.check_schema(json.loads(shown.stdout))


def test_the_document_shows_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    kinds = {kind: text for kind, text in blocks if kind in ("yaml", "csv")}
    (tmp_path / "core.yaml").write_text(kinds["yaml"])
    (tmp_path / "export.csv").write_text(kinds["csv"])
    command, _, output = next(text for kind, text in blocks if kind == "console").partition("\n")
    monkeypatch.chdir(tmp_path)
    shown = feed(*command.removeprefix("$ callfloor feed ").split())
    assert shown.stdout == output
