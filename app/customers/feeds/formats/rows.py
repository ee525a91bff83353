"""Rows as a file has them, some at a time. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from app.customers.feeds.formats.cells import Cell

FAULTS = "callfloor: faults"
"""The name of the column that says what is wrong with a row."""


class Broken(msgspec.Struct, frozen=True):
    """A row that cannot be taken apart: what there is of it, and what is wrong."""

    cells: list[Cell]
    kind: str
    what: str
    accepted: str


class Batch(NamedTuple):
    """Rows in the order of the file; `first` is the number of the first of them as a person counts: a header is row 1.
    In a `clean` one no text has NUL characters or ones that could not be read. `lines` are those of NDJSON."""

    first: int
    rows: Sequence[list[Cell] | Broken]
    clean: bool
    lines: Sequence[str] = ()
