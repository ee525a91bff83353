"""Sheets: their types are kept, their formulas are not evaluated."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from app.customers.feeds.columns.plan import ColumnsFaulty
from app.customers.feeds.columns.records import CustomerRow, HoldingRow, Money, Phone
from app.customers.feeds.errors import FeedUnreadable
from tests.customers.feeds.reads import CUSTOMERS, Result, read_file

HOLDINGS = """
feed: holdings
source: core
formats: {decimal: ",", currency: CNY}
columns: {id: external_id, c: customer, k: kind, b: balance, o: opened}
"""


def book(folder: Path, rows: Sequence[Any], **sheets: Sequence[Any]) -> Path:
    made = Workbook()
    assert made.active is not None
    for row in rows:
        made.active.append(row)
    for name, others in sheets.items():
        sheet = made.create_sheet(name)
        for row in others:
            sheet.append(row)
    path = folder / "feed.xlsx"
    made.save(path)
    return path


def with_results(path: Path, results: dict[str, str]) -> Path:
    """Put results beside formulas, as a spreadsheet program does when it saves."""
    copy = path.with_name("results.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                for formula, result in results.items():
                    empty, full = f"<f>{formula}</f><v />", f"<f>{formula}</f><v>{result}</v>"
                    assert empty.encode() in text
                    text = text.replace(empty.encode(), full.encode())
            new.writestr(name, text)
    return copy


def read(path: Path, mapping: str = CUSTOMERS, **told: Any) -> Result:
    return read_file(path, mapping, **told)


def test_types_of_cells_are_kept(tmp_path: Path) -> None:
    rows = [["id", "c", "k", "b", "o"], [7, 1001, "card", 1234.5, datetime(2026, 3, 2)]]  # noqa: DTZ001
    assert read(book(tmp_path, rows), HOLDINGS).records[2] == HoldingRow(
        "7", "1001", "card", opened=date(2026, 3, 2), balance=Money(123450, "CNY")
    )


def test_numbers_that_the_spreadsheet_has_rounded(tmp_path: Path) -> None:
    it = read(book(tmp_path, [["id", "name", "phone"], [6.222021234567890e18, "A", 13800138000]]))
    assert it.faults == [(2, "id", "rounded")]
    assert "make the column one of text" in it.said()


def test_rows_may_be_short_empty_or_missing(tmp_path: Path) -> None:
    it = read(
        book(tmp_path, [[], ["id", "name", "phone"], ["1", "A"], [], ["2", "B", None, None], ["3", "C", None, "x"]])
    )
    assert list(it.records) == [3, 5]
    assert it.blank == [4]
    assert it.faults == [(6, "", "ragged")]


def test_a_formula_with_a_result_counts_as_its_result(tmp_path: Path) -> None:
    path = book(tmp_path, [["id", "name", "phone"], ["1", "A", "=13800138000+0"], ["2", "B", "=1/0"], ["3", "C", ""]])
    it = read(with_results(path, {"13800138000+0": "13800138000"}))
    assert it.records[2] == CustomerRow("1", "A", phones=(Phone("13800138000", "+8613800138000", "mobile"),))
    assert it.faults == [(3, "phone", "formula")]
    assert it.ids == ["1", "3"]


def test_a_formula_without_a_result_is_a_fault_and_is_not_evaluated(tmp_path: Path) -> None:
    it = read(book(tmp_path, [["id", "name", "phone"], ["1", "=CMD()", None], ["2", "B", None]]))
    assert it.faults == [(2, "name", "formula")]
    assert it.said() == (
        "name: =CMD() is a formula without a result; accepted: a value: open and save the file in a spreadsheet program"
    )


def test_the_error_of_a_formula(tmp_path: Path) -> None:
    made = Workbook()
    sheet: Any = made.active
    sheet.append(["id", "name", "phone"])
    sheet.append(["1", "A", None])
    sheet["C2"] = "#N/A"
    sheet["C2"].data_type = "e"
    made.save(tmp_path / "feed.xlsx")
    it = read(tmp_path / "feed.xlsx")
    assert it.said() == "phone: #N/A is the error of a formula; accepted: a value"


def test_a_formula_in_a_column_that_is_no_field_hinders_nobody(tmp_path: Path) -> None:
    assert read(book(tmp_path, [["id", "name", "phone", "x"], ["1", "A", None, "=1+1"]])).ids == ["1"]


def test_of_several_sheets_one_must_be_named(tmp_path: Path) -> None:
    rows = [["id", "name", "phone"], ["1", "A", None]]
    path = book(tmp_path, [["notes"]], customers=rows)
    with pytest.raises(FeedUnreadable, match=r"has the sheets Sheet, customers\. Name one with --sheet"):
        read(path)
    with pytest.raises(FeedUnreadable, match="has no sheet 'Customers'; accepted: Sheet, customers"):
        read(path, sheet="Customers")
    assert read(path, sheet="customers").ids == ["1"]


def test_columns_missing_and_doubled(tmp_path: Path) -> None:
    with pytest.raises(ColumnsFaulty) as refused:
        read(book(tmp_path, [["id", "phone", "phone", None, "Name"]]))
    assert [each["where"] for each in refused.value.facts["faults"]] == ["column 'name'", "column 'phone'"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is no XLSX inside"),
        (b"id,name\n", "is no XLSX inside"),
        (b"PK\x03\x04 and nothing behind it", "is no spreadsheet that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "of the old kind, or has a password"),
        (b"\x1f\x8b\x08", "is packed"),
    ],
)
def test_what_is_no_spreadsheet(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "feed.xlsx"
    path.write_bytes(content)
    with pytest.raises(FeedUnreadable, match=what):
        read(path)


def test_a_damaged_sheet(tmp_path: Path) -> None:
    path = book(tmp_path, [["id", "name", "phone"], *(["1", "A", None] for _ in range(5000))])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "damaged.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[: len(content) // 2] if name == "xl/worksheets/sheet1.xml" else content)
    with pytest.raises(FeedUnreadable, match=r"damaged.xlsx is damaged after row \d+"):
        read(tmp_path / "damaged.xlsx")


def test_a_packed_file_that_is_no_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("feed.csv", "id,name\n")
    with pytest.raises(FeedUnreadable, match="is no spreadsheet"):
        read(path)


def test_a_spreadsheet_is_one_whatever_its_name_is(tmp_path: Path) -> None:
    path = book(tmp_path, [["id", "name", "phone"], ["1", "A", None]]).rename(tmp_path / "feed.csv")
    assert read(path).ids == ["1"]


def test_an_empty_sheet(tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match="The sheet 'Sheet' is empty"):
        read(book(tmp_path, []))
