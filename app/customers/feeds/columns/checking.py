"""From rows as a file has them to checked records, and to the rows that cannot be taken with all that is wrong.

Pure. A good row is read in one go; only a bad one is taken apart column by column to find every fault of it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from app.customers.feeds.columns.plan import Plan
from app.customers.feeds.columns.records import Row
from app.customers.feeds.formats.cells import Cell, Unfit, shown
from app.customers.feeds.formats.rows import Batch, Broken

RAGGED = "as many as the header; a cell with the delimiter in it needs quotation marks"
UNREADABLE = "text without NUL; if many rows have this, the file is in another encoding: name it with --encoding"
_UNREADABLE = re.compile("[\x00\ufffd]")


class CellFault(NamedTuple):
    """One thing that is wrong with a row; `column` is empty for the row as a whole. Faults are counted by `kind`."""

    kind: str
    column: str
    what: str
    accepted: str

    def __str__(self) -> str:
        place = f"{self.column}: " if self.column else ""
        return f"{place}{self.what}; accepted: {self.accepted}"


class FaultyRow(NamedTuple):
    """A row that was not taken; `line` is it as NDJSON has it. Of one that could not be taken apart `cells` has only
    its text."""

    number: int
    cells: list[Cell]
    faults: list[CellFault]
    line: str | None = None
    is_broken: bool = False


class Checked(NamedTuple):
    """What a batch says: records with the numbers of their rows, and the faulty rows, and those of empty rows."""

    records: list[Row]
    numbers: list[int]
    faulty: list[FaultyRow]
    blank: list[int]


class Tally:
    """How many rows there were, and how many faults of each kind in each column."""

    def __init__(self) -> None:
        self.good = self.faulty = self.blank = 0
        self.faults: Counter[tuple[str, str]] = Counter()

    def add(self, checked: Checked) -> None:
        """Count what a batch had."""
        self.good += len(checked.records)
        self.faulty += len(checked.faulty)
        self.blank += len(checked.blank)
        self.faults.update((fault.column, fault.kind) for row in checked.faulty for fault in row.faults)


class Checker:
    """Checks the rows of one file."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pick = _picker(plan.positions)

    def check(self, batch: Batch) -> Checked:
        """What the rows of a batch say."""
        plan, pick, clean = self._plan, self._pick, batch.clean
        width, readers, constants, build = plan.width, plan.readers, plan.constants, plan.build
        done = Checked([], [], [], [])
        for number, cells in enumerate(batch.rows, batch.first):
            if isinstance(cells, list) and len(cells) == width and (clean or not _unreadable(cells)):
                try:
                    values = [read(cell) for read, cell in zip(readers, pick(cells))]  # noqa: B905  # as long as it is
                    done.records.append(build(values + constants))
                except Unfit:
                    pass
                else:
                    done.numbers.append(number)
                    continue
            self._refuse(done, number, cells, batch)
        return done

    def _refuse(self, done: Checked, number: int, cells: list[Cell] | Broken, batch: Batch) -> None:
        """Put a row that could not be taken where it belongs."""
        if isinstance(cells, list) and not any(map(_says_something, cells)):
            done.blank.append(number)
            return
        line = batch.lines[number - batch.first] if batch.lines else None
        if isinstance(cells, Broken):
            fault = CellFault(cells.kind, "", cells.what, cells.accepted)
            done.faulty.append(FaultyRow(number, cells.cells, [fault], line, is_broken=True))
        else:
            done.faulty.append(FaultyRow(number, cells, list(self._faults(cells)), line))

    def _faults(self, cells: list[Cell]) -> Iterator[CellFault]:
        """All that is wrong with a row."""
        plan = self._plan
        if len(cells) != plan.width:
            yield CellFault("ragged", "", f"has {len(cells)} cells where the header has {plan.width}", RAGGED)
            return
        values: list[Any] = []
        for column, cell, read in zip(plan.columns, self._pick(cells), plan.readers, strict=True):
            try:
                values.append(read(cell))
            except Unfit as error:
                yield _told(error, column, cell)
        unreadable = [cell for cell in cells if _unreadable([cell])]
        for cell in unreadable:
            yield CellFault("unreadable", "", f"has characters that no text has: {shown(cell)}", UNREADABLE)
        if len(values) == len(plan.columns):
            try:
                plan.build(values + plan.constants)
            except Unfit as error:
                place = error.place or 0
                yield _told(error, plan.columns[place], cells[plan.positions[place]])


def _told(error: Unfit, column: str, cell: Cell) -> CellFault:
    value = f"{shown(cell)} " if error.kind != "missing" else ""
    return CellFault(error.kind, column, f"{value}{error.what}", error.accepted)


def _picker(positions: Sequence[int]) -> Callable[[list[Cell]], tuple[Cell, ...]]:
    if len(positions) == 1:
        (only,) = positions
        return lambda cells: (cells[only],)
    several: Any = itemgetter(*positions)
    picked: Callable[[list[Cell]], tuple[Cell, ...]] = several
    return picked


def _says_something(cell: Cell) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _unreadable(cells: list[Cell]) -> bool:
    return any(isinstance(cell, str) and _UNREADABLE.search(cell) for cell in cells)
