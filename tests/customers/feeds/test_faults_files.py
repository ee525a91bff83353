"""Faulty rows come back in a file that a person corrects and imports again; nothing in it runs when it is opened."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from app.core.formulas import neutral, restored
from app.customers.feeds.columns.checking import Checker
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.columns.plan import plan
from app.customers.feeds.faults_files import LINE, FaultsFile
from app.customers.feeds.formats.rows import FAULTS
from app.customers.feeds.opening import opened
from tests.customers.feeds.reads import CUSTOMERS, read_file


def refused(path: Path, mapping: str = CUSTOMERS) -> Path:
    """The file of the faulty rows of a file."""
    it, faults = read_mapping(mapping), path.with_name(f"faults{path.suffix}")
    with opened(path, it) as rows, FaultsFile(faults, rows) as file:
        checker = Checker(plan(it, rows.header, width=rows.width))
        for batch in rows.batches():
            file.write(checker.check(batch).faulty)
    return faults


def of_text(folder: Path, content: str, name: str = "feed.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return refused(path)


def table(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_only_faulty_rows_come_back_with_what_is_wrong(tmp_path: Path) -> None:
    faults = of_text(tmp_path, "id;name;x;phone\n1;A;y;13800138000\n2;;z;12\n3;C\n")
    assert table(faults, ";") == [
        [FAULTS, "id", "name", "x", "phone"],
        [
            "row 3: name: is empty; accepted: a value: every row needs name · phone: '12' is no valid telephone number"
            "; accepted: a number of CN, or one with + and the code of its country",
            *["2", "", "z", "12"],
        ],
        [
            "row 4: has 2 cells where the header has 4; accepted: as many as the header; a cell with the delimiter in "
            "it needs quotation marks",
            *["3", "C"],
        ],
    ]


def test_a_row_that_could_not_be_taken_apart_comes_back_as_it_was_written(tmp_path: Path) -> None:
    once = of_text(tmp_path, 'id,name,phone\n1,"The "Best" Ltd",\n1,"A" B,\n')
    assert [row[1:] for row in table(once)[1:]] == [['1,"The "Best" Ltd",'], ['1,"A" B,']]
    again = once.rename(tmp_path / "again.csv")
    again.write_text(f'{FAULTS},id,name,phone\nwrong,1,"A" B,\n')
    assert [row[1:] for row in table(refused(again))[1:]] == [['wrong,1,"A" B,']]


def test_without_a_faulty_row_there_is_no_file(tmp_path: Path) -> None:
    assert not of_text(tmp_path, "id,name,phone\n1,A,\n").exists()


def test_what_was_corrected_is_imported_again(tmp_path: Path) -> None:
    faults = of_text(tmp_path, "id,name,phone\n1,=A,12\n2,,+8613800138000\n")
    corrected = faults.read_bytes().decode("utf-8-sig").replace(",12\r", ",13800138000\r").replace("2,,", "2,B,")
    faults.write_text(corrected, encoding="utf-8", newline="")
    read = read_file(faults)
    assert [(record.external_id, getattr(record, "name", None)) for record in read.records.values()] == [
        ("1", "=A"),
        ("2", "B"),
    ]


def test_what_is_still_wrong_comes_back_without_a_second_column(tmp_path: Path) -> None:
    once = of_text(tmp_path, "id,name,phone\n1,A,+12\n")
    again = refused(once.rename(tmp_path / "again.csv"))
    assert table(again) == [[FAULTS, "id", "name", "phone"], [table(again)[1][0], "1", "A", "'+12"]]
    assert table(again)[1][0].startswith("row 2: phone: '+12' is no valid")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@A1", "\t=1", " =1", "＝1", "'=1", "''@"])
def test_formulas_are_made_harmless_and_come_back(tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "name", "phone"], ["", text, ""]])
    cell = table(refused(path))[1][2]
    assert cell == f"'{text}"
    assert restored(cell) == text


@given(st.text(alphabet="'=+-@ \t\r\nab＝1"))
def test_what_was_made_harmless_comes_back_as_it_was(text: str) -> None:
    assert restored(neutral(text)) == text
    assert neutral(text).lstrip()[:1] not in tuple("=+-@＝")


def test_usual_texts_stay_as_they_are() -> None:
    for text in ("王小明", "'t Hooft", "a=b", "1-2", "", "wang@example.com"):
        assert neutral(text) == restored(text) == text


def test_ndjson_comes_back_as_objects(tmp_path: Path) -> None:
    content = '{"id":1,"name":"A","phone":"=1","more":{"x":1.50}}\n{"id":2,\n{"id":3,"name":"C"}\n'
    faults = of_text(tmp_path, content, "feed.ndjson")
    lines = faults.read_text().splitlines()
    assert lines[0].startswith(f'{{"{FAULTS}":"row 1: phone: ')
    assert lines[0].endswith('"id":1,"name":"A","phone":"=1","more":{"x":1.50}}')
    assert lines[1].endswith(f'"{LINE}":"{{\\"id\\":2,"}}')
    assert len(lines) == 2


def test_a_sheet_comes_back_as_a_sheet_with_its_types(tmp_path: Path) -> None:
    made = Workbook()
    sheet: Any = made.active
    for row in (["id", "name", "phone", "n"], ["1", "A", 12, 1.5], ["2", "B", None, 2], ["3", "=CMD()", "+12", None]):
        sheet.append(row)
    made.save(tmp_path / "feed.xlsx")
    faults = refused(tmp_path / "feed.xlsx")
    written: Any = load_workbook(faults).active
    rows = [[cell.value for cell in row] for row in written.iter_rows()]
    assert rows[0] == [FAULTS, "id", "name", "phone", "n"]
    assert [row[1:] for row in rows[1:]] == [["1", "A", 12, 1.5], ["3", "'=CMD()", "'+12", None]]
    assert {cell.data_type for row in written.iter_rows() for cell in row} <= {"s", "n"}
    assert "phone: '+12' is no valid" in read_file(faults).said()
