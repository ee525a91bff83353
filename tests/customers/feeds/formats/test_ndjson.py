"""NDJSON: an object a line, with the types of JSON, and whatever else stands in such files."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.customers.feeds.columns.plan import ColumnsFaulty
from app.customers.feeds.columns.records import CustomerRow, Money, Phone, UsageRow
from app.customers.feeds.errors import FeedUnreadable
from tests.customers.feeds.reads import CUSTOMERS, Result, read_file

USAGE = """
feed: usage
source: cards
formats: {currency: CNY, instant: epoch_ms}
columns:
  id: external_id
  who.id: customer
  what: kind
  when: at
  sum: {field: amount, optional: true}
  count: {field: quantity, optional: true}
  ok: {field: attribute.ok, type: flag, optional: true}
"""


def read(folder: Path, content: str | bytes, mapping: str = CUSTOMERS) -> Result:
    path = folder / "feed.ndjson"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, mapping)


def test_types_of_json_and_objects_within(tmp_path: Path) -> None:
    line = '{"id":7,"who":{"id":"C1"},"what":"pay","when":1772460900000,"sum":12.30,"count":2,"ok":false}\n'
    at = datetime(2026, 3, 2, 14, 15, tzinfo=UTC)
    assert read(tmp_path, line, USAGE).records[1] == UsageRow(
        "7", "C1", "pay", at, quantity=Decimal(2), amount=Money(1230, "CNY"), attributes={"ok": False}
    )


def test_a_number_keeps_all_its_decimals(tmp_path: Path) -> None:
    line = '{"id":1,"who.id":"C1","what":"pay","when":0,"sum":90071992547409.93}\n'
    [record] = read(tmp_path, line.replace('"when":0', '"when":1772460900000'), USAGE).records.values()
    assert isinstance(record, UsageRow)
    assert record.amount == Money(9007199254740993, "CNY")


def test_what_is_no_object_costs_its_line_only(tmp_path: Path) -> None:
    content = '{"id":1,"name":"A","phone":null}\n{"id":2,\n\n[1]\n"x"\n{"id":3,"name":"B"}\n' + "[" * 5000 + "\n"
    it = read(tmp_path, content)
    assert it.faults == [(2, "", "json"), (4, "", "json"), (5, "", "json"), (7, "", "json")]
    assert it.ids == ["1", "3"]
    assert it.blank == [3]


def test_a_list_or_an_object_is_no_text(tmp_path: Path) -> None:
    it = read(tmp_path, '{"id":1,"name":["A"],"phone":{"a":1}}\n')
    assert it.faults == [(1, "name", "nested"), (1, "phone", "nested")]


def test_nul_and_half_characters(tmp_path: Path) -> None:
    it = read(tmp_path, '{"id":1,"name":"A\\u0000","phone":null}\n{"id":2,"name":"\\ud83d"}\n{"id":3,"name":"A"}\n')
    assert it.faults == [(1, "", "unreadable"), (2, "", "json")]
    assert it.ids == ["3"]


def test_mixed_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    content = '{"id":1,"name":"王","phone":"8001 3800"}\r\n{"id":2,"name":"B"}\r{"id":3,"name":"C"}'
    assert read(tmp_path, content.encode("utf-16")).faults == [(1, "phone", "phone")]
    assert read(tmp_path, content.encode("utf-8-sig")).ids == ["2", "3"]


def test_columns_that_no_object_has_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ColumnsFaulty) as refused:
        read(tmp_path, '{"id":1,"Name":"A"}\n')
    told = [(each["where"], each["accepted"]) for each in refused.value.facts["faults"]]
    assert told == [("column 'name'", "Name?"), ("column 'phone'", "Name")]


def test_an_array_is_refused_with_what_makes_lines_of_it(tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match=r"jq -c '\.\[\]'"):
        read(tmp_path, '[{"id":1}]')


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match="empty; accepted: a JSON object a line"):
        read(tmp_path, "\n")


def test_numbers_as_they_are_written(tmp_path: Path) -> None:
    it = read(tmp_path, '{"id":123456789012345678901,"name":1.50,"phone":13800138000}\n')
    assert it.records[1] == CustomerRow(
        "123456789012345678901", "1.50", phones=(Phone("13800138000", "+8613800138000", "mobile"),)
    )
