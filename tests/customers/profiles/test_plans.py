"""Every query of a profile goes by a customer's key, whatever the planner believes of the tables, and reads as little
large tables as of small ones."""

import re
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from app.core.clock import now, utc
from app.customers.profiles.parts import PARTS, POPPING, Part
from app.customers.profiles.reading import Parts, of_customer, of_number
from app.customers.profiles.whole import bounds, whole_profile
from app.customers.recognising import ENDED_CALLS, recognise
from app.db.engine import WriteSession
from app.db.pool import Connection, connection_of, plan_once
from tests.customers.factories import REGION, customer_id

MANY = 3_000
MOBILE = "+8613800138000"
TABLES = (
    *("customers", "customer_numbers", "customer_notes", "customer_alerts", "credit_checks", "customer_holdings"),
    *("customer_ties", "customer_external_ids", "customer_emails", "customer_addresses", "customer_consents"),
    *("live_contacts", "recordings", "agreements", "dues", "cases", "field_visits"),
    *("customer_preferences", "product_configurations"),
)
FILL = (
    f"insert into customers (name) select 'N' || n from generate_series(1, {MANY}) n",
    "insert into customer_numbers (customer_id, raw, e164) select id, name, name from customers where name like 'N%'",
    "insert into customer_notes (customer_id, text, pinned, written_by) select id, 'x', true, 'x' from customers",
    "insert into customer_emails (customer_id, address) select id, name from customers",
    "insert into customer_addresses (customer_id, lines) select id, name from customers",
    "insert into customer_external_ids (customer_id, system, external_id) select id, 's', name from customers",
    """insert into customer_holdings (customer_id, kind, source, external_id) select id, 'card', 'c', id::text
       from customers""",
    """insert into customer_consents (customer_id, channel, given, at, origin) select id, 'sms', true, now(), 'x'
       from customers""",
    """insert into usage_rules (id, name, condition, severity, due_seconds, expire_seconds, quiet_seconds)
       values ('r', 'R', 'false', 'high', 1, 1, 1)""",
    """insert into customer_alerts (customer_id, rule_id, severity, opened_at, matched_at, due_at, expires_at, evidence)
       select id, 'r', 'high', now(), now(), now(), now(), '{}' from customers""",
    """insert into cases (number, customer_id, subject, opened_at, changed_at, due_at)
       select 'C-' || row_number() over (), id, 'x', now(), now(), now() from customers, generate_series(1, 2)""",
    """insert into field_visits (customer_id, status, purpose, site_lines, booked_at)
       select id, 'requested', 'x', 'x', now() from customers""",
    """insert into credit_checks (customer_id, source, asked_at, asked_by, reason, consent_at, consent_origin, outcome,
                                  settled_at, score)
       select id, 'b', now(), 'x', 'x', now(), 'x', 'answered', now(), 1 from customers""",
    """insert into live_contacts (floor, id, customer_id, state) select 'main', uuidv7(), id, '{"arrived_at": 1}'
       from customers""",
    """insert into recordings (id, contact_id, source_id, agents, started_at, seconds, media_type, bytes, sha256, key,
                               kept_at)
       select name, id, 'pbx', '{}', now(), 1, 'audio/wav', 1, 'x', name, now() from customers where name like 'N%'""",
    """insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id, customer_id, outcome,
                                 wait_seconds, talk_seconds, hold_seconds)
       select uuidv7(), now() - interval '1 day', now(), 'voice', 'inbound', 'past', name, id, 'answered', 1, 1, 0
       from customers""",
)
STATISTICS = {
    "never counted": (),
    "counted while empty": (f"analyze {', '.join(TABLES)}, interactions",),
    "believed huge": ("update pg_class set reltuples = 1e8, relpages = 1e6 where relname = any(:tables)",),
    "customers believed few, the rest huge": (
        "update pg_class set reltuples = 1e8, relpages = 1e6 where relname = any(:tables)",
        "update pg_class set reltuples = 1, relpages = 1 where relname = 'customers'",
    ),
    "customers believed many, the rest few": (
        "update pg_class set reltuples = 1, relpages = 1 where relname = any(:tables)",
        "update pg_class set reltuples = 1e8, relpages = 1e6 where relname = 'customers'",
    ),
}


