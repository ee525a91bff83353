"""Whatever stands in a CSV file, and wherever it is cut into pieces, its rows are the same."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.customers.feeds.columns.checking import Checker
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.columns.plan import plan
from app.customers.feeds.formats import lines
from app.customers.feeds.formats.csv_rows import CsvRows
from app.customers.feeds.formats.rows import Broken
from tests.customers.feeds.reads import CUSTOMERS

HEADER = ["id", "name", "phone"]
MAPPING = read_mapping(CUSTOMERS)

texts = st.text(alphabet="ab王\"',;\r\n\t |é", max_size=8)
tables = st.lists(st.lists(texts, min_size=3, max_size=3), max_size=12)
sizes = st.integers(1, 40)


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def rows_of(content: bytes, size: int, encoding: str = "utf-8") -> list[object]:
    rows = CsvRows(pieces(content, size), encoding, HEADER, ",")
    found: list[object] = []
    number = None
    for batch in rows.batches():
        assert number in (None, batch.first)
        number = batch.first + len(batch.rows)
        found += ["broken" if isinstance(row, Broken) else row for row in batch.rows]
    return found


@given(tables, sizes, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_what_was_written_is_read(table: list[list[str]], size: int, end: str, encoding: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([HEADER, *table])
    assert rows_of(written.getvalue().encode(encoding), size, encoding) == table


@given(st.text(alphabet="ab\"',\r\n", max_size=60), sizes)
def test_pieces_do_not_matter(text: str, size: int) -> None:
    content = f"id,name,phone\n{text}".encode()
    assert rows_of(content, size) == rows_of(content, len(content))


@given(st.binary(max_size=200), sizes)
def test_nothing_else_than_a_refusal_is_raised(content: bytes, size: int) -> None:
    try:
        rows = CsvRows(pieces(b"id,name,phone\n" + content, size), "utf-8", HEADER)
    except Invalid:
        return
    checker = Checker(plan(MAPPING, rows.header))
    for batch in rows.batches():
        done = checker.check(batch)
        assert len(done.records) + len(done.faulty) + len(done.blank) == len(batch.rows)


def test_a_long_line_does_not_cost_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 100)
    monkeypatch.setattr("app.customers.feeds.formats.csv_rows.LONGEST", 100)
    for size in (1, 7, 50, 1000):
        for end in ("\n", "\r\n", "\r"):
            content = end.join(["id,name,phone", "1,A,", "2," + "x" * 500, "3,B,", "y" * 300]).encode()
            assert rows_of(content, size) == [["1", "A", ""], "broken", ["3", "B", ""], "broken"]
