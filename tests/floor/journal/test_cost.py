"""What a commit reads: the rows that it is about, however many others there are, by plans of when there were none."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.db.pool import plan_once
from app.floor.journal.statement import PARTS, _sql, statement
from app.floor.journal.writer import Journal
from tests.fixtures.database import Database
from tests.fixtures.plans_kept import is_kept
from tests.floor.factories import T0

MANY = 20_000
FEW_PAGES = 40
CONTACT, AGENT = UUID(int=MANY // 2), f"a{MANY // 2}"
ID = "lpad(to_hex(n), 32, '0')::uuid"
_FILL = f"""
    insert into live_contacts (floor, id, state) select 'main', {ID}, '{{}}' from generate_series(1, {MANY}) n;
    insert into live_agents (floor, id, state) select 'main', 'a' || n, '{{}}' from generate_series(1, {MANY}) n;
    insert into live_phones (floor, address, state) select 'main', 'a' || n, '{{}}' from generate_series(1, {MANY}) n;
    insert into queue_visits (started_at, interaction_id, queue_id, entered_at, left_at, outcome, wait_seconds)
    select to_timestamp({T0} - n), {ID}, 'cards', to_timestamp({T0}), to_timestamp({T0}), 'abandoned', 1
    from generate_series(1, {MANY}) n"""
ROWS = {
    "contacts": (CONTACT, None, "{}", None),
    "dropped": (CONTACT,),
    "agents": (AGENT, "{}"),
    "phones": (AGENT, "{}"),
    "phones_gone": (AGENT,),
    "answered_visits": (CONTACT, T0 - MANY // 2, "anna", 1.0),
}
"""Of each part that changes rows which are there already, one."""


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The connection of an owner, whose tables are empty."""
    connection = await asyncpg.connect(database.dsn)
    try:
        await plan_once(connection)
        yield connection
    finally:
        await connection.close()


async def test_a_commit_reads_a_few_pages_however_many_live_asterisk_1214(journal: asyncpg.Connection) -> None:
    await journal.execute("insert into floors (id, epoch, seq) values ('main', 1, 0)")
    for name, row in ROWS.items():
        await journal.execute(f"prepare {name} as {statement({name: [row]})[0]}")
        await pages(journal, name)
    await journal.execute(_FILL)
    read = {name: await pages(journal, name) for name in ROWS}
    assert {name: found for name, found in read.items() if found > FEW_PAGES} == {}


async def test_an_owner_keeps_the_statement_of_a_batch_however_long_it_is(database: Database) -> None:
    owner = Journal(database.dsn, "main")
    try:
        assert await owner.own(0.01)
        longest = f"{_sql(tuple(PARTS))} /* {'x' * 20_000} */"
        assert await is_kept(owner.connection, longest), "each commit of the floor would be planned anew"
    finally:
        await owner.close()


async def pages(journal: asyncpg.Connection, name: str) -> int:
    """Write the row of a part, undo that, and tell how many pages it took; the plan is the one that is kept."""
    _, arrays = statement({name: [ROWS[name]]})
    given = ", ".join(["'main'", "1", "1", "0", *(_literal(array) for array in arrays)])
    undone = journal.transaction()
    await undone.start()
    told = await journal.fetchval(f"explain (analyze, buffers, format json) execute {name} ({given})")
    await undone.rollback()
    return sum(_pages(part) for part in json.loads(told)[0]["Plan"]["Plans"])


def _pages(plan: dict[str, Any]) -> int:
    """Of a part of the statement: what it writes is done after all else, and not counted at the top."""
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def _literal(array: list[Any]) -> str:
    (value,) = array
    return "'{NULL}'" if value is None else f"'{{{json.dumps(str(value))}}}'"
