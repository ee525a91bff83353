"""The demo bank's past."""

from collections import Counter, defaultdict
from datetime import timedelta

import msgspec
import pytest

from app.agents.presence import TRANSITIONS, AgentState
from app.demo.bank import AGENTS
from app.demo.clients import demo_customers
from app.demo.history import (
    ENTRY_COLUMNS,
    EVENT_COLUMNS,
    INTERACTION_COLUMNS,
    VISIT_COLUMNS,
    PastCall,
    PastDay,
    past_days,
    past_events,
)
from app.demo.shifts import Change

NOW = 1_795_000_000.0
CUSTOMERS = demo_customers(300)
AT = {name: place for place, name in enumerate(INTERACTION_COLUMNS)}


@pytest.fixture(scope="module")
def days() -> list[PastDay]:
    return list(past_days(CUSTOMERS, NOW, days=14))


@pytest.fixture(scope="module")
def calls(days: list[PastDay]) -> list[PastCall]:
    return [call for day in days for call in day.calls]


def test_the_same_days_give_the_same_calls_and_shifts_whenever_they_are_told(days: list[PastDay]) -> None:
    last_days = list(past_days(CUSTOMERS, NOW, days=3))
    assert last_days == days[-len(last_days) :]


def test_a_journal_is_numbered_in_order_of_time_and_ends_with_nobody_there(days: list[PastDay]) -> None:
    rows = list(past_events("main", days))
    assert {len(row) for row in rows} == {len(EVENT_COLUMNS)}
    assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
    moments = [row[2].timestamp() for row in rows]
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    last = {row[5]: msgspec.json.decode(row[6])["agent"]["state"] for row in rows if row[3] == "agent.state"}
    assert set(last.values()) == {"logged_off"}
    assert len(last) == len(AGENTS)


def test_an_agents_changes_follow_the_table_of_presence(days: list[PastDay]) -> None:
    told: dict[str, list[Change]] = defaultdict(list)
    for change in sorted((change for day in days for change in day.changes), key=lambda change: change.at):
        if change.state is not None:
            told[change.agent].append(change)
    for changes in told.values():
        before = AgentState.LOGGED_OFF
        for change in changes:
            after = AgentState(str(change.state))
            assert after in TRANSITIONS[before].values(), (before, change)
            before = after


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
