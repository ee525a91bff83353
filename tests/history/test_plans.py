"""A page of a timeline reads a page, however much a customer has; words are found by their index."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.clock import now, utc
from app.db.engine import WriteSession
from app.db.partitions import ensure_partitions, month_of
from app.history.source import Asked
from app.history.timeline import search, spans, timeline
from tests.customers.plans import plan_of
from tests.history.factories import told

MONTHS = 7
PAGE = 20
CONTACTS = 3000
_FILL = text("""
    insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id, customer_id,
                              outcome, wait_seconds, talk_seconds, hold_seconds, note)
    select uuidv7(), at, at + interval '5 min', 'voice', 'inbound', 'pbx', 'c' || n,
           case when n % 2 = 0 then cast(:who as uuid) else uuidv7() end, 'answered', 1, 299, 0,
           case when n % 10 = 0 then '银行卡遗失' end
    from generate_series(1, :n) n
    cross join lateral (select cast(:now as timestamptz) - n * interval '50 min' as at) m""")
_CUSTOMERS_READ = text("""
    select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relname = 'customers'""")
FEW = 10
ANALYZE = "explain (analyze, costs off, timing off, buffers off)"


@pytest.fixture
async def busy(session: WriteSession) -> UUID:
    """A customer who has half of all contacts, counted by the planner."""
    today = utc(now())
    await ensure_partitions(await session.connection(), month_of(today, -MONTHS), today)
    who = await session.scalar(text("insert into customers (name) values ('王小明') returning id"))
    await session.execute(_FILL, {"who": who, "n": 2 * CONTACTS, "now": today})
    others = text("insert into customers (name) select 'N' || n from generate_series(1, 1000) n")
    await session.execute(others)
    await session.execute(text("analyze customers, interactions"))
    assert isinstance(who, UUID)
    return who


def contacts_read(plan: str) -> float:
    """How many rows the plan read of contacts."""
    found = re.findall(
        r"(?:(?<!Bitmap )Index Scan|Heap Scan|Seq Scan).* on interactions_\d.*rows=([\d.]+) loops=(\d+)", plan
    )
    assert found
    return sum(float(rows) * int(loops) for rows, loops in found)


async def test_a_page_reads_a_page_wherever_it_is(session: WriteSession, busy: UUID) -> None:
    deep = (await told(session, busy, until=utc(now()) - timedelta(days=90), limit=1))[0].place
    for after in (None, deep):
        plan = await plan_of(session, timeline(session, busy, Asked(), PAGE, after), -1, ANALYZE)
        assert contacts_read(plan) <= PAGE + MONTHS
        assert "Seq Scan" not in plan
    assert f"on interactions_{utc(now()):%Y_%m}" not in plan  # months after the place are left alone


@pytest.mark.parametrize("words", [None, "银行卡"])
async def test_other_customers_are_not_read(session: WriteSession, busy: UUID, words: str | None) -> None:
    before = (await session.execute(_CUSTOMERS_READ)).scalar_one()
    await timeline(session, busy, Asked(q=words), PAGE)
    assert (await session.execute(_CUSTOMERS_READ)).scalar_one() - before <= FEW


async def test_words_of_a_customer_are_found_by_their_index(session: WriteSession, busy: UUID) -> None:
    plan = await plan_of(session, timeline(session, busy, Asked(q="银行卡"), PAGE), -1, ANALYZE)
    assert contacts_read(plan) == CONTACTS / 5
    assert "Seq Scan" not in plan
    plan = await plan_of(session, timeline(session, busy, Asked(q="not there"), PAGE), -1, ANALYZE)
    assert contacts_read(plan) == 0
    assert plan.count("history_words") >= MONTHS


async def test_words_of_all_are_found_in_the_newest_month_first(session: WriteSession, busy: UUID) -> None:
    asked = Asked(q="银行卡")
    plan = await plan_of(session, search(session, asked, utc(now()), PAGE), 1, ANALYZE)
    assert "Seq Scan" not in plan
    a_day = 24 * 60 / 50 / 10
    assert 30 * a_day < contacts_read(plan) < 32 * a_day
    assert (
        f"on interactions_{month_of(utc(now()) - timedelta(days=32), -1):%Y_%m}" not in plan
    )  # early in March, two months ago is


def test_spans_are_side_by_side_and_leave_nothing_out() -> None:
    today = utc(now())
    asked = Asked(q="x", since=today - timedelta(days=500), until=today - timedelta(days=1))
    found = list(spans(asked, today, None))
    assert (found[0][1], found[-1][0]) == (asked.until, asked.since)
    assert [until for _, until in found[1:]] == [since for since, _ in found[:-1]]
    everything = list(spans(Asked(q="x"), today, None))
    assert (everything[0][1], everything[-1][0]) == (None, None)
