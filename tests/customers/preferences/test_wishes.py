"""Wishes as values: what they may be, how they are told, and when somebody may be called."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.customers.preferences.calling import may_be_called, next_time
from app.customers.preferences.catalogue import BY_NAME, CATALOGUE, hours_of, wish_faults
from app.customers.preferences.telling import LANGUAGES, said

EVENING = [{"opens": "18:00", "closes": "20:00"}]
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
HOURS = {
    "time_zone": "Asia/Shanghai",
    "weekly": {**dict.fromkeys(WORKDAYS, EVENING), "saturday": [{"opens": "22:00", "closes": "24:00"}]},
}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("channels", ["sms", "fax"], "value.1"),
        ("channels", ["sms", "sms"], "value.1"),
        ("channels", [], "value"),
        ("channels", "sms", "value"),
        ("channels", [["sms"]], "value"),
        ("statements", "parchment", "value"),
        ("statements", ["paper"], "value"),
        ("not_at_work", "yes", "value"),
        ("not_at_work", 1, "value"),
        ("not_at_work", None, "value"),
        ("salutation", "x" * 101, "value"),
        ("salutation", " ", "value"),
        ("salutation", "Dr\nWang", "value"),
        ("salutation", "4111 1111 1111 1111", "value"),
        ("written_language", "klingon language", "value"),
        ("call_hours", {"time_zone": "Asia/Shanghai"}, "value"),
        ("call_hours", {"time_zone": "Mars/Olympus", "weekly": {"monday": EVENING}}, "value.time_zone"),
        ("call_hours", {"time_zone": "UTC", "weekly": {"someday": EVENING}}, "value.weekly.someday"),
        ("call_hours", {"time_zone": "UTC", "weekly": {}}, "value.weekly"),
        (
            "call_hours",
            {"time_zone": "UTC", "weekly": {"monday": [{"opens": "20:00", "closes": "18:00"}]}},
            "value.weekly.monday.0.closes",
        ),
        ("call_hours", {"time_zone": "UTC", "weekly": {"monday": EVENING}, "until": 1}, "value"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_name(name: str, value: Any, where: str) -> None:
    assert [fault["where"] for fault in wish_faults(BY_NAME[name], value, "value")] == [where]


def test_every_kind_of_wish_is_named_in_every_language() -> None:
    for wish in CATALOGUE:
        assert set(wish.title) == set(LANGUAGES)
        assert all(set(words) == set(LANGUAGES) for words in wish.values.values())


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("salutation", "王女士", "Addressed as: 王女士", "称呼：王女士"),
        ("channels", ["sms", "voice"], "Reached by: text message, then telephone", "首选联系方式：短信，其次电话"),
        ("accessibility", ["deaf", "braille"], "Needs: deaf, braille", "无障碍需求：失聪、盲文"),
        ("not_at_work", True, "Not to be called at work", "请勿致电工作单位"),
        ("written_language", "zh-hant", "Written to in: zh-Hant", "书面语言：zh-Hant"),
        (
            "call_hours",
            HOURS,
            "To be called: Mon–Fri 18:00–20:00, Sat 22:00–24:00 (Asia/Shanghai)",
            "可致电时间：周一至周五 18:00–20:00、周六 22:00–24:00（Asia/Shanghai）",
        ),
    ],
)
def test_a_wish_is_told_in_a_few_words(name: str, value: Any, english: str, chinese: str) -> None:
    assert wish_faults(BY_NAME[name], value, "value") == []
    assert said(BY_NAME[name], value) == {"en": english, "zh": chinese}


def test_a_wish_that_is_off_says_nothing() -> None:
    assert said(BY_NAME["not_at_work"], False) is None


@pytest.mark.parametrize(
    ("at", "may", "then"),
    [
        (datetime(2026, 11, 27, 17, 59, tzinfo=SHANGHAI), False, datetime(2026, 11, 27, 18, tzinfo=SHANGHAI)),
        (datetime(2026, 11, 27, 18, 0, tzinfo=SHANGHAI), True, datetime(2026, 11, 28, 22, tzinfo=SHANGHAI)),
        (datetime(2026, 11, 28, 23, 59, tzinfo=SHANGHAI), True, datetime(2026, 11, 30, 18, tzinfo=SHANGHAI)),
        (datetime(2026, 11, 29, 19, 0, tzinfo=SHANGHAI), False, datetime(2026, 11, 30, 18, tzinfo=SHANGHAI)),
        (datetime(2026, 11, 27, 10, 30, tzinfo=ZoneInfo("UTC")), True, datetime(2026, 11, 28, 22, tzinfo=SHANGHAI)),
    ],
)
def test_somebody_is_called_within_their_hours_by_their_own_clock(at: datetime, may: bool, then: datetime) -> None:
    hours = hours_of(HOURS)
    assert (may_be_called(hours, at), next_time(hours, at)) == (may, then)
