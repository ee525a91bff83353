"""Short ways to read a feed from text, from bytes and from files."""

from pathlib import Path
from typing import Any

from app.customers.feeds.columns.checking import Checker, FaultyRow
from app.customers.feeds.columns.mapping import Mapping
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.columns.parsing import Known
from app.customers.feeds.columns.plan import plan
from app.customers.feeds.columns.records import Row
from app.customers.feeds.opening import Told, opened

CUSTOMERS = """
feed: customers
source: core
formats: {country: CN}
columns: {id: external_id, name: name, phone: phone.mobile}
"""


class Result:
    """What a file says: records by row number, faulty rows, and their faults as (row, column, kind)."""

    def __init__(self) -> None:
        self.records: dict[int, Row] = {}
        self.faulty: list[FaultyRow] = []
        self.blank: list[int] = []

    @property
    def ids(self) -> list[str]:
        return [record.external_id for record in self.records.values()]

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        return [(row.number, fault.column, fault.kind) for row in self.faulty for fault in row.faults]

    def said(self) -> str:
        return "\n".join(str(fault) for row in self.faulty for fault in row.faults)


def read_file(path: Path, mapping: str | Mapping = CUSTOMERS, known: Known | None = None, **told: Any) -> Result:
    """All that a file says under a mapping."""
    it = read_mapping(mapping) if isinstance(mapping, str) else mapping
    result = Result()
    with opened(path, it, Told(**told)) as rows:
        checker = Checker(plan(it, rows.header, known or Known(), width=rows.width, name=path.name))
        for batch in rows.batches():
            done = checker.check(batch)
            result.records.update(zip(done.numbers, done.records, strict=True))
            result.faulty += done.faulty
            result.blank += done.blank
    return result


def read_text(folder: Path, content: str | bytes, mapping: str | Mapping = CUSTOMERS, **told: Any) -> Result:
    """All that a CSV file with this content says."""
    path = folder / "feed.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, mapping, **told)
