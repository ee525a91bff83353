"""Cutting a period into intervals of a time zone's own days and hours. Pure.

Every interval is half-open. Days run from local midnight to local midnight, so they are 23 or 25 hours long where
clocks change; shorter intervals count on from each midnight in real time, so an hour that the clock shows twice is two
intervals and none is ever counted twice or left out.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.core.errors import Invalid

MAX_INTERVALS = 3000
FIRST_YEAR, LAST_YEAR = 1971, 9000
"""Beyond them an interval, or the clocks of a time zone, would run out of the calendar."""


class Interval(StrEnum):
    """Widths that a report can be cut into."""

    QUARTER = "15min"
    HALF = "30min"
    HOUR = "60min"
    DAY = "day"


WIDTH = {
    Interval.QUARTER: timedelta(minutes=15),
    Interval.HALF: timedelta(minutes=30),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
}


class Period:
    """From `start` up to, not including, `end`, cut by `interval` in `zone`. The outer intervals may be cut short."""

    def __init__(self, start: datetime, end: datetime, interval: Interval, zone: ZoneInfo) -> None:
        """Raises Invalid if the period is empty, reversed, out of all calendars or of more than MAX_INTERVALS."""
        self.start, self.end = _instant("from", start, zone), _instant("to", end, zone)
        self.interval, self.zone = interval, zone
        if self.start >= self.end:
            raise _invalid("to", "does not lie after 'from'", "a later instant than 'from'")
        if (self.end - self.start) / WIDTH[interval] > MAX_INTERVALS:
            accepted = f"at most {MAX_INTERVALS} intervals: a shorter period or a wider interval"
            raise _invalid("interval", "cuts the period into too many intervals", accepted)

    def edges(self) -> list[datetime]:
        """The beginnings of all intervals and, last, the end of the period; in UTC, strictly ascending."""
        edges = [self.start]
        day = self.start.astimezone(self.zone).date()
        while (midnight := self._midnight(day)) < self.end:
            tomorrow = self._midnight(day := day + timedelta(days=1))
            edges += [edge for edge in self._steps(midnight, tomorrow) if self.start < edge < self.end]
        return [*edges, self.end]

    def _steps(self, midnight: datetime, tomorrow: datetime) -> Iterator[datetime]:
        width = tomorrow - midnight if self.interval is Interval.DAY else WIDTH[self.interval]
        while midnight < tomorrow:
            yield midnight
            midnight += width

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)


def time_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises Invalid if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        accepted = "an IANA name such as Asia/Shanghai, Europe/London or UTC"
        raise _invalid("time_zone", f"{name!r} is no time zone", accepted) from error


def _instant(where: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """In UTC; a moment without an offset is the wall clock of the zone."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        accepted = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise _invalid(where, f"the year {moment.year} is out of range", accepted)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _invalid(where: str, what: str, accepted: str) -> Invalid:
    fault = {"where": f"query.{where}", "what": what, "accepted": accepted}
    return Invalid(f"{where}: {what}; accepted: {accepted}", faults=[fault])
