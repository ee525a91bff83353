"""Rows of a sheet of a spreadsheet (XLSX), one at a time.

A formula is never evaluated: what the program that wrote the file found for it counts. A formula without a result, and
a result that is an error, are faults of their rows.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.core.formulas import restored
from app.customers.feeds.errors import FeedUnreadable
from app.customers.feeds.formats.cells import Cell, Spoiled
from app.customers.feeds.formats.rows import FAULTS, Batch

ROWS = 1000
MOST_SHARED = 1 << 29
"""Bytes of text that all sheets share, which have to be in memory."""

_NO_WORKBOOK = "is no spreadsheet that can be read; accepted: XLSX, as spreadsheet programs save it, without a password"
_DAMAGES = (zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, KeyError, ValueError, EOFError)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


class XlsxRows:
    """The rows of a sheet, of the only one if none is named. Raises FeedUnreadable."""

    kind = "xlsx"

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self._path = path
        self.sheet, has_formulas = _looked_into(path, sheet)
        self._rows = self._all(has_formulas)
        self._number = 0
        self.header: list[str] = []
        for row in self._rows:
            self._number += 1
            if any(cell is not None and str(cell).strip() for cell in row):
                self.header = ["" if cell is None else str(cell) for cell in row]
                break
        if not self.header:
            raise FeedUnreadable(f"The sheet {self.sheet!r} is empty; accepted: a row with the names of the columns.")
        self.width = len(self.header)
        self.described = f"the sheet {self.sheet}"

    def batches(self) -> Iterator[Batch]:
        """The rows below the header; to be gone through once."""
        is_ours = FAULTS in self.header
        while rows := [self._filled(row, is_ours) for row in islice(self._rows, ROWS)]:
            yield Batch(self._number + 1, rows, clean=False)
            self._number += len(rows)

    def _filled(self, row: list[Cell], is_ours: bool) -> list[Cell]:
        """A row as wide as the header: a sheet does not keep empty cells at the end."""
        if is_ours:
            row = [restored(cell) if isinstance(cell, str) else cell for cell in row]
        return row + [None] * (self.width - len(row))

    def _all(self, has_formulas: bool) -> Iterator[list[Cell]]:
        try:
            with _sheet(self._path, self.sheet, results=True) as sheet:
                if not has_formulas:
                    for row in sheet.iter_rows():
                        yield _trimmed([_value(cell) for cell in row])
                    return
                with _sheet(self._path, self.sheet, results=False) as written:
                    for row, formulas in zip(sheet.iter_rows(), written.iter_rows(), strict=True):
                        yield _trimmed([_value(cell, at) for cell, at in zip(row, formulas, strict=True)])
        except _DAMAGES as error:
            raise FeedUnreadable(f"{self._path} is damaged after row {self._number}: {error}.") from error


@contextmanager
def _sheet(path: Path, name: str, *, results: bool) -> Iterator[Any]:
    """A sheet with the results of its formulas, or with the formulas."""
    with path.open("rb") as stream, closing(load_workbook(stream, read_only=True, data_only=results)) as book:
        sheet: Any = book[name]
        sheet.reset_dimensions()  # what a file says of its size is often wrong
        yield sheet


def _looked_into(path: Path, wanted: str | None) -> tuple[str, bool]:
    """Which sheet is meant, and whether there is a formula in the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                if part.filename.endswith("sharedStrings.xml") and part.file_size > MOST_SHARED:
                    raise FeedUnreadable(f"{path} is too large to be read as a spreadsheet; accepted: the same as CSV.")
            has_formulas = any(
                _has_formula(archive, name) for name in archive.namelist() if name.startswith("xl/worksheets/")
            )
        with path.open("rb") as stream, closing(load_workbook(stream, read_only=True)) as book:
            names = [sheet.title for sheet in book.worksheets]
    except _DAMAGES as error:
        raise FeedUnreadable(f"{path} {_NO_WORKBOOK}.") from error
    if wanted is not None and wanted not in names:
        raise FeedUnreadable(f"{path} has no sheet {wanted!r}; accepted: {', '.join(names)}.")
    if wanted is None and len(names) != 1:
        raise FeedUnreadable(f"{path} has the sheets {', '.join(names)}. Name one with --sheet.")
    return wanted or names[0], has_formulas


def _has_formula(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as part:
        before = b""
        while piece := part.read(1 << 18):
            if _FORMULA.search(before + piece):
                return True
            before = piece[-20:]
    return False


def _value(cell: Any, written: Any = None) -> Cell:
    if cell.data_type == "e":
        return Spoiled(str(cell.value), "formula", "is the error of a formula", "a value")
    if cell.value is None and written is not None and written.data_type == "f":
        formula = getattr(written.value, "text", None) or str(written.value)
        what = "is a formula without a result"
        return Spoiled(formula, "formula", what, "a value: open and save the file in a spreadsheet program")
    return cell.value


def _trimmed(row: list[Cell]) -> list[Cell]:
    while row and row[-1] is None:
        row.pop()
    return row
