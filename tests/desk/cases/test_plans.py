"""Work lists, and a customer's cases, are read by indexes, however many cases there are."""

import re
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.clock import now, utc
from app.db.engine import WriteSession
from app.desk.cases.queries import Wanted, find
from app.history.source import Asked
from app.history.timeline import timeline
from tests.customers.factories import customer_id
from tests.customers.plans import plan_of

ANALYZE = "explain (analyze, costs off, timing off, buffers off)"
PAGE = 20
CUSTOMERS = 200
FILL = f"""
    with who as (insert into customers (name) select 'N' || n from generate_series(1, {CUSTOMERS}) n returning id),
    made as (
        insert into cases (number, customer_id, subject, status, due_at, opened_at, changed_at, solved_at, closed_at)
        select 'C-' || n || w.id, w.id, 'x', case when n > 2 then 'closed' else 'open' end,
               case when n < 2 then at end, at, at, case when n > 2 then at end, case when n > 2 then at end
        from who w, generate_series(1, 20) n cross join lateral (select now() - n * interval '1 day' as at) t
        returning id, customer_id, opened_at)
    insert into case_entries (case_id, customer_id, at, act, status, text)
    select id, customer_id, opened_at, 'open', 'new', '银行卡遗失' from made"""


@pytest.fixture
async def busy(session: WriteSession) -> UUID:
    """Four thousand cases of two hundred customers, a tenth of them live; one of somebody else."""
    await session.execute(text(FILL))
    who = await customer_id(session)
    await session.execute(
        text("""
        with made as (
            insert into cases (number, customer_id, subject, opened_at, changed_at)
            select 'D-' || n, :who, 'x', now(), now() from generate_series(1, 1500) n returning id)
        insert into case_entries (case_id, customer_id, at, act, status, text)
        select id, :who, now(), 'open', 'new', 'plain' from made"""),
        {"who": who},
    )
    await session.execute(text("analyze customers, cases, case_entries"))
    return who


def rows_read(plan: str, table: str) -> float:
    """How many rows the plan read of a table."""
    assert f" on {table}" in plan
    found = re.findall(rf"(?<!Bitmap )(?:Index|Heap|Seq)(?: Only)? Scan.* on {table} .*rows=([\d.]+) loops=(\d+)", plan)
    return sum(float(rows) * int(loops) for rows, loops in found)


async def test_a_page_of_the_work_list_reads_a_page(session: WriteSession, busy: UUID) -> None:
    for wanted, most in (
        (Wanted(), PAGE),
        (Wanted(overdue_at=utc(now())), CUSTOMERS),  # as many as are
        (Wanted(statuses=("closed",)), PAGE),
        (Wanted(statuses=("solved",)), 0),
        (Wanted(statuses=("closed",), number="C-7"), 1),
        (Wanted(q="not there"), 0),
    ):
        plan = await plan_of(session, find(session, wanted, PAGE, None), -1, ANALYZE)
        assert "Seq Scan on case" not in plan, wanted
        assert rows_read(plan, "cases") <= most, wanted
    plan = await plan_of(session, find(session, Wanted(q="银行卡"), PAGE, None), -1, ANALYZE)
    assert "ix_case_entries_words" in plan


@pytest.mark.parametrize("skipped", [CUSTOMERS - 5, CUSTOMERS + 500])
async def test_a_page_amid_the_work_list_does_not_read_those_before_it(
    session: WriteSession, busy: UUID, skipped: int
) -> None:
    """The first begins among those that are due and ends among those that never are."""
    before = await find(session, Wanted(), skipped, None)
    place = (before[-1].case.due_at, before[-1].case.id)
    for statement in (0, -1):
        plan = await plan_of(session, find(session, Wanted(), PAGE, place), statement, ANALYZE)
        assert rows_read(plan, "cases") <= PAGE
        assert "Rows Removed" not in plan
    page = [each.case.id for each in await find(session, Wanted(), PAGE, place)]
    assert page == [each.case.id for each in await find(session, Wanted(), skipped + PAGE, None)][skipped:]


async def test_a_page_of_the_timeline_reads_a_page_of_the_cases(session: WriteSession, busy: UUID) -> None:
    plan = await plan_of(session, timeline(session, busy, Asked(), PAGE), -1, ANALYZE)
    assert rows_read(plan, "case_entries") <= PAGE + 1
    assert "Seq Scan on case" not in plan
    plan = await plan_of(session, timeline(session, busy, Asked(q="plain"), PAGE), -1, ANALYZE)
    assert "ix_case_entries_words" in plan
