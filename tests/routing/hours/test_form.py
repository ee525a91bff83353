"""Business hours as people write them: what they stand for, and every flaw of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from app.routing.hours.calendar import Interval, SpecialDay
from app.routing.hours.form import Flaw, date_flaws, hours_of, interval_flaws, zone_flaws


def test_a_record_becomes_hours() -> None:
    record: Mapping[str, Any] = {
        "time_zone": "Asia/Shanghai",
        "weekly": {"monday": [{"opens": "13:30", "closes": "24:00"}, {"opens": "00:00", "closes": "12:00"}]},
        "country": "CN",
        "subdivision": None,
        "exceptions": [{"date": "2026-12-24", "name": "Eve", "open": []}],
    }
    hours = hours_of(record)
    assert hours.weekly == ((Interval(0, 720), Interval(810, 1440)), (), (), (), (), (), ())
    assert hours.exceptions == (SpecialDay(date(2026, 12, 24), "Eve"),)


def test_every_weekday_has_its_own_hours() -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    weekly = {day: [{"opens": f"0{number}:00", "closes": "24:00"}] for number, day in enumerate(days)}
    record: Mapping[str, Any] = {
        "time_zone": "UTC",
        "weekly": weekly,
        "country": None,
        "subdivision": None,
        "exceptions": [],
    }
    assert [opens for ((opens, _),) in hours_of(record).weekly] == [60 * number for number in range(7)]


def test_every_flaw_of_a_day_is_told() -> None:
    flaws = list(interval_flaws([("8:30", "25:00"), ("22:00", "06:00"), ("09:00", "12:30"), ("11:59", "13:00")]))
    assert [flaw.where for flaw in flaws] == [(0, "opens"), (0, "closes"), (1, "closes"), (3, "opens")]
    assert "past midnight are two intervals" in flaws[2].accepted
    assert flaws[3] == Flaw(
        (3, "opens"),
        "lies within interval 2 of the same day",
        "a time from 12:30 on, or one interval instead of the two",
    )


@pytest.mark.parametrize("text", ["08:30\n", "٠٨:٣٠", "24:01", "0830", "", "-1:00"])
def test_only_times_are_times(text: str) -> None:
    assert [flaw.where for flaw in interval_flaws([("00:00", text)])] == [(0, "closes")]


def test_an_interval_of_no_time_and_two_within_a_longer_one_are_told() -> None:
    assert [flaw.where for flaw in interval_flaws([("09:00", "09:00")])] == [(0, "closes")]
    within = interval_flaws([("08:00", "18:00"), ("09:00", "10:00"), ("11:00", "12:00")])
    assert [(flaw.where, flaw.what[:25]) for flaw in within] == [
        ((1, "opens"), "lies within interval 0 of"),
        ((2, "opens"), "lies within interval 0 of"),
    ]


def test_what_is_no_text_is_left_to_who_tells_of_that() -> None:
    assert list(interval_flaws([(None, "12:00"), ("12:00", None)])) == []
    assert list(date_flaws([(None,), (None,)])) == []


def test_intervals_that_touch_do_not_overlap() -> None:
    assert list(interval_flaws([("12:00", "24:00"), ("00:00", "12:00")])) == []


def test_a_date_that_is_none_or_is_there_twice_is_told() -> None:
    flaws = date_flaws([("2026-01-01",), ("2026-02-29",), ("2026-01-01",), ("20260102",), ("1969-12-31",)])
    assert [(flaw.where, flaw.what) for flaw in flaws] == [
        ((1, "date"), "is not a date"),
        ((2, "date"), "is the date of exception 0 too"),
        ((3, "date"), "is not a date"),
        ((4, "date"), "is not a date"),
    ]


def test_dates_are_of_the_years_that_are_said() -> None:
    days = [("1970-12-31",), ("1971-01-01",), ("2199-12-31",), ("2200-01-01",)]
    flaws = list(date_flaws(days))
    assert [flaw.where for flaw in flaws] == [(0, "date"), (3, "date")]
    assert {flaw.accepted for flaw in flaws} == {"YYYY-MM-DD in the years 1971 to 2199"}


@pytest.mark.parametrize("name", ["", "Asia", "Mars/Base", "right/Asia/Shanghai", "localtime", "../etc/passwd", "\0"])
def test_only_zones_of_the_world_are_zones(name: str) -> None:
    assert [flaw.what for flaw in zone_flaws(name)] == ["is not a time zone"]
    assert list(zone_flaws("America/Argentina/Buenos_Aires")) == []
