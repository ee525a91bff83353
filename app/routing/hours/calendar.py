"""Business hours: whether a queue is served at an instant, why not, and when that changes next. Pure.

It is open exactly while the clocks of the time zone show a time within the hours of the date that they show. So an
interval that a change to summer time leaps over does not happen, and one within the hour that the clocks show twice
happens twice. Instants are epoch seconds. Answers are kept per day of UTC, so asking again costs about a microsecond.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.routing.hours.public_holidays import public_days

DAY = 86_400
HOUR = 3_600
AHEAD_DAYS = 400
"""How far `next_change` looks: past a whole year, so that hours of one day a year are found."""
KEPT_DAYS = 1_000

_ONE_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1).toordinal()


class Interval(NamedTuple):
    """Open from `opens` up to, not including, `closes`: minutes from midnight by the clocks, 0 to 1440."""

    opens: int
    closes: int


class SpecialDay(msgspec.Struct, frozen=True):
    """A date with hours of its own, none if it is closed all day. It beats holidays and worked weekends."""

    day: date
    name: str
    open: tuple[Interval, ...] = ()


class Plan(NamedTuple):
    """What holds on a date: by which rule, the name of the holiday or special day, and the hours."""

    rule: Literal["weekly", "worked_weekend", "holiday", "exception"]
    name: str | None
    open: tuple[Interval, ...]


class Change(NamedTuple):
    """At this instant it opens or closes."""

    instant: float
    kind: Literal["opens", "closes"]


class Opening(NamedTuple):
    """Open from one instant up to, not including, another."""

    opens: float
    closes: float


class _Day(NamedTuple):
    """A day of UTC: whether it begins open, and the instants within it (not its beginning) at which that changes."""

    begins_open: bool
    changes: tuple[int, ...]


class _Memory:
    """What has been worked out: days by their number since 1970, and the last answer about the next change."""

    def __init__(self) -> None:
        self.days: dict[float, _Day] = {}
        self.since, self.until = 0.0, 0.0
        self.change: Change | None = None


class Hours(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """When it is open: hours of each weekday (Monday first), none on the public holidays of a country, if one is given,
    and exceptions by date. Intervals of a day are sorted, do not overlap and end by midnight; `form` sees to it.

    On a weekend day that is worked in exchange for a holiday hold the hours of the weekday that it makes up for.
    """

    time_zone: str
    weekly: tuple[tuple[Interval, ...], ...]
    country: str | None = None
    subdivision: str | None = None
    exceptions: tuple[SpecialDay, ...] = ()

    def open_at(self, instant: float) -> bool:
        """Whether it is open."""
        day = self._memory.days.get(instant // DAY) or self._day(instant // DAY)
        return day.begins_open != (bisect_right(day.changes, instant) % 2 == 1)

    def next_change(self, instant: float) -> Change | None:
        """The first opening or closing after `instant`; None if there is none in the next `AHEAD_DAYS` days."""
        memory = self._memory
        if not memory.since <= instant < memory.until:
            memory.change = next(self._changes(instant, instant + AHEAD_DAYS * DAY), None)
            # without a change it is looked again tomorrow: the days seen then reach a day further
            memory.until = memory.change.instant if memory.change else instant + DAY
            memory.since = instant
        return memory.change

    def openings(self, start: float, end: float) -> list[Opening]:
        """The times from `start` up to `end` in which it is open, in order, the first and the last cut to fit."""
        found, opens = [], start if start < end and self.open_at(start) else None
        for change in self._changes(start, end):
            if opens is None:
                opens = change.instant
            else:
                found.append(Opening(opens, change.instant))
                opens = None
        return found if opens is None else [*found, Opening(opens, end)]

    def openings_on(self, day: date) -> list[Opening]:
        """The times in which it is open from midnight to midnight of the time zone."""
        start, end = (datetime(each.year, each.month, each.day, tzinfo=self._zone) for each in (day, day + _ONE_DAY))
        return self.openings(start.timestamp(), end.timestamp())

    def plan(self, day: date) -> Plan:
        """What holds on a date of the time zone."""
        special = self._special.get(day)
        if special is not None:
            return Plan("exception", special.name, special.open)
        if self.country is not None:
            off, worked = public_days(self.country, self.subdivision, day.year)
            if day in off:
                return Plan("holiday", off[day], ())
            if day in worked:
                return Plan("worked_weekend", None, self.weekly[worked[day]])
        return Plan("weekly", None, self.weekly[day.weekday()])

    @cached_property
    def _memory(self) -> _Memory:
        return _Memory()

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _special(self) -> dict[date, SpecialDay]:
        return {special.day: special for special in self.exceptions}

    def _changes(self, start: float, end: float) -> Iterator[Change]:
        """All changes after `start` and before `end`, in order."""
        is_open = self.open_at(start)
        number = start // DAY
        while number * DAY < end:
            day = self._memory.days.get(number) or self._day(number)
            edges = day.changes[bisect_right(day.changes, start) :]
            if number * DAY > start and day.begins_open != is_open:
                edges = (int(number * DAY), *edges)
            for edge in edges:
                if edge >= end:
                    return
                is_open = not is_open
                yield Change(float(edge), "opens" if is_open else "closes")
            number += 1

    def _day(self, number: float) -> _Day:
        """Work out a day of UTC and keep it."""
        begin = int(number) * DAY
        edges: list[int] = []
        for start, end, offset in _stretches(self._zone, begin, begin + DAY):
            for opens, closes in self._open_by_clock(start + offset, end + offset):
                if edges and edges[-1] == opens - offset:
                    edges.pop()
                else:
                    edges.append(opens - offset)
                edges.append(closes - offset)
        begins_open = bool(edges) and edges[0] == begin
        if edges and edges[-1] == begin + DAY:
            edges.pop()
        day = _Day(begins_open, tuple(edges[begins_open:]))
        if len(self._memory.days) >= KEPT_DAYS:
            self._memory.days.clear()
        self._memory.days[number] = day
        return day

    def _open_by_clock(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What is open of a stretch of time as the clocks show it, in seconds since 1970-01-01 00:00 by the clocks."""
        for number in range(start // DAY, -(-end // DAY)):
            for interval in self.plan(date.fromordinal(_EPOCH + number)).open:
                opens = max(number * DAY + interval.opens * 60, start)
                closes = min(number * DAY + interval.closes * 60, end)
                if opens < closes:
                    yield opens, closes


def _stretches(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The time from `start` to `end` cut where the offset of the clocks changes: (from, to, offset in seconds).

    `zoneinfo` does not tell when clocks change, so it is looked for: each hour, then by halving.
    """
    begun = start
    for hour in range(start, end, HOUR):
        before, after = _offset(zone, hour), _offset(zone, hour + HOUR)
        if before != after:
            low, high = hour, hour + HOUR
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            yield begun, high, before
            begun = high
    if begun < end:
        yield begun, end, _offset(zone, begun)


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
