"""A period is cut without a gap or a double, by the days and clocks of its own time zone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.reports.intervals import Interval, Period, time_zone

SHANGHAI = time_zone("Asia/Shanghai")
BERLIN = time_zone("Europe/Berlin")
UTC_ZONE = time_zone("UTC")
wall = datetime.fromisoformat  # a moment by the clock of the period's own zone


def lengths(period: Period) -> list[float]:
    """Hours of each interval."""
    return [(b - a) / timedelta(hours=1) for a, b in pairwise(period.edges())]


def test_days_are_those_of_the_time_zone() -> None:
    edges = Period(wall("2026-11-01"), wall("2026-11-03"), Interval.DAY, SHANGHAI).edges()
    assert edges == [datetime(2026, 10, 31, 16, tzinfo=UTC) + timedelta(days=n) for n in range(3)]


@pytest.mark.parametrize(("day", "hours"), [(wall("2026-03-29"), 23), (wall("2026-10-25"), 25)])
def test_a_day_on_which_the_clock_changes_is_one_day(day: datetime, hours: int) -> None:
    assert lengths(Period(day, day + timedelta(days=1), Interval.DAY, BERLIN)) == [hours]
    assert lengths(Period(day, day + timedelta(days=1), Interval.HOUR, BERLIN)) == [1.0] * hours


def test_an_hour_that_the_clock_shows_twice_is_two_intervals() -> None:
    period = Period(wall("2026-10-25T02:00"), wall("2026-10-25T03:00"), Interval.HOUR, BERLIN)
    assert period.edges() == [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1, 2)]


@pytest.mark.parametrize(
    ("zone", "start", "first"),
    [
        ("Asia/Kathmandu", datetime(2026, 5, 1, 0, tzinfo=UTC), datetime(2026, 5, 1, 0, 15, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 5, 1, 0, tzinfo=UTC), datetime(2026, 5, 1, 0, 30, tzinfo=UTC)),
        ("UTC", datetime(2026, 5, 1, 0, 20, tzinfo=UTC), datetime(2026, 5, 1, 1, tzinfo=UTC)),
    ],
)
def test_hours_begin_with_the_local_clock(zone: str, start: datetime, first: datetime) -> None:
    period = Period(start, start + timedelta(hours=3), Interval.HOUR, time_zone(zone))
    assert period.edges()[1] == first
    assert period.edges()[-1] == start + timedelta(hours=3)


def test_a_day_that_a_place_left_out_is_not_an_interval() -> None:
    apia = time_zone("Pacific/Apia")
    assert lengths(Period(wall("2011-12-29"), wall("2012-01-01"), Interval.DAY, apia)) == [24, 24]


moments = st.datetimes(wall("2010-01-01"), wall("2030-01-01"), timezones=st.just(UTC))
zones = st.sampled_from(
    [
        *["UTC", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe"],
        *["Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"],
    ]
)


@given(moments, st.integers(1, 20 * 86400), st.sampled_from(Interval), zones)
def test_no_instant_is_left_out_or_counted_twice(start: datetime, seconds: int, interval: Interval, zone: str) -> None:
    end = start + timedelta(seconds=seconds)
    edges = Period(start, end, interval, time_zone(zone)).edges()
    assert (edges[0], edges[-1]) == (start, end)
    assert all(a < b for a, b in pairwise(edges))
    longest = 26 if interval is Interval.DAY else int(interval.removesuffix("min")) / 60
    assert all(b - a <= timedelta(hours=longest) for a, b in pairwise(edges))


@pytest.mark.parametrize(
    ("start", "end", "where"),
    [
        (wall("2026-01-02"), wall("2026-01-02"), "to"),
        (wall("2026-01-02"), wall("2026-01-01"), "to"),
        (wall("0001-01-01"), wall("2026-01-01"), "from"),
        (wall("2026-01-01"), wall("9999-12-31"), "to"),
        (wall("2000-01-01"), wall("2026-01-01"), "interval"),
    ],
)
def test_a_period_without_sense_is_refused_by_name(start: datetime, end: datetime, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        Period(start, end, Interval.QUARTER, UTC_ZONE)
    [fault] = refused.value.facts["faults"]
    assert fault["where"] == f"query.{where}"
    assert fault["what"] in str(refused.value)
    assert fault["accepted"] in str(refused.value)


@pytest.mark.parametrize("year", [1970, 9001])
def test_a_year_beyond_the_calendars_is_refused_and_the_last_within_is_not(year: int) -> None:
    start, within = datetime(year, 6, 1, tzinfo=UTC), datetime(min(max(year, 1971), 9000), 6, 1, tzinfo=UTC)
    with pytest.raises(Invalid, match=f"from: the year {year} is out of range"):
        Period(start, start + timedelta(days=1), Interval.DAY, UTC_ZONE)
    assert lengths(Period(within, within + timedelta(days=1), Interval.DAY, UTC_ZONE)) == [24]


WIDTHS = {Interval.QUARTER: 0.25, Interval.HALF: 0.5, Interval.HOUR: 1.0, Interval.DAY: 24.0}


@pytest.mark.parametrize("interval", Interval)
def test_a_period_is_cut_into_3000_intervals_of_their_names_width_and_no_more(interval: Interval) -> None:
    start, hours = datetime(2026, 5, 1, tzinfo=UTC), WIDTHS[interval]
    longest = start + 3000 * timedelta(hours=hours)
    assert lengths(Period(start, longest, interval, UTC_ZONE)) == [hours] * 3000
    with pytest.raises(Invalid, match="at most 3000 intervals"):
        Period(start, longest + timedelta(seconds=1), interval, UTC_ZONE)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Asia", "a\x00b", "x" * 5000])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        time_zone(name)
