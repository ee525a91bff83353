"""A bank of a million customers and ten times as many contacts, made in the database by what it does fastest: rows from
queries without triggers, indexes afterwards. What is read from it is as anywhere: the real tables with all their
indexes, and everybody's contacts spread over the months."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg

from app.core import clock
from app.customers.names.search import readings_of, tokens
from app.db.engine import Sessions, create_engine, dsn_of
from app.db.migrate import prepare
from app.db.partitions import ensure_partitions, month_of, partition_name

MONTHS = 12
NAMES = 20_000
"""So many names there are; fifty of a million customers share one, as they do."""

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志文红玉春梅海燕晓东子轩梓涵雨泽浩然欣怡思远嘉"

_SETTINGS = (
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    "set maintenance_work_mem = '512MB'",
    "set max_parallel_maintenance_workers = 2",
)
_TABLES = (
    "customers",
    "customer_numbers",
    "customer_holdings",
    "customer_ties",
    "customer_notes",
    "credit_checks",
    "customer_alerts",
    "cases",
    "field_visits",
)
_INDEXES = """
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as made
    from pg_index i where i.indrelid = $1::regclass and not exists (
        select from pg_constraint c where c.conindid = i.indexrelid)"""

_CUSTOMERS = """
    insert into customers (external_id, name, latin_name, tier_id, language, attributes, search)
    select n::text, m.name, m.latin, case when n % 50 = 0 then 'private' else 'standard' end, 'zh',
           jsonb_build_object('branch', 'Branch ' || n % 300), m.search
    from generate_series(0, $1::int - 1) n join bench_names m on m.place = n % $2::int order by n"""
_PEOPLE = """
    create unlogged table bench_people as
    select id, external_id::int as place from customers order by 2"""
_PARTS = (
    """insert into customer_numbers (customer_id, raw, e164, label)
       select id, '+86138' || lpad(place::text, 8, '0'), '+86138' || lpad(place::text, 8, '0'), 'mobile'
       from bench_people""",
    """insert into customer_holdings (customer_id, kind, source, external_id, name, status, last_four)
       select id, 'card', 'cards', 'K' || place, 'Gold', 'active', lpad((place % 10000)::text, 4, '0')
       from bench_people""",
    """insert into customer_ties (customer_id, other_id, kind)
       select a.id, b.id, 'spouse' from bench_people a join bench_people b on b.place = a.place + 1
       where a.place % 10 = 0""",
    """insert into customer_notes (customer_id, text, pinned, written_by)
       select id, 'Hard of hearing', true, 'bench' from bench_people where place % 20 = 0""",
    """insert into credit_checks (customer_id, source, asked_at, asked_by, reason, consent_at, consent_origin, outcome,
                                  settled_at, score)
       select id, 'bureau', now(), 'bench', 'bench', now(), 'bench', 'answered', now(), 640
       from bench_people where place % 5 = 0""",
    """insert into usage_rules (id, name, condition, severity, due_seconds, expire_seconds, quiet_seconds)
       values ('watch', 'Watch', 'false', 'high', 1, 1, 1)""",
    """insert into customer_alerts (customer_id, rule_id, severity, opened_at, matched_at, due_at, expires_at, evidence)
       select id, 'watch', 'high', now(), now(), now(), now(), '{}' from bench_people where place % 25 = 0""",
    """insert into cases (number, customer_id, subject, status, opened_at, changed_at, due_at, solved_at, closed_at)
       select 'C-' || place || '-' || n, id, 'Card lost', case when n = 1 then 'open' else 'closed' end, now(), now(),
              now() + interval '1 day', case when n > 1 then now() end, case when n > 1 then now() end
       from bench_people, generate_series(1, 3) n where place % 25 = 0""",
    """insert into field_visits (customer_id, status, purpose, site_lines, starts_at, ends_at, time_zone, booked_at)
       select id, 'scheduled', 'Replace the terminal', '1 Main Street', now() + interval '1 day',
              now() + interval '26 hours', 'Asia/Shanghai', now()
       from bench_people where place % 25 = 0""",
)
_CONTACTS = """
    insert into {partition} (id, started_at, ended_at, channel, direction, source_id, call_id, from_raw, to_raw,
        customer_id, tier_id, queue_id, agent_id, outcome, cause, wait_seconds, talk_seconds, hold_seconds,
        wrap_up_seconds, wrap_up_code, note, legs)
    select uuidv7(), s.at, s.at + interval '4 minutes', 'voice', 'inbound', 'past', p.place || '-{month}',
           '+861380000', '+8695000', p.id, 'standard', 'cards', 'agent-' || p.place % 100, 'answered', 'normal', 9.5,
           210.25, 0, 18.5, 'solved', 'Asked about the last statement; explained the annual fee.', '[]'
    from bench_people p cross join lateral (
        select '{begins}'::timestamptz
               + make_interval(secs => (p.place::bigint * 7919 + {month} * 104729) % 2400000) as at) s
    where (p.place + 7 * {month}) % {months} < {each}"""


async def found_many(url: str, customers: int, interactions: int, say: Callable[[str], None]) -> None:
    """Make the bank in an empty database. Each customer has as many contacts as there are for everybody, at most one a
    month."""
    each = min(MONTHS, max(1, interactions // customers))
    await prepare(url)
    engine = create_engine(url)
    today = clock.utc(clock.now())
    async with Sessions(engine).write() as session:
        await ensure_partitions(await session.connection(), month_of(today, -MONTHS), today)
    await engine.dispose()
    connections = [await _connect(url) for _ in range(2)]
    try:
        first = connections[0]
        say(f"{customers:,} customers are made")
        await first.execute("insert into tiers (id, name, rank) values ('private', 'Private', 0), ('standard', 'S', 1)")
        dropped = [await _drop(first, table) for table in (*_TABLES, "interactions")]
        await _people(first, customers)
        say(f"{customers * each:,} contacts are made")
        await _contacts(connections, each)
        say("indexes are made")
        waiting = [statement for statements in dropped for statement in statements]
        await asyncio.gather(*(_work_off(connection, waiting) for connection in connections))
        await first.execute("drop table bench_people, bench_names")
        await first.execute("analyze")
    finally:
        for connection in connections:
            await connection.close()


async def _connect(url: str) -> "asyncpg.Connection[Any]":
    connection = await asyncpg.connect(dsn_of(url))
    for setting in _SETTINGS:
        await connection.execute(setting)
    return connection


async def _drop(connection: "asyncpg.Connection[Any]", table: str) -> list[str]:
    """Take the indexes away that no constraint needs; gives the statements that make them again."""
    rows = await connection.fetch(_INDEXES, table)
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    return [row["made"].replace(" ON ONLY ", " ON ") for row in rows]  # of all partitions, not of the parent only


def _names() -> Iterator[tuple[int, str, str, list[str]]]:
    for place in range(NAMES):
        name = SURNAMES[place % len(SURNAMES)] + GIVEN[place // 50 % len(GIVEN)] + GIVEN[place // 7 % len(GIVEN)]
        latin = " ".join("".join(next(iter(readings_of(part)))).title() for part in (name[0], name[1:]))
        yield place, name, latin, tokens(name, latin)


async def _people(connection: "asyncpg.Connection[Any]", customers: int) -> None:
    await connection.execute("create unlogged table bench_names (place int, name text, latin text, search text[])")
    await connection.copy_records_to_table("bench_names", records=list(_names()))
    await connection.execute(_CUSTOMERS.replace("$1", str(customers)).replace("$2", str(NAMES)))
    await connection.execute(_PEOPLE)
    for statement in _PARTS:
        await connection.execute(statement)


async def _contacts(connections: "list[asyncpg.Connection[Any]]", each: int) -> None:
    today = clock.utc(clock.now())
    waiting = []
    for month in range(MONTHS):
        begins = month_of(today, month - MONTHS)
        values = {"partition": partition_name("interactions", begins), "begins": begins.isoformat(), "month": month}
        waiting.append(_CONTACTS.format(**values, months=MONTHS, each=each))
    await asyncio.gather(*(_work_off(connection, waiting) for connection in connections))


async def _work_off(connection: "asyncpg.Connection[Any]", waiting: list[str]) -> None:
    while waiting:
        await connection.execute(waiting.pop())
