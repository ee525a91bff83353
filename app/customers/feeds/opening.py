"""From a file to its rows: of which kind it is, in which encoding, and read a piece at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from app.customers.feeds.columns.mapping import Mapping
from app.customers.feeds.errors import FeedUnreadable
from app.customers.feeds.formats.csv_rows import CsvRows
from app.customers.feeds.formats.delimiters import named_delimiter
from app.customers.feeds.formats.encodings import SAMPLE, encoding_of, named_encoding
from app.customers.feeds.formats.lines import BLOCK
from app.customers.feeds.formats.ndjson_rows import NdjsonRows
from app.customers.feeds.formats.rows import Batch
from app.customers.feeds.xlsx_rows import XlsxRows

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_ZIP, _OLD_OFFICE, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"


class Told(NamedTuple):
    """What somebody says of a file; what is None the file tells itself."""

    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


NOTHING = Told()


class Rows(Protocol):
    """A file that is open. `header` names its columns; the rows have `width` cells; `described` says in words how it is
    read."""

    kind: str
    described: str
    header: list[str]
    width: int

    def batches(self) -> Iterator[Batch]:
        """All rows below the header; to be gone through once."""


class Pieces:
    """A file read in pieces; of each `on_read` is told how many bytes it has."""

    def __init__(self, stream: BinaryIO, on_read: Callable[[int], None]) -> None:
        self._stream, self._on_read = stream, on_read
        self.sample = stream.read(SAMPLE)
        self.is_whole = len(self.sample) < SAMPLE

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.sample), BLOCK):
            yield self._counted(self.sample[start : start + BLOCK])
        while piece := self._stream.read(BLOCK):
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self._on_read(len(piece))
        return piece


def _unheard(_: int) -> None:
    """Nobody wants to know."""


@contextmanager
def opened(
    path: Path, mapping: Mapping, told: Told = NOTHING, on_read: Callable[[int], None] = _unheard
) -> Iterator[Rows]:
    """The rows of a file; `on_read` is told of the bytes of each piece that is read.

    Raises FeedUnreadable, EncodingUntold, DelimiterUntold, OSError.
    """
    with path.open("rb") as stream:
        pieces = Pieces(stream, on_read)
        kind = told.kind or _kind(path, pieces.sample)
        if kind == "xlsx":
            yield XlsxRows(path, told.sheet)
            return
        encoding = named_encoding(told.encoding) if told.encoding else encoding_of(pieces.sample, whole=pieces.is_whole)
        if kind == "ndjson":
            optional = [column for column, it in mapping.columns.items() if it.optional]
            yield NdjsonRows(pieces, encoding, [column.strip() for column in mapping.columns], optional)
        else:
            delimiter = named_delimiter(told.delimiter) if told.delimiter else None
            yield CsvRows(pieces, encoding, {column.strip() for column in mapping.columns}, delimiter)


def _kind(path: Path, sample: bytes) -> str:
    """What a file is by its name; what it evidently is not is refused."""
    if sample.startswith(_OLD_OFFICE):
        raise FeedUnreadable(f"{path} is a spreadsheet of the old kind, or has a password; accepted: XLSX without one.")
    if sample.startswith(_GZIP):
        raise FeedUnreadable(f"{path} is packed; unpack it first: gunzip.")
    kind = KINDS.get(path.suffix.lower())
    if sample.startswith(_ZIP):
        return "xlsx"
    if kind == "xlsx":
        raise FeedUnreadable(f"{path} is no XLSX inside; if it is text, name its kind with --format csv.")
    if kind is None:
        kind = "ndjson" if sample.lstrip().startswith(b"{") else "csv"
    return kind
