"""Days and instants as files write them. Pure.

A format is told by what its parts look like: DD.MM.YYYY, YYYYMMDD HH:mm.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from app.customers.feeds.formats.cells import Cell, Unfit

ISO_DAY = "YYYY-MM-DD"
EPOCHS = {"epoch": 1, "epoch_ms": 1000}
FIRST_YEAR, LAST_YEAR = 1800, 2200
"""A year outside is a slip of the hand."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "MON": r"(?P<month_name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
_TOKEN = re.compile(r"YYYY|MON|MM?|DD?|HH?|mm|ss|[A-Za-z]+|[^A-Za-z]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Format(NamedTuple):
    """A format that can be read, and what matches a text of it."""

    written: str
    pattern: re.Pattern[str]


class FormatFaulty(Exception):
    """The text is no format of dates; says why."""


def compiled(written: str) -> Format:
    """A format of dates or instants. Raises FormatFaulty."""
    pieces = []
    for part in _TOKEN.findall(written):
        if part in _PARTS:
            pieces.append(_PARTS[part])
        elif part == "T" or not (part.isascii() and part.isalpha()):
            pieces.append(re.escape(part))
        else:
            raise FormatFaulty(f"has the unknown part {part!r}")
    try:
        pattern = re.compile("".join(pieces), re.ASCII)
    except re.error:
        raise FormatFaulty("has a part twice") from None
    parts = set(pattern.groupindex)
    if not {"year", "day"} <= parts or not parts & {"month", "month_name"}:
        raise FormatFaulty("lacks a year of four digits, a month or a day")
    if parts & {"minute", "second"} and not {"hour", "minute"} <= parts:
        raise FormatFaulty("has parts of a time without its hour and minute")
    return Format(written, pattern)


def day_reader(format_: Format | None) -> Callable[[str], date]:
    """What reads a day in this format, or as ISO 8601 writes it. The reader raises Unfit."""
    format_ = format_ or compiled(ISO_DAY)
    read, accepted = _parse_in(format_), f"a day as {format_.written}"

    def day(text: str) -> date:
        return _plausible(read, text, "date", "is no day", accepted).date()

    return day


def typed_day(cell: Cell) -> date:
    """A day that the file already has as one. Raises Unfit for another type, and for a time within a day."""
    if isinstance(cell, datetime):
        if cell.timetz().replace(tzinfo=None) == datetime.min.time():
            return cell.date()
    elif isinstance(cell, date):
        return cell
    raise Unfit("date", "is no day", f"a day as {ISO_DAY}")


def instant_reader(format_: Format | str | None, zone: tzinfo | None) -> Callable[[str], datetime]:
    """What reads an instant in this format (also `epoch` and `epoch_ms`), or as ISO 8601 writes it. What has no offset
    of its own is read in `zone`. The reader raises Unfit."""
    if isinstance(format_, str):
        return _epoch_reader(format_)
    read = _parse_in(format_) if format_ else datetime.fromisoformat
    example = format_.written if format_ else "2026-03-02T22:15:00+08:00"
    accepted = f"an instant as {example}"

    def instant(text: str) -> datetime:
        return in_zone(_plausible(read, text, "instant", "is no instant", accepted), zone)

    return instant


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """The instant in UTC; one without an offset is read in `zone`. Raises Unfit where that is not known."""
    if moment.tzinfo is None:
        if zone is None:
            raise Unfit("instant", "does not say its offset", "an offset such as +08:00, or a timezone in the mapping")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _epoch_reader(unit: str) -> Callable[[str], datetime]:
    parts, accepted = EPOCHS[unit], "seconds since 1970" if unit == "epoch" else "milliseconds since 1970"

    def instant(text: str) -> datetime:
        def read(text: str) -> datetime:
            return _EPOCH + timedelta(milliseconds=int(text) * 1000 // parts)

        return _plausible(read, text, "instant", "is no instant", accepted)

    return instant


def _plausible(read: Callable[[str], datetime], text: str, kind: str, what: str, accepted: str) -> datetime:
    try:
        found = read(text)
    except (ValueError, OverflowError):
        raise Unfit(kind, what, accepted) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unfit(kind, f"is in the year {found.year}", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _parse_in(format_: Format) -> Callable[[str], datetime]:
    pattern = format_.pattern

    def parse(text: str) -> datetime:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError(text)
        parts = match.groupdict()
        name = parts.pop("month_name", None)
        if name is not None:
            parts["month"] = str(_MONTHS.index(name.upper()) + 1)
        return datetime(**{part: int(value) for part, value in parts.items()})  # type: ignore[arg-type]  # noqa: DTZ001

    return parse
