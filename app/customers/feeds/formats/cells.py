"""What a file has in one place, as text or as the type that the file gives it. Pure."""

import datetime
from decimal import Decimal
from typing import Any, NamedTuple

Cell = Any
"""Text from CSV; from XLSX and NDJSON also None, a number, a flag, a date; from NDJSON also a list or a mapping."""

ROUNDED = 10**15
"""A spreadsheet keeps 15 digits of a number and makes zeros of the rest."""

LONGEST_SHOWN = 60
_KINDS: dict[type, str] = {list: "list", dict: "mapping", datetime.timedelta: "duration"}


class Unfit(Exception):
    """A cell does not say what its field asks for. `kind` is what faults are counted by; `place` is where a value that
    only did not fit together with others stands in its row."""

    def __init__(self, kind: str, what: str, accepted: str, place: int | None = None) -> None:
        super().__init__(what)
        self.kind, self.what, self.accepted, self.place = kind, what, accepted, place


class Spoiled(NamedTuple):
    """A cell that has no value, only a reason why. `text` is what a person would see in it."""

    text: str
    kind: str
    what: str
    accepted: str

    def __str__(self) -> str:
        return self.text


def text_of(cell: Cell) -> str:
    """A cell as text, without space around it. Raises Unfit for what no text can stand for."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _text_of_float(cell)
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, Spoiled):
        raise Unfit(cell.kind, cell.what, cell.accepted)
    raise Unfit("nested", f"is a {_KINDS.get(type(cell), 'value of another kind')}", "one text, number, flag or date")


def shown(cell: Cell) -> str:
    """A cell in a message: on one line, and not longer than a person wants to read."""
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def _text_of_float(cell: float) -> str:
    if abs(cell) >= ROUNDED:
        raise Unfit("rounded", f"is the rounded number {cell:g}", "all its digits: make the column one of text")
    return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
