"""The demo bank's past."""

from collections import Counter
from datetime import timedelta

import pytest

from app.demo.clients import demo_customers
from app.demo.history import (
    ENTRY_COLUMNS,
    INTERACTION_COLUMNS,
    VISIT_COLUMNS,
    PastCall,
    past_calls,
)

NOW = 1_795_000_000.0
CUSTOMERS = demo_customers(300)
AT = {name: place for place, name in enumerate(INTERACTION_COLUMNS)}


@pytest.fixture(scope="module")
def calls() -> list[PastCall]:
    return list(past_calls(CUSTOMERS, NOW, days=14))


def test_the_same_days_give_the_same_calls_whenever_they_are_told(calls: list[PastCall]) -> None:
    last_days = list(past_calls(CUSTOMERS, NOW, days=3))
    assert last_days == calls[-len(last_days) :]


def test_all_rows_fit_their_columns_and_lie_in_the_past(calls: list[PastCall]) -> None:
    for call in calls:
        assert len(call.interaction) == len(INTERACTION_COLUMNS)
        assert {len(entry) for entry in call.entries} == {len(ENTRY_COLUMNS)}
        assert len(call.visit) == len(VISIT_COLUMNS)
        assert call.interaction[AT["started_at"]].timestamp() < NOW - 800
        assert call.interaction[AT["id"]].version == 7


def test_days_have_a_profile(calls: list[PastCall]) -> None:
    local = [call.interaction[AT["started_at"]] + timedelta(hours=8) for call in calls]
    hours = Counter(at.hour for at in local)
    assert hours[10] > 5 * hours[3]
    weekdays = Counter(at.weekday() for at in local)
    assert weekdays[0] > weekdays[6] * 1.5
    assert 2000 < len(calls) < 4500


def test_most_are_answered_and_every_answered_one_says_by_whom_and_how(calls: list[PastCall]) -> None:
    outcomes = Counter(call.interaction[AT["outcome"]] for call in calls)
    assert outcomes["answered"] > 10 * outcomes["abandoned"] > 0
    for call in calls:
        row = call.interaction
        answered = row[AT["outcome"]] == "answered"
        assert answered == (row[AT["agent_id"]] is not None) == (row[AT["wrap_up_code"]] is not None)


def test_regulars_call_often(calls: list[PastCall]) -> None:
    callers = Counter(call.interaction[AT["customer_id"]] for call in calls)
    assert callers.most_common(2)[1][1] > 2 * len(calls) / len(CUSTOMERS)
