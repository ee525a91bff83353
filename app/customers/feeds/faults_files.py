"""The file of the faulty rows: as they were, with what is wrong beside them, to be corrected and imported again."""

import csv
import filecmp
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from zipfile import BadZipFile, ZipFile

import msgspec
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from app.core.formulas import neutral
from app.customers.feeds.columns.checking import FaultyRow
from app.customers.feeds.formats.cells import Cell, Unfit, text_of
from app.customers.feeds.formats.rows import FAULTS
from app.customers.feeds.opening import Rows

LINE = "callfloor: line"
"""Where NDJSON keeps a line that is no JSON."""

LONGEST_CELL = 32_767
LEFT_SECONDS = 86_400.0
_ANOTHER = "Name another file with --faults."
_SAVED = "docProps/core.xml"
ENDINGS = {"csv": ".csv", "ndjson": ".ndjson", "xlsx": ".xlsx"}


class FaultsThere(FileExistsError):
    """The faults file that was named is there already, and somebody may have corrected it."""

    def __init__(self, path: Path, more: str = "") -> None:
        super().__init__(f"{path} is there already and may have been corrected. {more or _ANOTHER}")


def beside(path: Path, kind: str) -> Path:
    """Where the faulty rows of a file of this kind are written if nobody says otherwise and the name is free."""
    return path.with_name(f"{path.stem}.faults{ENDINGS[kind]}")


def numbered(path: Path) -> Iterator[Path]:
    """`name.faults`, `name.faults-2`, `-3` and so on: the first that is free is taken. What a check, a dry run or an
    earlier import has left may have been corrected: it is not written over, and stops nothing."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def take_name(part: Path, wanted: Path) -> Path:
    """Give a file that is complete the first free name of those that `numbered` tells: which one it was. Whatever has
    come to be there meanwhile stays."""
    for name in numbered(wanted):
        try:
            _move(part, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError  # the numbers have no end


def without_double(made: Path, wanted: Path) -> Path:
    """Remove a complete file if another that has a name that `numbered` tells says the same: which one is left. So
    faults that nobody corrects are no new file each night. Several sources may have left files beside each other, so
    all that come before it by their numbers are looked at; of two that find each other the first stays."""
    with_number = re.compile(rf"{re.escape(wanted.stem)}(?:-([0-9]+))?{re.escape(wanted.suffix)}")
    found = ((with_number.fullmatch(each.name), each) for each in wanted.parent.iterdir())
    numbers = {each: int(name[1] or 1) for name, each in found if name is not None}
    own = numbers.get(made, math.inf)
    earlier = sorted((number, each) for each, number in numbers.items() if number < own)
    same = next((each for _, each in earlier if _same(made, each)), None)
    if same is None:
        return made
    made.unlink()
    return same


def _same(made: Path, kept: Path) -> bool:
    try:
        if not kept.is_file():
            return False
        return _within(made) == _within(kept) if kept.suffix == ENDINGS["xlsx"] else filecmp.cmp(made, kept, False)
    except (BadZipFile, OSError):  # whatever cannot be read is another file
        return False


def _within(book: Path) -> dict[str, tuple[int, int]]:
    """What is in a sheet's file, by size and checksum, but for when it was saved."""
    with ZipFile(book) as parts:
        return {each.filename: (each.file_size, each.CRC) for each in parts.infolist() if each.filename != _SAVED}


def remove_left(folder: Path, ending: str, now: float) -> None:
    """Remove what imports that died have left: files whose names end so and into which nobody has written for a day."""
    for each in folder.iterdir():
        if each.name.endswith(ending) and each.is_file():
            with suppress(OSError):  # another may do the same
                if each.stat().st_mtime < now - LEFT_SECONDS:
                    each.unlink()


def _move(part: Path, name: Path) -> None:
    """Rename a file. Raises FileExistsError, where `rename` would write over what is there."""
    try:
        name.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # some disks, such as those of cameras and sticks, know no second name of a file
        name.touch(exist_ok=False)
        try:
            part.replace(name)
        except OSError:
            name.unlink()
            raise
    else:
        part.unlink()


