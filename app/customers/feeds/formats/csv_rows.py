"""Rows of CSV, whatever stands between cells and at the ends of lines. Pure.

Read strictly: what a quotation mark left open or not doubled could mean is not guessed. It costs its own line only, not
all lines up to the next such mark.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence

from app.core.formulas import restored
from app.customers.feeds.errors import FeedUnreadable
from app.customers.feeds.formats.cells import Cell
from app.customers.feeds.formats.delimiters import announced, delimiter_of
from app.customers.feeds.formats.lines import LONGEST, blocks
from app.customers.feeds.formats.rows import FAULTS, Batch, Broken

SAMPLED_LINES = 50
KEPT = 10_000
"""Characters of a line that cannot be taken apart, for the person who looks at it."""

_UNREADABLE = ("\x00", "\ufffd")


class CsvRows:
    """The rows of a CSV file that comes in `pieces`. Without a `delimiter` it is told from the beginning of the file
    and the `wanted` columns. Raises FeedUnreadable, DelimiterUntold."""

    kind = "csv"

    def __init__(
        self, pieces: Iterable[bytes], encoding: str, wanted: Collection[str], delimiter: str | None = None
    ) -> None:
        self._blocks = blocks(pieces, encoding)
        first = next(self._blocks, [])
        told = announced(first[0]) if first else None
        first = first if told is None else first[1:]
        if not "".join(first).strip():
            raise FeedUnreadable("The file is empty; accepted: a row with the names of the columns, and rows below it.")
        sample = [line for line in first if line.strip()][:SAMPLED_LINES]
        self.delimiter = delimiter or told or delimiter_of(sample, wanted)
        self._batches = self._all(first)
        self._first = self._headed()
        self.width = len(self.header)
        apart = {"\t": "tab"}.get(self.delimiter, self.delimiter)
        self.described = f"CSV in {encoding.removesuffix('-sig')}, cells apart by {apart}"

    def batches(self) -> Iterator[Batch]:
        """The rows below the header; to be gone through once."""
        is_ours = any(each.strip() == FAULTS for each in self.header)
        yield _restored(self._first) if is_ours else self._first
        for batch in self._batches:
            yield _restored(batch) if is_ours else batch

    def _headed(self) -> Batch:
        """Take the header off the first batch that has one."""
        for batch in self._batches:
            for place, row in enumerate(batch.rows):
                if isinstance(row, Broken):
                    raise FeedUnreadable(f"The row with the names of the columns {row.what}; accepted: {row.accepted}.")
                if any(map(str.strip, row)):
                    self.header: list[str] = row
                    return batch._replace(first=batch.first + place + 1, rows=batch.rows[place + 1 :])
        raise FeedUnreadable("The file has no row with the names of the columns.")

    def _all(self, first: list[str]) -> Iterator[Batch]:
        number, rest = 1, first
        for lines in self._blocks:
            batch, rest = self._parsed(number, rest, is_last=False), [*self._left, *lines]
            number += len(batch.rows)
            yield batch
        yield self._parsed(number, rest, is_last=True)

    def _parsed(self, number: int, lines: list[str], *, is_last: bool) -> Batch:
        """The rows of some lines. A row that the lines may lack the end of stays in `_left`."""
        self._left: list[str] = []
        whole = "".join(lines)
        clean = not any(each in whole for each in _UNREADABLE)
        rows: Sequence[list[Cell] | Broken]
        try:
            is_long = len(whole) >= LONGEST and max(map(len, lines)) >= LONGEST
            rows = self._carefully(lines, is_last) if is_long else list(self._reader(lines))
        except csv.Error:
            rows = self._carefully(lines, is_last)
        return Batch(number, rows, clean)

    def _carefully(self, lines: list[str], is_last: bool) -> list[list[Cell] | Broken]:
        """The rows of lines of which some cannot be taken apart; after such a one goes on with the next line."""
        at = _Place(lines)
        reader = self._reader(at)
        rows: list[list[Cell] | Broken] = []
        while True:
            start = at.next
            if start < len(lines) and len(lines[start]) >= LONGEST:
                at.next = start + 1
                rows.append(_too_long(lines[start]))
                continue
            try:
                rows.append(next(reader))
            except StopIteration:
                return rows
            except csv.Error as error:
                if at.next == len(lines) and not is_last and _is_open(error):
                    self._left = lines[start:]
                    return rows
                is_one_line, at.next = at.next == start + 1, start + 1
                rows.append(_too_long(lines[start]) if is_one_line and _is_huge(error) else _broken(lines[start]))

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, strict=True)


class _Place:
    """Lines one after the other, and a way to go back."""

    def __init__(self, lines: list[str]) -> None:
        self._lines, self.next = lines, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.next >= len(self._lines):
            raise StopIteration
        self.next += 1
        return self._lines[self.next - 1]


def _is_open(error: csv.Error) -> bool:
    return "unexpected end" in str(error)


def _is_huge(error: csv.Error) -> bool:
    return "limit" in str(error)


def _broken(line: str) -> Broken:
    what = "has a quotation mark that is not closed, or one within a cell that is not doubled"
    return Broken([line.rstrip("\r\n")[:KEPT]], "quotes", what, 'cells as "a ""quoted"" word"')


def _too_long(line: str) -> Broken:
    limit = csv.field_size_limit()
    return Broken(
        [line[:KEPT]], "huge", "has a cell or a line that is too long", f"cells of at most {limit} characters"
    )


def _restored(batch: Batch) -> Batch:
    rows = [row if isinstance(row, Broken) else [restored(cell) for cell in row] for row in batch.rows]
    return batch._replace(rows=rows)
