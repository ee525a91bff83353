"""Conditions: what they may say, every fault in plain words, and what they come to."""

from math import isnan
from typing import Any

import pytest

from app.customers.usage.conditions import FUNCTIONS, condition_faults, holds, read, told
from app.customers.usage.windows import EMPTY, Measured, Window, seconds_of

HOUR, DAY = 3_600.0, 86_400.0
NOBODY: dict[str, Any] = {"tier": "", "kind": "person", "language": "", "segments": []}


def faults(source: str) -> list[str]:
    return [each["what"] for each in condition_faults(source)]


@pytest.mark.parametrize(
    "source",
    [
        "count('login.failed', '1h') >= 3",
        "absent('card.used', '60d')",
        "trend('balance', '90d') < -0.5",
        "last('balance', '30d') < 100.0 && customer.tier == 'gold'",
        "sum('transfer.out', '1d') > 10.0 * average('transfer.out', '90d') || most('transfer.out', '1h') >= 5e4",
        "count('card.used', '30d') * 2 < count('card.used', '60d') && 'vip' in customer.segments",
        "double(count('login.failed', '1w')) / double(count('login', '1w')) > 0.5",
    ],
)
def test_what_a_rule_may_say(source: str) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "is 0 characters long"),
        ("true", "looks at no usage"),
        ("count('login.failed', '1h')", "gives a whole number, and true or false is needed"),
        ("count('login.failed', '1x') > 1", "count needs a window"),
        ("count('login.failed', '400d') > 1", "count needs a window"),
        ("count('Login Failed', '1h') > 1", "count needs a kind of event"),
        ("count('login.failed') > 1", "count needs a kind of event and a window"),
        ("count('login.failed', 60) > 1", "count needs a window"),
        ("count('login.failed', customer.tier) > 1", "count needs a window"),
        ("count(7, '1h') > 1", "count needs a kind of event"),
        ("['a', 'b'].exists(k, count(k, '1h') > 1)", "count needs a kind of event"),
        ("amount('login.failed', '1h') > 1", "amount is no function; there are absent, average"),
        ("count('login.failed', '1h') > 'three'", "a number is compared with a text"),
        ("count('login.failed', '1h') > 3 && custmer.tier == 'x'", "refers to 'custmer', which is none of customer"),
        ("count('login.failed', '1h') > 3 && customer.teir == 'x'", "did you mean tier?"),
        ("count('login.failed', '1h') >= ", "ends too early"),
        ("!" * 900 + "(count('login.failed', '1h') > 1)", "joins more than 200 parts in a row"),
        ("count('login.failed', '1h') > 1" + "+1" * 480, "joins more than 200 parts in a row"),
    ],
)
def test_what_is_wrong_is_told_in_plain_words(source: str, told: str) -> None:
    assert told in faults(source)[0]


def test_all_faults_are_told_at_once() -> None:
    assert len(faults("count('A', '1h') > 1 || sum('b', '9') > 'x' || custom.tier")) == 3


def test_too_many_windows_are_refused() -> None:
    assert faults(" || ".join(f"absent('k{n}', '1d')" for n in range(12))) == []
    assert "looks at 13 windows" in faults(" || ".join(f"absent('k{n}', '1d')" for n in range(13)))[0]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90m", 5_400.0), ("1h", HOUR), ("366d", 366 * DAY), ("52w", 364 * DAY), ("0h", None), ("367d", None),
     ("1.5h", None), ("-1h", None), ("1H", None), ("9999999h", None), ("１h", None)],
)  # fmt: skip
def test_windows(written: str, seconds: float | None) -> None:
    assert seconds_of(written) == seconds


def test_a_condition_holds_by_what_was_measured() -> None:
    asked = read("count('login.failed', '1h') >= 3 && sum('transfer', '1d') > 100")
    measured = {Window("login.failed", HOUR): Measured(events=3), Window("transfer", DAY): Measured(total=100.5)}
    assert holds(asked, measured, NOBODY)
    assert told(asked, measured) == {"count('login.failed', '1h')": 3, "sum('transfer', '1d')": 100.5}
    assert not holds(asked, {}, NOBODY)


@pytest.mark.parametrize(
    ("function", "value"),
    [("count", 4), ("sum", 9.0), ("average", 3.0), ("least", 1.0), ("most", 5.0), ("last", 2.0), ("trend", 1.0)],
)
def test_each_function_is_of_its_window_alone(function: str, value: float) -> None:
    asked = read(f"{function}('a', '30d') == {value}")
    found = Measured(4, 1, total=9.0, average=3.0, least=1.0, most=5.0, last=2.0, early_average=2.0, late_average=4.0)
    assert holds(asked, {Window("a", 30 * DAY): found}, NOBODY)
    assert told(asked, {Window("a", 30 * DAY): found}) == {f"{function}('a', '30d')": value}
    assert not holds(asked, {Window("a", 60 * DAY): found}, NOBODY)


