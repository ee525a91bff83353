"""Files as they should not be: each is read as far as it can be, and what cannot be is told with its row."""

import codecs
import csv
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.customers.feeds.columns.checking import Checker
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.columns.plan import ColumnsFaulty, plan
from app.customers.feeds.columns.records import CustomerRow, Phone
from app.customers.feeds.errors import FeedUnreadable
from app.customers.feeds.formats.csv_rows import CsvRows
from app.customers.feeds.formats.encodings import EncodingUntold
from app.customers.feeds.formats.lines import LONGEST
from tests.customers.feeds.reads import CUSTOMERS, read_text

CHINESE = "id,name,phone\n" + "".join(
    f"C{place},{name},1380013800{place}\n"
    for place, name in enumerate(("王小明", "李丽华", "张伟", "刘洋", "陈静", "上海支行客户赵敏", "市场部孙磊"))
)


def test_gbk(tmp_path: Path) -> None:
    read = read_text(tmp_path, CHINESE.encode("gbk"))
    assert read.records[2] == CustomerRow("C0", "王小明", phones=(Phone("13800138000", "+8613800138000", "mobile"),))
    assert len(read.records) == 7


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    read = read_text(tmp_path, CHINESE.encode(encoding))
    assert read.ids == [f"C{place}" for place in range(7)]
    assert not read.faulty


def test_a_byte_order_mark_before_a_named_encoding(tmp_path: Path) -> None:
    assert read_text(tmp_path, codecs.BOM_UTF8 + CHINESE.encode(), encoding="utf-8").ids[0] == "C0"
    content = codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le")
    assert read_text(tmp_path, content, encoding="utf-16-le").ids[0] == "C0"


def test_an_encoding_that_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(EncodingUntold, match=r"Name it with --encoding: utf-8, .*cp1252"):
        read_text(tmp_path, "id,name,phone\n1,Müller,\n".encode("latin-1"))
    assert read_text(tmp_path, "id,name,phone\n1,Müller,\n".encode("latin-1"), encoding="latin-1").ids == ["1"]


def test_a_byte_that_is_broken_costs_its_row_only(tmp_path: Path) -> None:
    content = (
        CHINESE.encode()
        + "C7,王小明王小明王小明,\n".encode()
        + b"C8,\xff\xfe,13800138008\n"
        + "C9,王,13800138009\n".encode()
    )
    read = read_text(tmp_path, content)
    assert read.faults == [(10, "", "unreadable")]
    assert read.ids[-1] == "C9"


def test_nul_bytes(tmp_path: Path) -> None:
    read = read_text(tmp_path, b"id,name,phone\n1,A\x00B,\n2,C,\n")
    assert read.faults == [(2, "", "unreadable")]
    assert "without NUL" in read.said()
    assert read.ids == ["2"]


def test_mixed_line_ends(tmp_path: Path) -> None:
    read = read_text(tmp_path, 'id,name,phone\r\n1,A,\n2,B,\r3,"C\r\nD",\r\n4,E,')
    assert [(number, record.name) for number, record in read.records.items() if isinstance(record, CustomerRow)] == [
        *[(2, "A"), (3, "B"), (4, "C\r\nD"), (5, "E")]
    ]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-2+3", '=HYPERLINK("http://x")'])
def test_formulas_are_text(tmp_path: Path, text: str) -> None:
    quoted = text.replace('"', '""')
    read = read_text(tmp_path, f'id,name,phone\n1,"{quoted}",\n')
    assert [record.name for record in read.records.values() if isinstance(record, CustomerRow)] == [text]


def test_sql_is_text(tmp_path: Path) -> None:
    read = read_text(tmp_path, "id,name,phone\n1,'); drop table customers; --,\n")
    assert read.records[2] == CustomerRow("1", "'); drop table customers; --")


def test_columns_missing_are_all_told_with_what_may_be_meant(tmp_path: Path) -> None:
    with pytest.raises(ColumnsFaulty) as refused:
        read_text(tmp_path, "ID,nam,phone\n1,A,2\n")
    told = [(each["where"], each["what"], each["accepted"]) for each in refused.value.facts["faults"]]
    assert told == [("column 'id'", "is missing", "ID?"), ("column 'name'", "is missing", "nam?")]