class FaultsFile:
    """Writes faulty rows as they come. The file is there once the first row is; it is never written over another: with
    `or_next` the first free name of those that `numbered` tells is taken, and is its `path` then. `written` says how
    many rows are in it."""

    def __init__(self, path: Path, rows: Rows, *, or_next: bool = False) -> None:
        self.path, self.written = path, 0
        self._rows, self._or_next = rows, or_next
        self._writer: _Writer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, faulty: Sequence[FaultyRow]) -> None:
        """Add rows. Raises FaultsThere and other OSErrors."""
        if faulty and self._writer is None:
            self._writer = self._begun()
        for row in faulty:
            assert self._writer is not None
            self._writer.write(row)
            self.written += 1

    def _begun(self) -> "_Writer":
        for name in numbered(self.path):
            try:
                made: _Writer = _WRITERS[self._rows.kind](name, self._rows)
            except FileExistsError as error:
                if not self._or_next:
                    raise FaultsThere(name) from error
                continue
            self.path = name
            return made
        raise AssertionError  # the numbers have no end


class _Writer(Protocol):
    def write(self, row: FaultyRow) -> None: ...

    def close(self) -> None: ...


class _Table:
    """What CSV and sheets have in common: the faults stand first, so that rows that are too long or too short can stay
    as they are. A file that already has such a column gets no second one."""

    def __init__(self, rows: Rows) -> None:
        names = [name.strip() for name in rows.header]
        self._before = names.index(FAULTS) if FAULTS in names else None
        self.header = [FAULTS, *self._without_faults(rows.header)]

    def cells(self, row: FaultyRow) -> list[Cell]:
        """What stands in a row of the file."""
        return [_sentence(row), *(row.cells if row.is_broken else self._without_faults(row.cells))]

    def _without_faults(self, cells: Sequence[Cell]) -> list[Cell]:
        return [cell for place, cell in enumerate(cells) if place != self._before]


class _CsvWriter(_Table):
    """CSV in UTF-8 with a mark, which spreadsheet programs take for what it is."""

    def __init__(self, path: Path, rows: Any) -> None:
        super().__init__(rows)
        self._file = path.open("x", encoding="utf-8-sig", newline="", errors="replace")
        self._csv = csv.writer(self._file, delimiter=rows.delimiter)
        self._csv.writerow(map(neutral, self.header))

    def write(self, row: FaultyRow) -> None:
        self._csv.writerow([neutral(_text(cell)) for cell in self.cells(row)])

    def close(self) -> None:
        self._file.close()


class _XlsxWriter(_Table):
    """A sheet with the types of its cells as they were."""

    def __init__(self, path: Path, rows: Rows) -> None:
        super().__init__(rows)
        path.touch(exist_ok=False)
        self._path, self._book = path, Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("faults")
        self._sheet.append([self._cell(name) for name in self.header])

    def write(self, row: FaultyRow) -> None:
        self._sheet.append([self._cell(cell) for cell in self.cells(row)])

    def close(self) -> None:
        self._book.save(self._path)

    def _cell(self, cell: Cell) -> Any:
        if not isinstance(cell, str | tuple):
            return cell
        made = WriteOnlyCell(self._sheet)
        made.value = neutral(str(cell))[:LONGEST_CELL]
        made.data_type = "s"  # never a formula, whatever it begins with
        return made


class _NdjsonWriter:
    """NDJSON: the object as it was, and what is wrong with it. What was no object stands as text."""

    def __init__(self, path: Path, _: Rows) -> None:
        self._file = path.open("xb")
        self._decode = msgspec.json.Decoder(float_hook=Decimal).decode  # numbers come back with all their decimals
        self._encode = msgspec.json.Encoder(decimal_format="number").encode

    def write(self, row: FaultyRow) -> None:
        line, value = row.line or "", None
        with suppress(msgspec.MsgspecError, RecursionError, ArithmeticError):
            value = self._decode(line)
        told = value if isinstance(value, dict) else {LINE: line.rstrip("\r\n")}
        self._file.write(
            self._encode({FAULTS: _sentence(row), **{k: v for k, v in told.items() if k != FAULTS}}) + b"\n"
        )

    def close(self) -> None:
        self._file.close()


_WRITERS: dict[str, Any] = {"csv": _CsvWriter, "xlsx": _XlsxWriter, "ndjson": _NdjsonWriter}


def _sentence(row: FaultyRow) -> str:
    return f"row {row.number}: " + " · ".join(map(str, row.faults))


def _text(cell: Cell) -> str:
    try:
        return cell if isinstance(cell, str) else text_of(cell)
    except Unfit:
        return str(cell)
