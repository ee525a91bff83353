"""Wishes in a few words that an agent can read out, in English and Chinese. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import langcodes

from app.customers.agreements.clauses import WEEKDAYS, Open
from app.customers.preferences.catalogue import CallHours, Wish, hours_of

LANGUAGES = ("en", "zh")
_DAYS: Mapping[str, Sequence[str]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_SPAN = {"en": "–", "zh": "至"}
_AND = {"en": ", ", "zh": "、"}
_THEN = {"en": ", then ", "zh": "，其次"}
_IS = {"en": ": ", "zh": "："}
_ZONE = {"en": " ({zone})", "zh": "（{zone}）"}


def said(wish: Wish, value: Any) -> dict[str, str] | None:
    """A wish in each language; None: there is nothing to say, as of a switch that is off."""
    if value is False:
        return None
    return {language: _in(language, wish, value) for language in LANGUAGES}


def _in(language: str, wish: Wish, value: Any) -> str:
    if wish.kind == "switch":
        return wish.title[language]
    return wish.title[language] + _IS[language] + _value(language, wish, value)


def _value(language: str, wish: Wish, value: Any) -> str:
    if wish.kind == "hours":
        return _hours(language, hours_of(value))
    if wish.kind in ("several", "ranked"):
        between = _THEN if wish.kind == "ranked" else _AND
        return between[language].join(wish.values[each][language] for each in value)
    if wish.kind == "language":
        return langcodes.Language.get(value).to_tag()
    return wish.values[value][language] if wish.kind == "choice" else str(value)


def _hours(language: str, hours: CallHours) -> str:
    told = [f"{days} {times}" for days, times in _grouped(language, hours.weekly)]
    return _AND[language].join(told) + _ZONE[language].format(zone=hours.time_zone)


def _grouped(language: str, weekly: Mapping[str, Sequence[Open]]) -> Iterator[tuple[str, str]]:
    """Days that follow each other and have the same times, with the times."""
    names, runs = _DAYS[language], list[tuple[int, int, str]]()
    for place, day in enumerate(WEEKDAYS):
        opens = sorted(weekly.get(day, ()), key=lambda each: each.opens)
        times = _AND[language].join(f"{each.opens}–{each.closes}" for each in opens)
        if runs and runs[-1][1] == place - 1 and runs[-1][2] == times:
            runs[-1] = (runs[-1][0], place, times)
        elif times:
            runs.append((place, place, times))
    for first, last, times in runs:
        yield names[first] if first == last else names[first] + _SPAN[language] + names[last], times
