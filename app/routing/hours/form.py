"""Business hours as people write them, what is wrong with that, and the value that it stands for. Pure.

A record is `{"time_zone": "Asia/Shanghai", "weekly": {"monday": [{"opens": "08:30", "closes": "12:00"}, ...], ...},
"country": "CN", "subdivision": null, "exceptions": [{"date": "2026-12-24", "name": "Christmas Eve", "open": [...]}]}`.
A weekday that is left out is closed. Times are those of the clocks, from 00:00 to 24:00, which only closes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.core.errors import one_of
from app.routing.hours.calendar import Hours, Interval, SpecialDay
from app.routing.hours.public_holidays import is_country, subdivisions

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
YEARS = range(1971, 2200)
ZONES_OF_MACHINES = re.compile(r"(posix|right)/|localtime$|posixrules$|Factory$")
"""Names beside the IANA zones in some installations; `right/` counts leap seconds, `localtime` is any zone at all."""

_ORDER = (
    "a time after 'opens', at the latest 24:00; hours past midnight are two intervals, one to 24:00 and one of the "
)
_ORDER += "next day from 00:00"


class Flaw(NamedTuple):
    """One thing that is wrong: the way to it from what was checked, what it is, what would be accepted."""

    where: tuple[str | int, ...]
    what: str
    accepted: str


def interval_flaws(intervals: Sequence[tuple[str | None, str | None]]) -> Iterator[Flaw]:
    """What is wrong with the (opens, closes) of one day: unreadable times, an end before the start, overlaps. None
    stands for what is no text and is told as a fault elsewhere."""
    sound: list[tuple[Interval, int]] = []
    for index, texts in enumerate(intervals):
        sides = [(side, text) for side, text in zip(("opens", "closes"), texts, strict=True) if text is not None]
        times = [minutes(text) for _, text in sides if re.fullmatch(TIME, text)]
        for side, text in sides:
            if not re.fullmatch(TIME, text):
                yield Flaw((index, side), "is not a time of day", "HH:MM from 00:00 to 24:00")
        if len(times) < 2:
            continue
        interval = Interval(*times)
        if interval.opens < interval.closes:
            sound.append((interval, index))
        else:
            yield Flaw((index, "closes"), "is not after 'opens'", _ORDER)
    latest: tuple[Interval, int] | None = None
    for interval, index in sorted(sound):
        if latest is not None and interval.opens < latest[0].closes:
            accepted = f"a time from {clock(latest[0].closes)} on, or one interval instead of the two"
            yield Flaw((index, "opens"), f"lies within interval {latest[1]} of the same day", accepted)
        if latest is None or interval.closes > latest[0].closes:
            latest = interval, index


def date_flaws(dates: Sequence[tuple[str | None]]) -> Iterator[Flaw]:
    """What is wrong with the dates of the exceptions: one that is no date, one that is there twice. None as above."""
    first: dict[date, int] = {}
    for index, (text,) in enumerate(dates):
        if text is None:
            continue
        day = _date(text)
        if day is None or day.year not in YEARS:
            accepted = f"YYYY-MM-DD in the years {YEARS[0]} to {YEARS[-1]}"
            yield Flaw((index, "date"), "is not a date", accepted)
        elif first.setdefault(day, index) != index:
            yield Flaw((index, "date"), f"is the date of exception {first[day]} too", "one exception for each date")


def zone_flaws(name: str) -> Iterator[Flaw]:
    """What is wrong with the name of a time zone."""
    try:
        ZoneInfo(name)
        known = not ZONES_OF_MACHINES.match(name)
    except (KeyError, ValueError, OSError):
        known = False
    if not known:
        yield Flaw((), "is not a time zone", "an IANA name such as Asia/Shanghai, Europe/Berlin or UTC")


def country_flaws(code: str) -> Iterator[Flaw]:
    """What is wrong with the country of the holidays."""
    if not is_country(code):
        yield Flaw((), "is not a country whose holidays are known", "null, or a code of ISO 3166-1 such as CN or DE")


def subdivision_flaws(country: str | None, subdivision: str | None) -> Iterator[Flaw]:
    """What is wrong with the part of a country; nothing can be said if the country is not known."""
    if subdivision is None or (country is not None and not is_country(country)):
        return
    known = subdivisions(country) if country is not None else ()
    if subdivision not in known:
        what = "is not a part of the country with holidays of its own" if country else "needs a country"
        yield Flaw((), what, f"null or {one_of(known)}" if known else "null")


def minutes(text: str) -> int:
    """Minutes from midnight of a time as `TIME` describes it."""
    return int(text[:2]) * 60 + int(text[3:])


def clock(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(record: Mapping[str, Any]) -> Hours:
    """The value of a record that has no flaws."""
    return Hours(
        time_zone=record["time_zone"],
        weekly=tuple(_open(record["weekly"].get(weekday, ())) for weekday in WEEKDAYS),
        country=record["country"],
        subdivision=record["subdivision"],
        exceptions=tuple(
            SpecialDay(date.fromisoformat(each["date"]), each["name"], _open(each["open"]))
            for each in record["exceptions"]
        ),
    )


def _open(intervals: Sequence[Mapping[str, str]]) -> tuple[Interval, ...]:
    return tuple(sorted(Interval(minutes(each["opens"]), minutes(each["closes"])) for each in intervals))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(DATE, text) else None
    except ValueError:
        return None
