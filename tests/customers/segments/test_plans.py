"""What rules ask of a page of customers is read by the customers' keys, however much there is of others."""

from uuid import UUID

import pytest
from sqlalchemy import text

from app.customers.segments.measuring import known_of
from app.customers.segments.moves import members
from app.db.engine import WriteSession
from tests.customers.plans import plan_of
from tests.customers.segments.ruling import NOW, let_count, rules

ASKED = rules(
    segments={"s": "balance('CNY') > 1.0 && contacts('30d') > 1 && recency() < 9.0 && attributes.company == ''"}
)
FILL = (
    "insert into customers (name) select 'N' || n from generate_series(1, 3000) n",
    """insert into customer_holdings (customer_id, kind, source, external_id)
       select id, 'card', 'core', name || n from customers, generate_series(1, 3) n""",
    """insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id, customer_id, outcome,
                                  wait_seconds, talk_seconds, hold_seconds)
       select uuidv7(), at, at, 'voice', 'inbound', 'pbx', name || n, id, 'answered', 1, 1, 1
       from customers, generate_series(1, 10) n
       cross join lateral (select cast('{now}' as timestamptz) - make_interval(mins => n) as at) x""",
    "analyze customers, customer_holdings, interactions",
)


@pytest.fixture
async def page(session: WriteSession) -> list[UUID]:
    """Fifty of three thousand customers with holdings and contacts."""
    for statement in FILL:
        await session.execute(text(statement.replace("{now}", NOW.isoformat())))
    return list(await session.scalars(text("select id from customers order by id limit 50")))


BY_KEYS = (
    ("pk_customers", "customers"),
    ("ix_customers_merged_into", "customers"),
    ("ix_customer_holdings_customer_id", "customer_holdings"),
    ("customer_id_started_at_id_idx", f"interactions_{NOW:%Y_%m}"),
)


async def test_a_page_is_read_by_keys(session: WriteSession, page: list[UUID]) -> None:
    for place, (index, table) in enumerate(BY_KEYS):
        plan = await plan_of(session, known_of(session, page, ASKED.asks, (), NOW), place)
        assert index in plan
        assert f"Seq Scan on {table}" not in plan


async def test_who_is_in_a_segment_is_found_by_the_index(session: WriteSession, page: list[UUID]) -> None:
    await let_count(session, rules(segments={"all": "true"}))
    await session.execute(text("update customers set computed_segments = '{all}' where id = any(:ids)"), {"ids": page})
    await session.execute(text("select gin_clean_pending_list('ix_customers_computed_segments')"))
    await session.execute(text("analyze customers"))
    plan = await plan_of(session, members(session, "all", 9, None), -1)
    assert "ix_customers_computed_segments" in plan
    assert "Seq Scan on customers" not in plan
