"""What looking at customers costs after events of theirs, and that no alert is missed for it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql

from app.core.tasks import Supervisor
from app.customers.usage import measuring, watching
from app.customers.usage.conditions import Condition, holds
from app.customers.usage.looking import MOST_INSTANTS
from app.customers.usage.measuring import Asked, measure
from app.customers.usage.series import Series
from app.customers.usage.windows import Measured, Window
from app.db.engine import WriteSession
from tests.customers.factories import customer_id
from tests.customers.usage.telling import NOW, ago, alerts, event, make_rule, tell

LATE = timedelta(days=2, hours=20)


class Evaluations:
    """Counts what conditions are held, and how many at most before the loop is given back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[str, int] = {}
        self.most, self._since = 0, 0
        monkeypatch.setattr(watching, "holds", self._holds)

    def _holds(self, condition: Condition, here: Mapping[Window, Measured], customer: Mapping[str, Any]) -> bool:
        self.of[condition.source] = self.of.get(condition.source, 0) + 1
        self._since += 1
        self.most = max(self.most, self._since)
        return holds(condition, here, customer)

    async def turn(self) -> None:
        """Whatever else the loop has to do."""
        while True:
            self._since = 0
            await asyncio.sleep(0)


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> Evaluations:
    return Evaluations(monkeypatch)


async def test_a_batch_with_many_rules_gives_the_loop_back(session: WriteSession, evaluations: Evaluations) -> None:
    people = [await customer_id(session, f"N{n}") for n in range(10)]
    for n in range(4):
        await make_rule(session, f"sum('k', '1h') > {1e9 + n}", f"r{n}")
    others = Supervisor()
    others.start("others", evaluations.turn())
    given = [event(who, "k", ago(minutes=n), value=n * place) for place, who in enumerate(people) for n in range(20)]
    await tell(session, *given)
    await others.stop()
    assert sum(evaluations.of.values()) > 500
    assert evaluations.most <= watching.STEPS // watching.EVALUATION


async def test_a_rule_is_held_only_where_events_that_it_asks_for_came(
    session: WriteSession, evaluations: Evaluations
) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, "count('a', '1h') >= 9", "a")
    await make_rule(session, "count('b', '1h') >= 9", "b")
    await tell(session, *(event(one, "a", ago(minutes=n)) for n in range(3)), event(other, "b"))
    assert evaluations.of == {"count('a', '1h') >= 9": 3, "count('b', '1h') >= 9": 1}


async def test_what_windows_came_to_before_is_not_evaluated_again(
    session: WriteSession, evaluations: Evaluations
) -> None:
    people = [await customer_id(session, f"N{n}") for n in range(20)]
    await make_rule(session, "count('k', '1h') >= 9")
    await tell(
        session, *(event(who, "k", ago(minutes=n), value=place) for place, who in enumerate(people) for n in range(3))
    )
    assert evaluations.of == {"count('k', '1h') >= 9": 3}


async def test_a_late_event_is_looked_at_only_as_far_as_each_rules_own_window(
    session: WriteSession, evaluations: Evaluations
) -> None:
    who = await customer_id(session)
    await make_rule(session, "sum('k', '1h') > 1e9", "short")
    await make_rule(session, "sum('k', '30d') > 1e9", "long")
    await tell(session, *(event(who, "k", ago(minutes=10 * n), value=n) for n in range(1, 60)))
    evaluations.of.clear()
    await tell(session, event(who, "k", ago(minutes=595), value=0.5))
    assert evaluations.of["sum('k', '1h') > 1e9"] == 7
    assert evaluations.of["sum('k', '30d') > 1e9"] == MOST_INSTANTS + 1


async def test_late_events_read_each_customers_events_once(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await customer_id(session, f"N{n}") for n in range(4)]
    for n in range(6):
        await make_rule(session, f"count('k', '{n + 1}d') >= 900 || sum('k', '{n + 10}d') > 1e9", f"r{n}")
    await tell(session, *(event(who, "k", ago(hours=n), value=1) for who in people for n in range(1, 47)))
    read, statements = list[int](), list[str]()

    def series(instants: list[datetime], values: list[float | None]) -> Series:
        read.append(len(instants))
        return Series(instants, values)

    monkeypatch.setattr(measuring, "Series", series)
    connection = (await session.connection()).sync_connection
    sql.listen(connection, "before_cursor_execute", lambda _c, _r, statement, *_: statements.append(statement))
    await tell(session, *(event(who, "k", ago(hours=46.5), value=1) for who in people))
    assert read == [47] * 4
    assert sum("array_agg(u.counts_at" in each for each in statements) == 1
    assert not any("as early_average" in each for each in statements)


async def test_an_unrelated_rule_makes_no_late_alert_vanish(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 3", "hour")
    await make_rule(session, "count('k', '7d') >= 900", "week")
    late = NOW - LATE
    await tell(session, *(event(who, "k", late + timedelta(hours=3, minutes=50 * n)) for n in range(76)))
    taken = await tell(session, *(event(who, "k", late + timedelta(minutes=5 * n)) for n in range(3)))
    assert taken.alerts_opened == 1
    [row] = await alerts(session)
    assert (row.rule_id, row.matched_at) == ("hour", late + timedelta(minutes=10))


async def test_late_events_far_apart_do_not_hide_what_follows_each(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 3")
    early, busy = ago(hours=60), [ago(minutes=30 * n) for n in range(2, 90)]
    await tell(session, *(event(who, "k", early + timedelta(minutes=n)) for n in (20, 40)))
    await tell(session, *(event(who, "j", at) for at in busy), *(event(who, "k", at) for at in busy[::2]))
    await tell(session, event(who, "k", early), event(who, "k", ago(hours=44)))
    [row] = await alerts(session)
    assert row.matched_at == early + timedelta(minutes=40)


async def test_what_is_measured_from_events_is_what_the_database_measures(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await customer_id(session)
    values = [None, 3.0, 0.5, None, -7.25, 12.5, 12.5, 1.0, None, 40.0, -3.0]
    told = [event(who, "k", ago(minutes=7 * n), **({} if v is None else {"value": v})) for n, v in enumerate(values)]
    await tell(session, *told)
    asked = [Asked(who, ago(minutes=n)) for n in range(0, 90, 7)]
    windows = [Window("k", seconds) for seconds in (60.0, 420.0, 1_000.0, 3_600.0)]
    folded = await measure(session, asked, windows)
    monkeypatch.setattr(measuring, "FEW", len(asked))
    assert await measure(session, asked, windows) == folded
    assert len(folded) == 11


def test_windows_of_sums_do_not_drift() -> None:
    """What large sums leave behind in floating point must not be taken for money."""
    instants = [ago(hours=n) for n in range(300, 0, -1)]
    series = Series(instants, [0.1 if n % 2 else 1e15 for n in range(300)])
    assert series.measured(ago(hours=1), 3_600.0).total == 0.1
    assert series.measured(ago(hours=301), 3_600.0) == Measured()
