"""An index on a big table is built while others write: what a migration after 0053 has to do works as it is told."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.tasks import Supervisor
from app.db import migrate
from tests.fixtures.database import Database

HEADER = """
from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.execute("SET LOCAL lock_timeout = '5s'")
"""
ORDINARY = """
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_tried")
        op.create_index("ix_tried", "customers", ["name"], postgresql_concurrently=True)
"""
PARTITIONED = '''
    op.execute("create index if not exists ix_tried on only interactions (outcome)")
    with op.get_context().autocommit_block():
        for (partition,) in op.get_bind().execute(sa.text("""
            select p.inhrelid::regclass::text from pg_inherits p
            where p.inhparent = 'interactions'::regclass and not exists (
                select from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid
                where i.inhparent = 'ix_tried'::regclass and x.indrelid = p.inhrelid)""")).all():
            op.execute(f"drop index concurrently if exists ix_{partition}_tried")
            op.execute(f"create index concurrently ix_{partition}_tried on {partition} (outcome)")
            op.execute("set lock_timeout = '5s'")  # who reads for an hour makes it wait, and others behind it
            op.execute(f"alter index ix_tried attach partition ix_{partition}_tried")
            op.execute("reset lock_timeout")
'''
PARTS = "select inhrelid::regclass::text as part from pg_inherits"
BUILDING = "select count(*) from pg_stat_progress_create_index"
Next = Callable[[str], None]


@pytest.fixture
def next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Next:
    """Puts a migration behind the newest."""
    config = migrate.config

    def extended() -> Config:
        made = config()
        versions = Path(made.get_main_option("script_location") or "") / "versions"
        made.set_main_option("version_locations", f"{versions}:{tmp_path}")
        return made

    def put(steps: str) -> None:
        head = ScriptDirectory.from_config(config()).get_current_head()
        (tmp_path / "next.py").write_text(HEADER.format(head=head) + steps)
        monkeypatch.setattr(migrate, "config", extended)

    return put


async def valid(connection: asyncpg.Connection) -> list[bool]:
    """Of each index that was tried, whether it can be used."""
    found = await connection.fetch("select indisvalid from pg_index where indexrelid::regclass::text like 'ix_%tried'")
    return [row["indisvalid"] for row in found]


@pytest.mark.parametrize(("steps", "table"), [(ORDINARY, "customers"), (PARTITIONED, "interactions")])
async def test_an_index_is_built_while_others_write(database: Database, next_one: Next, steps: str, table: str) -> None:
    next_one(steps)
    one, other = await asyncpg.connect(database.dsn), await asyncpg.connect(database.dsn)
    newest = "select max(inhrelid::regclass::text) from pg_inherits where inhparent = $1::regclass"
    written = await other.fetchval(newest, table) or table
    writing = one.transaction()
    await writing.start()
    await one.execute(f"lock table {written} in row exclusive mode")  # as whoever writes has it
    building = Supervisor().start("building", migrate.upgrade(database.url))
    while not await other.fetchval(f"{BUILDING} where datname = current_database()"):
        assert not building.done()
        await asyncio.sleep(0.01)
    await other.execute("set lock_timeout = '1s'")
    await other.execute(f"delete from {table}")  # it waits for those who wrote before, and nobody waits for it
    await writing.rollback()
    await building
    assert await migrate.current(database.url) == "9999"
    assert set(await valid(other)) == {True}
    await one.close()
    await other.close()


@pytest.mark.parametrize(
    ("steps", "left"), [(ORDINARY, "customers (name)"), (PARTITIONED, "only interactions (outcome)")]
)
async def test_what_broke_off_is_built_again(database: Database, next_one: Next, steps: str, left: str) -> None:
    next_one(steps)
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(f"create index ix_tried on {left}")
    await connection.execute("update pg_index set indisvalid = false where indexrelid = 'ix_tried'::regclass")
    parts = await connection.fetch(f"{PARTS} where inhparent = 'interactions'::regclass order by 1")
    if steps == PARTITIONED:  # of one partition it was done, of another nearly
        done, nearly = parts[0]["part"], parts[1]["part"]
        for part in (done, nearly):
            await connection.execute(f"create index ix_{part}_tried on {part} (outcome)")
        await connection.execute(f"alter index ix_tried attach partition ix_{done}_tried")
    await migrate.upgrade(database.url)
    assert set(await valid(connection)) == {True}
    await connection.close()
