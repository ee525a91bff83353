"""Looks at customers go by their key, sweeps in order of time, whatever the planner knows of what happened lately."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.customers.usage.looking import _later, _Span
from app.customers.usage.measuring import Asked, measure
from app.customers.usage.models import UsageSweep
from app.customers.usage.sweeping import sweep_page
from app.customers.usage.windows import Window
from app.db.engine import WriteSession
from tests.customers.factories import customer_id
from tests.customers.plans import plan_of
from tests.customers.usage.telling import NOW, event, make_rule, tell

_FILL = text("""
    insert into usage_events (customer_id, kind, counts_at, source, event_id, at, received_at)
    select c.id, 'k', at, 'core', 'e' || n, at, at
    from customers c cross join generate_series(1, 10) n
    cross join lateral (select cast(:now as timestamptz) - n * cast(:step as interval) as at) x""")


@pytest.fixture
async def busy(session: WriteSession) -> WriteSession:
    """Three thousand customers with events of three weeks; then much happens that the planner has not been told of."""
    await session.execute(text("insert into customers (name) select 'N' || n from generate_series(1, 3000) n"))
    await session.execute(_FILL, {"now": NOW - timedelta(days=1), "step": timedelta(hours=48)})
    await session.execute(text("analyze usage_events, customers"))
    await session.execute(_FILL, {"now": NOW, "step": timedelta(seconds=1)})
    return session


@pytest.fixture
async def unknown(session: WriteSession) -> WriteSession:
    """Ten thousand customers with an event each in a month that has just begun, of which the planner knows nothing."""
    await session.execute(text("insert into customers (name) select 'N' || n from generate_series(1, 10000) n"))
    await session.execute(
        text("""
            insert into usage_events (customer_id, kind, counts_at, source, event_id, at, received_at)
            select id, 'k', x.at, 'core', 'e', x.at, x.at
            from customers cross join (select cast(:at as timestamptz) as at) x"""),
        {"at": NOW - timedelta(minutes=1)},
    )
    return session


async def test_in_a_month_that_has_just_begun_each_customer_is_looked_at_by_their_key(unknown: WriteSession) -> None:
    who = await customer_id(unknown)
    windows = measure(unknown, [Asked(who, NOW)] * 50, [Window("k", 3_600.0)])
    since = NOW - timedelta(hours=1)
    for asked in (windows, _later(unknown, [_Span(who, "k", since, NOW)], since, NOW)):
        plan = await plan_of(unknown, asked)
        assert "_pkey on usage_events_2027_01" in plan
        assert "_idx on usage_events_2027_01" not in plan
        assert "Seq Scan on usage_events_2027_01" not in plan


@pytest.mark.parametrize("window", [3_600.0, 20 * 86_400.0])
async def test_windows_are_measured_by_the_customers_key(busy: WriteSession, window: float) -> None:
    who = await customer_id(busy)
    plan = await plan_of(busy, measure(busy, [Asked(who, NOW)] * 50, [Window("k", window)]))
    assert "_pkey on usage_events_2027_01" in plan
    assert "_order_idx" not in plan
    assert "Seq Scan on usage_events_2027_01" not in plan
    assert "usage_events_2027_02" not in plan


async def test_what_crosses_a_window_is_found_in_order_of_time(busy: WriteSession) -> None:
    await make_rule(busy, "absent('k', '1d')")
    (await busy.get_one(UsageSweep, "r")).everybody_after = None
    await busy.flush()
    plan = await plan_of(busy, sweep_page(busy, NOW + timedelta(minutes=1)), place=1)
    assert "usage_events_2027_01_kind_timezone_customer_id_idx" in plan
    assert "Seq Scan on usage_events_2027_01" not in plan


async def test_events_of_many_instants_are_read_by_the_customers_key(busy: WriteSession) -> None:
    who = await customer_id(busy)
    asked = [Asked(who, NOW - timedelta(minutes=n)) for n in range(50)]
    plan = await plan_of(busy, measure(busy, asked, [Window("k", 20 * 86_400.0)]))
    assert "_pkey on usage_events_2027_01" in plan
    assert "_order_idx" not in plan
    assert "Seq Scan on usage_events_2027_01" not in plan


@pytest.mark.parametrize("statement", [4, 5])
async def test_what_follows_late_events_is_found_by_the_customers_key(busy: WriteSession, statement: int) -> None:
    who = await customer_id(busy)
    await make_rule(busy, "count('k', '7d') >= 900")
    await tell(busy, event(who, "k"))
    plan = await plan_of(busy, tell(busy, event(who, "k", NOW - timedelta(minutes=1))), place=statement)
    assert "g.since" in plan
    assert "_pkey on usage_events_2027_01" in plan
    assert "_order_idx" not in plan
    assert "Seq Scan on usage_events_2027_01" not in plan
