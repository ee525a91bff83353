"""Clauses as data, and what can be wrong with them: a table of agreements."""

from datetime import date
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from app.customers.agreements.clauses import (
    Allowance,
    Channels,
    Clause,
    FeeWaiver,
    FieldVisits,
    NamedManager,
    Open,
    ResponseTime,
    ServiceHours,
    clauses_of,
    flaws,
    records,
    week_seconds,
    zone_known,
)


def hours(id: str = "1", **weekly: tuple[Open, ...]) -> ServiceHours:  # noqa: A002
    return ServiceHours(id=id, text="served", weekly=weekly)


NINE_TO_FIVE = hours(monday=(Open("09:00", "17:00"),))


def response(seconds: int, counted: Any = "service_hours") -> ResponseTime:
    return ResponseTime(id="2", text="soon", seconds=seconds, counted=counted)


@pytest.mark.parametrize(
    ("clauses", "wrong"),
    [
        ([], []),
        ([NINE_TO_FIVE, response(3600)], []),
        ([response(3600, "always")], []),
        ([FeeWaiver(id="1", text="t", fee="transfer")], []),
        ([FeeWaiver(id="1", text="t", fee="transfer", count=2, per="year")], []),
        ([hours(monday=(Open("13:00", "24:00"), Open("00:00", "13:00")))], []),
        ([NINE_TO_FIVE, Channels(id="1", text="t", channels=("voice",))], [(1, "id")]),
        ([NINE_TO_FIVE, hours("2", monday=(Open("09:00", "10:00"),))], [(1, "kind")]),
        ([NamedManager(id=n, text="t", manager="Li") for n in "12"], [(1, "kind")]),
        ([response(3600)], [(0, "counted")]),
        ([NINE_TO_FIVE, response(27 * 8 * 3600)], [(1, "seconds")]),
        ([FeeWaiver(id="1", text="t", fee="transfer", count=2)], [(0, "per")]),
        ([FeeWaiver(id="1", text="t", fee="transfer", per="year")], [(0, "count")]),
        ([FieldVisits(id="1", text="t", count=-1, per="year")], [(0, "count")]),
        ([Allowance(id="1", text="t", of="contacts", count=0, per="year")], [(0, "count")]),
        ([hours()], [(0, "weekly")]),
        ([hours(monday=())], [(0, "weekly")]),
        ([hours(someday=(Open("09:00", "10:00"),))], [(0, "weekly", "someday")]),
        ([hours(monday=(Open("9", "10"),))], [(0, "weekly", "monday", 0)]),
        ([hours(monday=(Open("09:00", "10"),))], [(0, "weekly", "monday", 0)]),
        ([hours(monday=(Open("09:00", "09:00"),))], [(0, "weekly", "monday", 0, "closes")]),
        ([hours(monday=(Open("00:00", "01:00"),))], []),
        ([FieldVisits(id="1", text="t", count=1, per="year")], []),
        ([NINE_TO_FIVE, response(13 * 8 * 3600)], []),
        ([NINE_TO_FIVE, response(13 * 8 * 3600 + 1)], [(1, "seconds")]),
        ([FieldVisits(id=n, text="t", count=1, per="year") for n in "12"], []),
        ([NINE_TO_FIVE, *(replace(response(60), id=f"r{n}") for n in range(10)), response(60, "always")], []),
        ([NINE_TO_FIVE, *(replace(response(60), id=f"r{n}") for n in range(12))], [(11, "counted"), (12, "counted")]),
        ([hours(monday=(Open("18:00", "02:00"),))], [(0, "weekly", "monday", 0, "closes")]),
        ([hours(monday=(Open("09:00", "12:00"), Open("11:59", "13:00")))], [(0, "weekly", "monday", 1, "opens")]),
    ],
)
def test_what_is_wrong_with_clauses(clauses: list[Clause], wrong: list[tuple[str | int, ...]]) -> None:
    found = list(flaws(clauses))
    assert [flaw.where for flaw in found] == wrong
    assert all(flaw.what and flaw.accepted for flaw in found)


@pytest.mark.parametrize("opened", [Open("9", "10:00"), Open("ab:cd", "10:00"), Open("10:00", "9")])
def test_times_that_are_none_are_told_also_where_a_clause_counts_by_them(opened: Open) -> None:
    where = [flaw.where for flaw in flaws([hours(monday=(opened,)), response(3600)])]
    assert where == [(0, "weekly", "monday", 0), (1, "seconds")]


def test_clauses_come_back_as_they_were_kept() -> None:
    clauses: list[Clause] = [
        ServiceHours(id="1", text="t", weekly={"monday": (Open("09:00", "10:00"),)}, closed_on=(date(2026, 10, 1),)),
        response(3600),
        Allowance(id="3", text="three calls", of="contacts", count=3, per="quarter", only_channels=("voice",)),
    ]
    assert clauses_of(records(clauses)) == clauses


def test_a_named_manager_is_told_at_once_unless_a_time_is_given() -> None:
    assert clauses_of([{"kind": "named_manager", "id": "1", "text": "t", "manager": "Li"}]) == [
        NamedManager(id="1", text="t", manager="Li", seconds=0)
    ]


@pytest.mark.parametrize("kept", [{"kind": "poetry", "id": "1", "text": "t"}, {"kind": "allowance", "id": "1"}, 7])
def test_what_is_no_clause_is_told(kept: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        clauses_of([kept])


def test_a_week_of_hours() -> None:
    assert week_seconds(hours(monday=(Open("00:00", "24:00"),), friday=(Open("09:00", "09:30"),))) == 86_400 + 1_800


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Asia/Shanghai", True),
        ("UTC", True),
        ("Asia/Nowhere", False),
        ("", False),
        ("../etc/passwd", False),
        ("localtime", False),
        ("Factory", False),
        ("'; drop table agreements; --", False),
    ],
)
def test_time_zones(name: str, known: bool) -> None:
    assert zone_known(name) is known
