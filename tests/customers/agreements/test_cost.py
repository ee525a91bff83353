"""What a check reads: rows by their keys, however many others there are, also by plans made while tables were empty."""

import asyncpg
from sqlalchemy import text

from app.core.clock import now
from app.customers.recognising import profile
from app.db.engine import Sessions, WriteSession
from app.db.pool import connection_of, plan_once
from tests.customers.agreements.factories import ALWAYS, BACK, LI, SOON, THREE, promise
from tests.customers.factories import customer_id
from tests.interactions.factories import make_interaction

MANY = 2_000
_READ = "select sum(seq_tup_read + idx_tup_fetch)::int from pg_stat_xact_user_tables where relname = any($1)"
_TABLES = ("agreements", "allowance_counts", "allowance_uses", "customer_ties", "dues", "customers")
_FILL = (
    f"insert into customers (name) select 'N' || n from generate_series(1, {MANY}) n",
    """insert into agreements (customer_id, product, time_zone, valid_from, clauses)
       select id, 'care', 'UTC', '2020-01-01', '[]' from customers where name like 'N%'""",
    """insert into customer_ties (customer_id, other_id, kind)
       select a.id, b.id, 'employee' from customers a join customers b on b.name = 'N1' where a.name like 'N_%'
       and a.id <> b.id""",
    """insert into dues (kind, due_at, customer_id, interaction_id, started_at, agreement_id, clause_id, clause_text)
       select 'response', now(), a.customer_id, uuidv7(), now(), a.id, '1', 't' from agreements a
       where product = 'care' and time_zone = 'UTC'""",
)


async def test_a_check_reads_a_few_rows_however_many_there_are(sessions: Sessions) -> None:
    async with sessions.write() as session:  # a database of its own: others leave tables grown, and other plans
        assert 0 < await read_beside_many(session) < MANY / 10


async def read_beside_many(session: WriteSession) -> int:
    """Rows that checks read while there are many others; the plans were made before those came."""
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    await plan_once(connection)
    promised, plain = await customer_id(session, "Amy"), await customer_id(session, "Bob")
    await promise(session, promised, ALWAYS, SOON, LI, BACK, THREE)

    async def work() -> int:
        before: int = await connection.fetchval(_READ, _TABLES)
        for customer in (promised, plain):
            for outcome in ("answered", "abandoned"):
                await make_interaction(session, customer_id=customer, outcome=outcome)
            assert await profile(connection, customer, now()) is not None
        after: int = await connection.fetchval(_READ, _TABLES)
        return after - before

    await work()
    for statement in _FILL:
        await session.execute(text(statement))
    return await work()
