"""Business hours: holidays, working weekends, exceptions, changing clocks; held against a definition by the minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.routing.hours.calendar import DAY, Change, Hours, Interval, Opening, SpecialDay
from app.routing.hours.form import WEEKDAYS
from app.routing.hours.public_holidays import countries, public_days, subdivisions

SPLIT = (Interval(8 * 60 + 30, 12 * 60), Interval(13 * 60 + 30, 18 * 60))
SATURDAY = (Interval(9 * 60, 12 * 60),)
BANK = (SPLIT, SPLIT, SPLIT, SPLIT, (Interval(8 * 60 + 30, 16 * 60),), SATURDAY, SATURDAY)
MIDNIGHT = 24 * 60
ALL_DAY = (Interval(0, MIDNIGHT),)
CHINA = Hours(time_zone="Asia/Shanghai", weekly=BANK, country="CN")
BAVARIA = Hours(time_zone="Europe/Berlin", weekly=BANK, country="DE", subdivision="BY")


def at(zone: str, text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def in_china(text: str) -> float:
    return at("Asia/Shanghai", text)


def in_berlin(text: str, fold: int = 0) -> float:
    return at("Europe/Berlin", text, fold)


def days_off(country: str, subdivision: str | None, year: int) -> set[str]:
    return {day.isoformat() for day in public_days(country, subdivision, year).off}


# ----------------------------------------------------------------------------------------------------------- China


def test_chinas_days_off_in_2026_are_those_of_the_notice_of_the_state_council() -> None:
    """Its seven spans: 1-3 Jan, 15-23 Feb, 4-6 Apr, 1-5 May, 19-21 Jun, 25-27 Sep, 1-7 Oct."""
    spans = [(1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7)]
    wanted = {date(2026, month, day).isoformat() for month, first, last in spans for day in range(first, last + 1)}
    assert days_off("CN", None, 2026) == wanted


def test_chinas_working_weekends_follow_the_weekday_that_they_make_up_for() -> None:
    worked = {day.isoformat(): WEEKDAYS[weekday] for day, weekday in public_days("CN", None, 2026).worked.items()}
    assert worked == {
        "2026-01-04": "friday", "2026-02-14": "friday", "2026-02-28": "monday", "2026-05-09": "tuesday",
        "2026-09-20": "tuesday", "2026-10-10": "wednesday",
    }  # fmt: skip
    sunday_for_a_tuesday, saturday_for_a_friday = date(2026, 9, 20), date(2026, 2, 14)
    assert CHINA.plan(sunday_for_a_tuesday) == ("worked_weekend", None, SPLIT)
    assert CHINA.plan(saturday_for_a_friday).open == BANK[4]
    assert CHINA.open_at(in_china("2026-09-20T17:59:59"))
    assert CHINA.plan(date(2026, 9, 19)) == ("weekly", None, SATURDAY)


def test_the_week_of_the_national_day_is_closed_and_says_why() -> None:
    for day in range(1, 8):
        noon = in_china(f"2026-10-0{day}T10:00")
        assert not CHINA.open_at(noon)
        assert (CHINA.plan(date(2026, 10, day)).name or "").startswith("National Day")
    eve = in_china("2026-09-30T18:00")
    assert CHINA.plan(date(2026, 9, 30)) == ("weekly", None, SPLIT)
    assert CHINA.next_change(eve) == Change(in_china("2026-10-08T08:30"), "opens")


def test_the_saturday_after_the_national_day_is_worked() -> None:
    assert CHINA.openings(in_china("2026-10-10T00:00"), in_china("2026-10-11T00:00")) == [
        Opening(in_china("2026-10-10T08:30"), in_china("2026-10-10T12:00")),
        Opening(in_china("2026-10-10T13:30"), in_china("2026-10-10T18:00")),
    ]


def test_what_is_not_announced_yet_is_a_matter_of_exceptions() -> None:
    worked = SpecialDay(date(2030, 2, 9), "Works for Spring Festival", SPLIT)
    hours = Hours(time_zone="Asia/Shanghai", weekly=BANK, country="CN", exceptions=(worked,))
    assert public_days("CN", None, 2030).worked == {}
    assert hours.open_at(in_china("2030-02-09T15:00"))


# --------------------------------------------------------------------------------------------------------- Germany


def test_bavaria_has_holidays_that_germany_has_not() -> None:
    assert days_off("DE", "BY", 2026) - days_off("DE", None, 2026) == {"2026-01-06", "2026-06-04", "2026-11-01"}
    corpus_christi = in_berlin("2026-06-04T10:00")
    assert not BAVARIA.open_at(corpus_christi)
    assert BAVARIA.plan(date(2026, 6, 4)) == ("holiday", "Corpus Christi", ())
    assert Hours(time_zone="Europe/Berlin", weekly=BANK, country="DE").open_at(corpus_christi)


def test_saturdays_beside_a_german_holiday_are_saturdays() -> None:
    assert BAVARIA.plan(date(2026, 4, 3)) == ("holiday", "Good Friday", ())
    assert BAVARIA.open_at(in_berlin("2026-04-04T10:00"))


def test_each_country_has_a_calendar() -> None:
    """But islands where nobody lives, and Ukraine, which has suspended its holidays under martial law."""
    without = {"BV", "HM", "IO", "UA"}
    assert {code for code in countries() if not public_days(code, None, 2026).off} == without
    for code in set(countries()) - without:
        assert all(public_days(code, subdivision, 2026).off for subdivision in subdivisions(code)[:1])


@pytest.mark.parametrize("variable", ["LANGUAGE", "LC_ALL", "LANG"])
def test_the_language_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    before = {code: public_days(code, None, 2026) for code in ("CN", "DE", "IN", "GB")}
    monkeypatch.setenv(variable, "th")
    public_days.cache_clear()
    assert {code: public_days(code, None, 2026) for code in before} == before


def test_a_calendar_that_this_release_does_not_know_has_no_days() -> None:
    assert public_days("ZZ", None, 2026) == public_days("DE", "ZZ", 2026) == ({}, {})


# ------------------------------------------------------------------------------------------------------ exceptions


def test_an_exception_beats_the_holiday_and_the_working_weekend() -> None:
    short, training = SpecialDay(date(2026, 10, 1), "Emergency desk", SATURDAY), SpecialDay(date(2026, 10, 10), "Move")
    hours = Hours(time_zone="Asia/Shanghai", weekly=BANK, country="CN", exceptions=(short, training))
    assert hours.open_at(in_china("2026-10-01T09:00"))
    assert not hours.open_at(in_china("2026-10-01T12:00"))
    assert not hours.open_at(in_china("2026-10-10T10:00"))
    told = [hours.plan(date(2026, 10, day)) for day in (1, 10, 12)]
    assert told == [("exception", "Emergency desk", SATURDAY), ("exception", "Move", ()), ("weekly", None, SPLIT)]


# ---------------------------------------------------------------------------------------------------------- clocks


def night(*intervals: tuple[int, int], zone: str = "Europe/Berlin") -> Hours:
    return Hours(time_zone=zone, weekly=(tuple(Interval(*each) for each in intervals),) * 7)


def seconds_open(hours: Hours, start: float, end: float) -> float:
    return sum(closes - opens for opens, closes in hours.openings(start, end))


def test_an_hour_that_is_leapt_over_does_not_happen() -> None:
    """29 March 2026, 02:00 becomes 03:00."""
    start, end = in_berlin("2026-03-29T00:00"), in_berlin("2026-03-30T00:00")
    assert night((130, 160)).openings(start, end) == []
    assert night((60, 150)).openings(start, end) == [Opening(in_berlin("2026-03-29T01:00"), start + 2 * 3600)]
    assert night((150, 240)).openings(start, end) == [Opening(start + 2 * 3600, in_berlin("2026-03-29T04:00"))]
    assert seconds_open(night((0, MIDNIGHT)), start, end) == 23 * 3600


def test_an_hour_that_the_clocks_show_twice_happens_twice() -> None:
    """25 October 2026, 03:00 becomes 02:00."""
    start, end = in_berlin("2026-10-25T00:00"), in_berlin("2026-10-26T00:00")
    assert night((120, 150)).openings(start, end) == [
        Opening(in_berlin("2026-10-25T02:00"), in_berlin("2026-10-25T02:30")),
        Opening(in_berlin("2026-10-25T02:00", fold=1), in_berlin("2026-10-25T02:30", fold=1)),
    ]
    assert seconds_open(night((60, 240)), start, end) == 4 * 3600
    assert seconds_open(night((0, MIDNIGHT)), start, end) == 25 * 3600
    second = night((120, 150)).next_change(in_berlin("2026-10-25T02:30"))
    assert second == Change(in_berlin("2026-10-25T02:00", fold=1), "opens")


def test_a_day_of_the_time_zone_has_its_own_length() -> None:
    """Also where summer time begins at midnight, which then does not exist."""
    assert [sum(b - a for a, b in night((0, MIDNIGHT)).openings_on(date(2026, month, day))) / 3600
            for month, day in ((3, 28), (3, 29), (10, 25))] == [24, 23, 25]  # fmt: skip
    cairo = night((0, 90), zone="Africa/Cairo")
    [opening] = cairo.openings_on(date(2026, 4, 24))
    assert opening == Opening(at("Africa/Cairo", "2026-04-24T01:00"), at("Africa/Cairo", "2026-04-24T01:30"))


def test_hours_that_never_change_have_no_next_change() -> None:
    assert night((0, MIDNIGHT)).next_change(0.0) is None
    assert night().next_change(0.0) is None
    assert night((0, MIDNIGHT)).open_at(-1.5)
    assert seconds_open(night((0, MIDNIGHT)), 10, 5) == 0


@pytest.mark.parametrize(("days", "foreseen"), [(1, True), (399, True), (400, False)])
def test_the_only_opening_of_a_year_is_foreseen_for_400_days(days: int, foreseen: bool) -> None:
    day = date(2026, 1, 1) + timedelta(days=days)
    hours = Hours(time_zone="UTC", weekly=((),) * 7, exceptions=(SpecialDay(day, "Fair", ALL_DAY),))
    opens = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    assert hours.next_change(at("UTC", "2026-01-01T00:00")) == (Change(opens, "opens") if foreseen else None)


# ------------------------------------------------------------------------------------- against the plain definition

ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo", "UTC")


def by_definition(hours: Hours, instant: float) -> bool:
    """What the clocks on the wall show lies within the hours of the date that they show."""
    wall = datetime.fromtimestamp(instant, ZoneInfo(hours.time_zone))
    minute = wall.hour * 60 + wall.minute
    return any(opens <= minute < closes for opens, closes in hours.plan(wall.date()).open)


@st.composite
def open_times(draw: st.DrawFn) -> tuple[Interval, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 48), max_size=6)))
    return tuple(Interval(a * 30, b * 30) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    weekly = tuple(draw(st.lists(open_times(), min_size=7, max_size=7)))
    dates = draw(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3))
    exceptions = tuple(SpecialDay(day, "Special", draw(open_times())) for day in sorted(dates))
    country = draw(st.sampled_from([None, "CN", "DE"]))
    return Hours(time_zone=draw(st.sampled_from(ZONES)), weekly=weekly, country=country, exceptions=exceptions)


ANY_MINUTE = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 28)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)
NEAR_CHANGES = st.sampled_from([datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)])


@given(hours=any_hours(), start=ANY_MINUTE | NEAR_CHANGES)
@settings(max_examples=60, deadline=None)
def test_it_is_open_as_a_definition_by_the_minute_says(hours: Hours, start: datetime) -> None:
    first = start.timestamp()
    for minute in range(36 * 60):
        instant = first + minute * 60
        assert hours.open_at(instant) == by_definition(hours, instant), instant
        assert hours.open_at(instant + 59.999) == by_definition(hours, instant), instant
    truly = 60.0 * sum(by_definition(hours, first + minute * 60) for minute in range(36 * 60))
    assert seconds_open(hours, first, first + 36 * 3600) == truly


@given(hours=any_hours(), start=ANY_MINUTE | NEAR_CHANGES, later=st.floats(0, 59.9))
@example(CHINA, datetime(2026, 9, 30, 9, 59, tzinfo=UTC), 0.0)
@settings(max_examples=60, deadline=None)
def test_the_next_change_is_the_first_one(hours: Hours, start: datetime, later: float) -> None:
    instant = start.timestamp() + later
    now, minute = by_definition(hours, instant), start
    found = hours.next_change(instant)
    for _ in range(3 * 24 * 60):
        minute += timedelta(minutes=1)
        if by_definition(hours, minute.timestamp()) != now:
            assert found == Change(minute.timestamp(), "closes" if now else "opens")
            return
    assert found is None or found.instant > minute.timestamp()


@given(hours=any_hours(), start=ANY_MINUTE)
@settings(max_examples=40, deadline=None)
def test_what_is_remembered_does_not_change_the_answers(hours: Hours, start: datetime) -> None:
    """Asked in any order, also backwards, and afresh."""
    instants = [start.timestamp() + step * 40_000 for step in (0, 3, 1, 7, -5, 2)]
    fresh = [Hours(**{name: getattr(hours, name) for name in hours.__struct_fields__}) for _ in instants]
    for value, instant in zip(fresh, instants, strict=True):
        assert hours.next_change(instant) == value.next_change(instant)
        assert hours.open_at(instant) == value.open_at(instant)


def test_it_remembers_no_more_than_it_must() -> None:
    for day in range(3_000):
        CHINA.open_at(in_china("2020-01-01T00:00") + day * DAY)
    assert len(CHINA._memory.days) <= 1_000
