"""What reads the cells of one column: its mapping made into a function. Pure."""

from collections.abc import Callable, Collection
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.customers.feeds.columns import amounts, dates, shapes
from app.customers.feeds.columns.fields import Named
from app.customers.feeds.columns.mapping import Column, Formats
from app.customers.feeds.columns.phones import phone_reader
from app.customers.feeds.formats.cells import Cell, Spoiled, Unfit, text_of

Read = Callable[[Cell], Any]

USUAL = Formats(decimal=".", separator=",")
TYPES = {"text": "long", "number": "number", "flag": "flag", "date": "date"}
FEW = frozenset({"date", "flag", "language", "country", "currency", "list", "choice"})
"""Shapes of which a file has few different texts in many rows."""

REMEMBERED = 50_000


class Known(NamedTuple):
    """What rows may name, None where nobody said which there are and any is taken; and the country of numbers without
    a + where the mapping says none."""

    tiers: Collection[str] | None = None
    agents: Collection[str] | None = None
    country: str = "CN"


NAMING: dict[str, Callable[[Known], Collection[str] | None]] = {
    "tier": lambda known: known.tiers,
    "manager": lambda known: known.agents,
}
"""The fields that name something which must be there."""


class _Parsers(NamedTuple):
    """What reads the text of a cell, and what reads one that the file already gives as a number, a flag or a date;
    without it such a cell is read as text."""

    of_text: shapes.Parse
    of_typed: Read | None = None


def formats(column: Column, whole: Formats, known: Known) -> Formats:
    """How a column is written: as it says, else as the mapping says for all, else as usual."""
    told = {name: getattr(column, name) for name in Formats.model_fields}
    for layer in (whole, USUAL, Formats(country=known.country)):
        told = {name: getattr(layer, name) if value is None else value for name, value in told.items()}
    return Formats.model_construct(**told)


def reader(field: Named, column: Column, how: Formats, known: Known, *, required: bool) -> Read:
    """What reads a cell to the value of its field, None for an empty one. The reader raises Unfit."""
    of_text, of_typed = _parsers(field, column, how, known)
    empty, values = frozenset(["", *(how.empty or ())]), column.values
    missing = ("missing", "is empty", f"a value: every row needs {field.name}")
    shape = _shape(field, column)

    def read(cell: Cell) -> Any:
        if type(cell) is str:
            text = cell.strip()
        elif cell is None:
            text = ""
        elif of_typed is not None and type(cell) is not Spoiled:
            return of_typed(cell)
        else:
            text = text_of(cell)
        if text in empty:
            if required:
                raise Unfit(*missing)
            return None
        return of_text(values.get(text, text) if values else text)

    if shape in FEW:
        return _remembering(read)
    longest = shapes.LONGEST.get(shape)
    return read if longest is None or values or how.empty or field.name in NAMING else _plain(longest, read)


def _remembering(read: Read) -> Read:
    """A reader that knows again what it has read: few days are many people's birthday."""
    known: dict[str, Any] = {}

    def again(cell: Cell) -> Any:
        if type(cell) is not str:
            return read(cell)
        found = known.get(cell)
        if found is None:
            found = read(cell)
            if len(known) < REMEMBERED:
                known[cell] = found
        return found

    return again


def _plain(longest: int, read: Read) -> Read:
    """A reader of usual texts, which leaves all others to the one that it is given."""

    def plain(cell: Cell) -> Any:
        if type(cell) is str:
            text = cell.strip()
            if 0 < len(text) <= longest:
                return text
        return read(cell)

    return plain


def _shape(field: Named, column: Column) -> str:
    return TYPES[column.type] if field.field.shape == "any" else field.field.shape


def _parsers(field: Named, column: Column, how: Formats, known: Known) -> _Parsers:
    there = NAMING[field.name](known) if field.name in NAMING else None
    if there is not None:
        return _Parsers(shapes.known_parser(there, "tier" if field.name == "tier" else "agent"))
    shape = _shape(field, column)
    if shape in _SIMPLE:
        return _SIMPLE[shape]
    if shape in shapes.LONGEST:
        return _Parsers(shapes.text_parser(shapes.LONGEST[shape]))
    return _MADE[shape](field, column, how)


def _phone(field: Named, column: Column, how: Formats) -> _Parsers:
    return _Parsers(phone_reader(str(how.country), field.label, column.keep_invalid))


def _email(field: Named, _: Column, __: Formats) -> _Parsers:
    return _Parsers(shapes.email_parser(field.label))


def _choice(field: Named, _: Column, __: Formats) -> _Parsers:
    return _Parsers(shapes.choice_parser(field.field.choices))


def _list(field: Named, _: Column, how: Formats) -> _Parsers:
    of_text = shapes.list_parser(str(how.separator), field.field.choices)

    def of_typed(cell: Cell) -> Any:
        texts = [text_of(each) for each in cell] if isinstance(cell, list) else [text_of(cell)]
        return tuple(dict.fromkeys(part for text in texts if text for part in of_text(text)))

    return _Parsers(of_text, of_typed)


def _day(_: Named, __: Column, how: Formats) -> _Parsers:
    format_ = dates.compiled(how.date) if how.date else None
    return _Parsers(dates.day_reader(format_), dates.typed_day)


def _instant(_: Named, __: Column, how: Formats) -> _Parsers:
    zone = ZoneInfo(how.timezone) if how.timezone else None
    written = how.instant
    format_ = written if written is None or written in dates.EPOCHS else dates.compiled(written)
    of_text = dates.instant_reader(format_, zone)
    return _Parsers(of_text, _typed_instant(of_text if isinstance(format_, str) else None, zone))


def _typed_instant(of_epoch: shapes.Parse | None, zone: tzinfo | None) -> Read:
    def of_typed(cell: Cell) -> datetime:
        if isinstance(cell, datetime):
            return dates.in_zone(cell, zone)
        if isinstance(cell, date):
            return dates.in_zone(datetime(cell.year, cell.month, cell.day), zone)  # noqa: DTZ001
        if of_epoch is None:
            raise Unfit("instant", "is no instant", "an instant as 2026-03-02T22:15:00+08:00")
        found: datetime = of_epoch(text_of(cell))
        return found

    return of_typed


def _number(_: Named, __: Column, how: Formats) -> _Parsers:
    return _Parsers(amounts.number_reader(str(how.decimal)), amounts.typed_number)


def _money(_: Named, __: Column, how: Formats) -> _Parsers:
    return _Parsers(amounts.amount_reader(str(how.decimal)), amounts.typed_number)


def _typed_whole(cell: Cell) -> int:
    return shapes.whole(amounts.typed_number(cell))


_SIMPLE = {
    "currency": _Parsers(amounts.currency),
    "count": _Parsers(shapes.count, _typed_whole),
    "seconds": _Parsers(shapes.seconds, _typed_whole),
    "flag": _Parsers(shapes.flag, shapes.typed_flag),
    "language": _Parsers(shapes.language),
    "country": _Parsers(shapes.country),
}
_MADE: dict[str, Callable[[Named, Column, Formats], _Parsers]] = {
    "phone": _phone,
    "email": _email,
    "choice": _choice,
    "list": _list,
    "date": _day,
    "instant": _instant,
    "number": _number,
    "money": _money,
}
