"""An export as JSON: one document that says what it is, section by section, written as it is read."""

from typing import BinaryIO

import msgspec

from app.history.exporting import Columns, Head
from app.history.sections import LEFT_OUT, Section

FORMAT = "callfloor-customer-export"
VERSION = 1
"""Raised when what is there before changes its meaning; sections may be added without."""


class JsonFile:
    """Writes one export into `into`; rows are JSON as the database made it."""

    media_type = "application/json"

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self._count = 0
        self._first = True

    def begin(self, head: Head) -> None:
        """What this is, of whom, when and why."""
        about = {"format": FORMAT, "version": VERSION, **msgspec.to_builtins(head), "not_told": dict(LEFT_OUT)}
        self._write(msgspec.json.encode(about)[:-1] + b',\n"sections":[')

    def section(self, section: Section, columns: Columns) -> None:
        """Begin a section: what its rows are, and of what types their fields."""
        about = {
            "name": section.table,
            "title": section.title,
            "columns": {name: kind for name, kind in columns.items() if name not in section.left_out},
            "left_out": dict(section.left_out),
        }
        self._write((b"\n" if self._first else b",\n") + msgspec.json.encode(about)[:-1] + b',"rows":[')
        self._count, self._first = 0, False

    def rows(self, rows: list[str]) -> None:
        """Some rows of the section, each a JSON object."""
        between = ",\n" if self._count else "\n"
        self._write((between + ",\n".join(rows)).encode())
        self._count += len(rows)

    def end_section(self) -> None:
        """End the section with how many rows it had."""
        self._write(b'],"count":%d}' % self._count)

    def end(self) -> None:
        """Nothing follows: a document that ends is whole."""
        self._write(b"\n]}\n")

    def _write(self, piece: bytes) -> None:
        self._into.write(piece)