def test_columns_doubled_are_told_with_their_places(tmp_path: Path) -> None:
    with pytest.raises(ColumnsFaulty, match=r"column 'name': is there 2 times \(as number 2, 4\)") as refused:
        read_text(tmp_path, "id,name,phone,name,other,other\n")
    assert len(refused.value.facts["faults"]) == 1, "a doubled column that is no field hinders nobody"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\n", b"sep=;\r\n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FeedUnreadable, match="empty; accepted: a row with the names"):
        read_text(tmp_path, content)


def test_a_file_with_a_header_only(tmp_path: Path) -> None:
    read = read_text(tmp_path, "id,name,phone")
    assert not read.records
    assert not read.faulty


def test_ragged_rows(tmp_path: Path) -> None:
    read = read_text(tmp_path, "id,name,phone\n1,A\n2,B,,\n3,C,\n4,D,,x\n")
    assert read.faults == [(2, "", "ragged"), (3, "", "ragged"), (5, "", "ragged")]
    assert "has 2 cells where the header has 3" in read.said()
    assert read.ids == ["3"]


def test_empty_rows_are_passed_over_and_counted_in_the_numbers(tmp_path: Path) -> None:
    read = read_text(tmp_path, "\n\nid,name,phone\n\n1,A,\n,,\n ,,\n2,B,\n")
    assert list(read.records) == [5, 8]
    assert read.blank == [4, 6, 7]
    assert not read.faulty


def test_a_huge_field(tmp_path: Path) -> None:
    huge = "x" * (csv.field_size_limit() + 1)
    read = read_text(tmp_path, f"id,name,phone\n1,{huge},\n2,B,\n")
    assert read.faults == [(2, "", "huge")]
    assert read.ids == ["2"]


def test_a_text_that_is_too_long_for_its_field(tmp_path: Path) -> None:
    read = read_text(tmp_path, f"id,name,phone\n1,{'x' * 501},\n2,B,\n")
    assert read.faults == [(2, "name", "too-long")]
    assert len(read.said()) < 200, "a message does not repeat all of it"


def test_a_line_without_end(tmp_path: Path) -> None:
    read = read_text(tmp_path, b"id,name,phone\n1,A,\n2," + b"x" * (3 * LONGEST) + b"\n3,C,\n")
    assert read.faults == [(3, "", "huge")]
    assert read.ids == ["1", "3"]


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{number},N,\n" for number in range(2, 30_000))
    read = read_text(tmp_path, f'id,name,phone\n1,"A,\n{rows}')
    assert read.faults == [(2, "", "quotes")]
    assert len(read.records) == 29_998


def test_quotation_marks_that_are_not_doubled(tmp_path: Path) -> None:
    read = read_text(tmp_path, 'id,name,phone\n1,"The "Best" Ltd",\n2,"The ""Best"" Ltd",\n')
    assert read.faults == [(2, "", "quotes")]
    assert read.records[3] == CustomerRow("2", 'The "Best" Ltd')


def test_all_faults_of_a_row_are_told(tmp_path: Path) -> None:
    read = read_text(tmp_path, "id,name,phone\n,,12x\n")
    assert read.faults == [(2, "id", "missing"), (2, "name", "missing"), (2, "phone", "phone")]
    assert "phone: '12x' is no valid telephone number; accepted: a number of CN" in read.said()


def test_a_million_faulty_rows_take_no_memory() -> None:
    """Scaled down to thirty thousand, of which none is kept."""

    def pieces() -> Iterator[bytes]:
        yield b"id,name,phone\n"
        for start in range(0, 30_000, 1000):
            yield b"".join(b"%d,,\n" % number for number in range(start, start + 1000))

    mapping = read_mapping(CUSTOMERS)
    rows = CsvRows(pieces(), "utf-8", mapping.columns)
    checker = Checker(plan(mapping, rows.header))
    count = 0
    tracemalloc.start()
    try:
        for batch in rows.batches():
            count += len(checker.check(batch).faulty)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert most < 8_000_000
