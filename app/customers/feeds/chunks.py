"""From the batches of a file to chunks that are committed as one. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.customers.feeds.columns.checking import CellFault, Checker, FaultyRow
from app.customers.feeds.doubles import Doubles
from app.customers.feeds.formats.rows import Batch, Broken

ROWS = 10_000


class Chunk(NamedTuple):
    """Good rows with their numbers, each id once; faulty rows; the numbers of rows that have a later one of the same
    id, how many are empty; `last` is the number of the last row of all."""

    rows: list[tuple[int, Any]]
    faulty: list[FaultyRow]
    repeated: list[int]
    blank: int
    last: int
    batches: list[Batch]

    def refused(self, faults: Mapping[int, CellFault]) -> list[FaultyRow]:
        """The faulty rows of a chunk, with those that only the database found."""
        wrong = [*self.faulty, *(self._faulty(number, fault) for number, fault in faults.items())]
        return sorted(wrong, key=lambda row: row.number)

    def _faulty(self, number: int, fault: CellFault) -> FaultyRow:
        batch = next(each for each in self.batches if each.first <= number < each.first + len(each.rows))
        place = number - batch.first
        cells = batch.rows[place]
        assert not isinstance(cells, Broken)
        return FaultyRow(number, cells, [fault], batch.lines[place] if batch.lines else None)


def chunks(
    batches: Iterable[Batch], checker: Checker, doubles: Doubles | None = None, size: int = ROWS
) -> Iterator[Chunk]:
    """Chunks of `size` rows or somewhat more. What `doubles` knows to come again is left out."""
    gathered: list[Batch] = []
    rows = 0
    for batch in batches:
        gathered.append(batch)
        rows += len(batch.rows)
        if rows >= size:
            yield _chunk(gathered, checker, doubles)
            gathered, rows = [], 0
    if rows:
        yield _chunk(gathered, checker, doubles)


def _chunk(batches: list[Batch], checker: Checker, doubles: Doubles | None) -> Chunk:
    latest: dict[str, tuple[int, Any]] = {}
    faulty: list[FaultyRow] = []
    repeated: list[int] = []
    blank = 0
    superseded = doubles.is_superseded if doubles is not None and doubles.any else None
    for batch in batches:
        done = checker.check(batch)
        faulty += done.faulty
        blank += len(done.blank)
        for row in zip(done.numbers, done.records, strict=True):
            key = row[1].external_id
            if superseded is not None and superseded(key, row[0]):
                repeated.append(row[0])
                continue
            if key in latest:
                repeated.append(latest[key][0])
            latest[key] = row
    last = batches[-1].first + len(batches[-1].rows) - 1
    return Chunk(list(latest.values()), faulty, repeated, blank, last, batches)
