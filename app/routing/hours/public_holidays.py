"""Public holidays of a country, and the weekend days on which it works in exchange for one. Pure.

The days come from the library `holidays` (its category "public"), so they are as good as its release: working weekends
exist from the day that a government announces them, which China does each November for the year after. What is not
known yet, and what a region adds, belongs into the exceptions of the business hours.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import holidays
from holidays.holiday_base import HolidayBase
from holidays.registry import COUNTRIES

FRIDAY = 4
WHOLE_SPANS = frozenset({"CN"})
"""Where a holiday is announced as a span of dates: the weekend days that touch it belong to it unless they are worked.
The library lists no weekend days, so the Sunday within the National Day week would pass as an ordinary Sunday. By this
rule the seven spans of the State Council's notice for 2026 come out to the day."""

_ONE_DAY = timedelta(days=1)


class PublicDays(NamedTuple):
    """Of one year: the name of each day off, and for each weekend day that is worked the weekday (0 is Monday) that it
    makes up for."""

    off: dict[date, str]
    worked: dict[date, int]


NONE = PublicDays({}, {})


def countries() -> list[str]:
    """The ISO 3166-1 codes (two letters) of the countries whose holidays are known, sorted."""
    return sorted(code for names in COUNTRIES.values() for code in names[1:2])


def is_country(code: str) -> bool:
    """Whether the holidays of this country are known."""
    return code in countries()


def subdivisions(country: str) -> tuple[str, ...]:
    """The codes of the parts of a known country that have holidays of their own, mostly those of ISO 3166-2."""
    found: tuple[str, ...] = getattr(holidays, country).subdivisions
    return found


@lru_cache(maxsize=1024)
def public_days(country: str, subdivision: str | None, year: int) -> PublicDays:
    """The days off and the worked weekend days of a year. None for a country or a subdivision that this release does
    not know: records are checked when they are written, and a floor that runs must not end because of one."""
    if not is_country(country) or (subdivision is not None and subdivision not in subdivisions(country)):
        return NONE
    calendar = _calendar(country, subdivision, year)
    substituted = dict(_substituted(calendar))
    made_up_for = {worked: free.weekday() for free, worked in substituted.items()}
    worked = {day: made_up_for.get(day, FRIDAY) for day in calendar.weekend_workdays if day not in calendar}
    named = {day: "; ".join(calendar.get_list(day)) for day in calendar}
    proper = {day: name for day, name in named.items() if day not in substituted}

    def is_off(day: date) -> bool:
        return day in named or (country in WHOLE_SPANS and calendar.is_weekend(day) and day not in worked)

    off = {}
    for day in _days_of(year):
        name = (proper.get(day) or _of_its_span(day, is_off, proper) or named.get(day)) if is_off(day) else None
        if name is not None:
            off[day] = name
    return PublicDays(off, {day: weekday for day, weekday in worked.items() if day.year == year})


def _calendar(country: str, subdivision: str | None, year: int) -> HolidayBase:
    # the years around, because a day off in January may be made up for in December, and spans pass the turn of a year;
    # a language must be named, the library would take that of the machine
    kind = getattr(holidays, country)
    language = "en_US" if "en_US" in kind.supported_languages else kind.default_language
    years = (year - 1, year, year + 1)
    return holidays.country_holidays(country, subdiv=subdivision, years=years, expand=False, language=language)


def _substituted(calendar: HolidayBase) -> Iterator[tuple[date, date]]:
    """(day off, day worked for it). The library keeps the pair nowhere but in the name: "Day off (substituted from
    10/10/2026)"; the label and the form of its date are attributes of the country."""
    if not calendar.has_substituted_holidays:
        return
    before, _, after = calendar.tr(calendar.substituted_label).partition("%s")
    label = re.compile(re.escape(before) + "(.+)" + re.escape(after))
    form = calendar.tr(calendar.substituted_date_format)
    for day in calendar:
        for name in calendar.get_list(day):
            if found := label.fullmatch(name):
                yield day, datetime.strptime(found[1], form).replace(tzinfo=UTC).date()


def _of_its_span(day: date, is_off: Callable[[date], bool], proper: dict[date, str]) -> str | None:
    """The name of the nearest holiday before `day`, else after it, with nothing but days off between."""
    for step in (-_ONE_DAY, _ONE_DAY):
        near = day
        while is_off(near):
            if near in proper:
                return proper[near]
            near += step
    return None


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return (date.fromordinal(number) for number in range(first, date(year, 12, 31).toordinal() + 1))
