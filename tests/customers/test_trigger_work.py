"""What triggers do grows with what a statement changed, also in a connection that has changed a single row before."""

import re

import asyncpg
import pytest

from tests.fixtures.database import Database

MANY = 200

LOUD = """
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_level = notice"""


async def prepare(connection: asyncpg.Connection) -> None:
    """So many customers with a number and an alert, and somebody who wants to know of everything."""
    await connection.execute(f"""
        insert into customers (name) select 'C' || n from generate_series(1, {MANY}) n;
        insert into customer_numbers (customer_id, raw) select id, name from customers;
        insert into usage_rules (id, name, condition, severity, due_seconds, expire_seconds, quiet_seconds)
            values ('r', 'R', 'true', 'low', 1, 1, 1);
        insert into customer_alerts
            (customer_id, rule_id, severity, opened_at, matched_at, due_at, expires_at, evidence)
            select id, 'r', 'low', now(), now(), now(), now(), '[]' from customers;
        insert into webhook_subscriptions (id, name, url, events, secrets)
            values ('s', 'S', 'https://s.example', array['customer.*', 'alert.*'], array['x'])""")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("customers", "language = coalesce(language, '') || 'x', version = version + 1"),
        ("customer_numbers", "label = coalesce(label, '') || 'x'"),
        ("customer_alerts", "due_at = due_at + interval '1 second'"),
        ("customer_alerts", "state = case state when 'open' then 'done' else 'open' end"),
    ],
)
async def test_a_bulk_after_a_single_edit_compares_each_row_with_its_own(
    rolled_back: Database, table: str, change: str
) -> None:
    connection = await asyncpg.connect(rolled_back.dsn)
    plans: list[str] = []
    outer = connection.transaction()
    await outer.start()
    try:
        await prepare(connection)
        for _ in range(8):  # more often than a plan is made for what is given
            await connection.execute(f"update {table} set {change} where ctid = (select min(ctid) from {table})")
        await connection.execute(LOUD)
        connection.add_log_listener(lambda _, message: plans.append(str(message)))
        await connection.execute(f"update {table} set {change}")
    finally:
        await outer.rollback()
        await connection.close()
    joins = [plan for plan in plans if "older" in plan and "newer" in plan]
    assert joins, plans
    in_vain = [int(rows) for plan in joins for rows in re.findall(r"Rows Removed by Join Filter: (\d+)", plan)]
    # the fields of one row are compared so; of all rows it would be their square
    assert max(in_vain, default=0) <= MANY


async def test_that_parts_are_of_new_customers_is_found_without_reading_all_others(rolled_back: Database) -> None:
    connection = await asyncpg.connect(rolled_back.dsn)
    plans: list[str] = []
    outer = connection.transaction()
    await outer.start()
    try:
        await connection.execute("insert into customers (name) select 'C' || n from generate_series(1, 3000) n")
        await connection.execute(LOUD)
        connection.add_log_listener(lambda _, message: plans.append(str(message)))
        some = f"select id, name from customers order by id limit {MANY}"
        await connection.execute(f"insert into customer_numbers (customer_id, raw) {some}")
    finally:
        await outer.rollback()
        await connection.close()
    looked = [plan for plan in plans if "version > 1" in plan]
    assert len(looked) == 1, looked
    assert "Index Scan using pk_customers" in looked[0]
    assert "Seq Scan on customers" not in looked[0]