@pytest.mark.parametrize("asks", ["tier == 'gold'", "kind == 'person'", "language == 'zh'", "segments == ['vip']"])
def test_a_condition_may_ask_who_the_customer_is(asks: str) -> None:
    source = f"count('a', '1h') > 0 && customer.{asks}"
    assert faults(source) == []
    somebody = {"tier": "gold", "kind": "person", "language": "zh", "segments": ["vip"]}
    measured = {Window("a", HOUR): Measured(events=1)}
    assert holds(read(source), measured, somebody)
    assert not holds(read(source), measured, {**NOBODY, "kind": "company"})


def test_absence_is_of_what_was_there_before() -> None:
    asked = read("absent('card.used', '60d')")
    [window] = asked.windows
    assert window.seconds == 120 * DAY
    assert holds(asked, {window: Measured(events=1)}, NOBODY)
    assert not holds(asked, {window: Measured(events=2, late_events=1)}, NOBODY)
    assert not holds(asked, {}, NOBODY)


@pytest.mark.parametrize(
    ("early", "late", "trend"), [(100.0, 50.0, -0.5), (-100.0, -150.0, -0.5), (0.0, 0.0, 0.0), (50.0, 75.0, 0.5)]
)
def test_a_trend_is_the_later_half_against_the_earlier(early: float, late: float, trend: float) -> None:
    assert Measured(early_average=early, late_average=late).trend == trend


@pytest.mark.parametrize("function", ["last", "average", "least", "most", "trend"])
@pytest.mark.parametrize("comparison", ["< 5.0", "> 5.0", "<= 5.0", "== 5.0"])
def test_what_cannot_be_told_lets_no_comparison_hold(function: str, comparison: str) -> None:
    asked = read(f"{function}('balance', '30d') {comparison}")
    without_value = {Window("balance", 30 * DAY): Measured(events=1)}
    assert not holds(asked, without_value, NOBODY)
    assert list(told(asked, without_value).values()) == [None]


def test_what_cannot_be_told_leaves_the_other_way_open() -> None:
    asked = read("last('balance', '30d') < 5.0 || count('login.failed', '1h') >= 3")
    assert holds(asked, {Window("login.failed", HOUR): Measured(events=3)}, NOBODY)


def test_a_division_by_nothing_does_not_hold() -> None:
    asked = read("count('a', '1h') / count('b', '1h') >= 1")
    assert not holds(asked, {Window("a", HOUR): Measured(events=3)}, NOBODY)


def test_who_uses_nothing_of_what_it_asks_for_is_no_concern_of_it() -> None:
    asked = read("count('a', '1h') < 3")
    assert not holds(asked, {Window("b", HOUR): Measured(events=1)}, NOBODY)
    assert holds(asked, {Window("a", HOUR): Measured(events=1)}, NOBODY)


@pytest.mark.parametrize(
    ("source", "ages"),
    [
        ("count('a', '1h') >= 3", []),
        ("3 < count('a', '1h') && customer.tier == 'gold'", []),
        ("count('a', '1h') > 3 || 3 <= count('b', '1h')", []),
        ("count('a', '1h') < 3", [HOUR]),
        ("3 > count('a', '1h')", [HOUR]),
        ("3 >= count('a', '1h')", [HOUR]),
        ("!(count('a', '1h') >= 3)", [HOUR]),
        ("count('a', '1h') > count('a', '1d')", [HOUR, DAY]),
        ("absent('a', '60d') || count('a', '1h') >= 3", [60 * DAY]),
        ("absent('a', '60d')", [60 * DAY]),
        ("!absent('a', '60d') && count('b', '1h') >= 1", [60 * DAY, 120 * DAY]),
        ("trend('a', '2d') < -0.5", [DAY, 2 * DAY]),
        ("sum('a', '1h') > 5", [HOUR]),
    ],
)
def test_what_may_come_to_hold_by_time_passing_is_known(source: str, ages: list[float]) -> None:
    assert [crossing.seconds for crossing in read(source).crossings] == ages


def test_what_is_missed_no_longer_is_looked_at_when_the_last_of_it_is_too_old_to_be_missed() -> None:
    asked = read("!absent('a', '60d') && count('b', '1h') >= 1")
    of_a, of_b = Window("a", 120 * DAY), {Window("b", HOUR): Measured(events=1)}
    assert not holds(asked, {of_a: Measured(events=1), **of_b}, NOBODY)
    assert holds(asked, of_b, NOBODY)
    assert of_a in asked.crossings


def test_a_condition_is_a_thousand_characters_long_at_most() -> None:
    source = "count('a', '1h') > 1"
    assert faults(source.ljust(1000)) == []
    assert faults(source.ljust(1001)) == ["is 1001 characters long"]


@pytest.mark.parametrize(("early", "late"), [(None, 5.0), (5.0, None), (None, None), (0.0, 5.0)])
def test_a_trend_against_nothing_cannot_be_told(early: float | None, late: float | None) -> None:
    assert isnan(Measured(early_average=early, late_average=late).trend)


def test_every_function_is_told_of_nothing() -> None:
    for name in FUNCTIONS:
        assert FUNCTIONS[name].of(EMPTY) in (0, 0.0, False) or name in ("average", "least", "most", "last", "trend")