def whole_scans(plan: str) -> Iterator[str]:
    """The nodes of a plan that read a whole table or a whole index."""
    lines = plan.splitlines()
    for place, line in enumerate(lines):
        if "Seq Scan on" in line:
            yield line.strip()
        elif re.search(r"Index (Only )?Scan|Bitmap Index Scan", line):
            depth = len(line) - len(line.lstrip())
            below = (each for each in lines[place + 1 :])
            conditions = []
            for each in below:
                if len(each) - len(each.lstrip()) <= depth or "->" in each:
                    break
                conditions.append(each)
            if not any("Index Cond" in each for each in conditions):
                yield line.strip()


async def planned(connection: Connection, query: str, count: int) -> str:
    """The plan that is kept for a statement with so many parameters."""
    await connection.execute(f"prepare looked as {query}")
    nothing = ", ".join(["null"] * count)
    rows = await connection.fetch(f"explain execute looked({nothing})")
    await connection.execute("deallocate looked")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("statistics", list(STATISTICS))
async def test_no_part_reads_a_whole_table_or_index(session: WriteSession, statistics: str) -> None:
    tables = [*TABLES, "tiers", "agents", "usage_rules"]
    for statement in STATISTICS[statistics]:
        await session.execute(text(statement), {"tables": tables} if ":tables" in statement else {})
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    await plan_once(connection)
    faults = {part.name: list(whole_scans(await planned(connection, of_customer((part,)), 4))) for part in PARTS}
    assert {name: found for name, found in faults.items() if found} == {}
    for query, count in ((of_customer(PARTS), 4), (of_number("e164")(POPPING), 8), (of_number("raw")(POPPING), 8)):
        assert list(whole_scans(await planned(connection, query, count))) == []


def test_a_plan_that_reads_everything_is_seen() -> None:
    bad = "Nested Loop\n  ->  Index Scan using pk_x on x\n        Filter: (a = 1)\n  ->  Seq Scan on y"
    assert list(whole_scans(bad)) == ["->  Index Scan using pk_x on x", "->  Seq Scan on y"]
    assert list(whole_scans("Index Scan using i on x\n  Index Cond: (a = 1)")) == []


async def test_it_reads_a_few_rows_however_many_there_are(session: WriteSession) -> None:
    """By plans that were made while the tables were empty."""
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    await plan_once(connection)
    amy = await customer_id(session, "Amy", [MOBILE])
    few = await rows_read(connection, amy)
    for statement in FILL:
        await session.execute(text(statement))
    many = await rows_read(connection, amy)
    assert many <= few + 60  # her own: a row or two of each table, read by two statements


async def rows_read(connection: Connection, customer: UUID) -> int:
    """Rows that one profile and one look-up read of all tables."""
    query = "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int from pg_stat_xact_user_tables"
    parts = Parts()
    for _ in range(2):  # the second time by the plans that are kept
        before: int = await connection.fetchval(query)
        assert await whole_profile(connection, customer, now(), parts) is not None
        found = await recognise(
            connection, source="pbx", call_id="c", raw_number=MOBILE, default_region=REGION, now=now(), parts=parts
        )
        assert found.customer is not None
        after: int = await connection.fetchval(query)
    assert parts.failures == 0
    return after - before


def test_a_part_is_one_line() -> None:
    """What another room adds: a name and an expression over `members`."""
    part = Part(name="preferences", sql="(select '{}'::json from members m limit 1)")
    assert "as preferences" in of_customer((*PARTS, part))
    assert bounds(utc(now()))[2] - ENDED_CALLS < bounds(utc(now()))[1]
