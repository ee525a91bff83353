"""How Alembic reaches the database and what it compares.

The program passes its connection. From the command line: `alembic -x url=postgresql://... <command>`.
"""

import asyncio
import importlib
import re
from pathlib import Path

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import app
from app.db.base import Base
from app.db.partitions import PARENTS

PARTITION = re.compile(rf"({'|'.join(PARENTS)})_\d{{4}}_\d{{2}}")


def load_models() -> None:
    """Import the models of every room, so that the metadata is whole."""
    root = Path(app.__path__[0])
    for file in sorted(root.glob("**/models.py")):
        importlib.import_module(".".join(("app", *file.relative_to(root).with_suffix("").parts)))


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """Partitions are made by the program, so they are no difference."""
    return kind != "table" or name is None or not PARTITION.fullmatch(name)


def run(connection: Connection) -> None:
    """Run the migrations on an open connection, each in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    """Connect as the command line says and run."""
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise SystemExit("Say which database: alembic -x url=postgresql://user@host/name ...")
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


load_models()
if context.is_offline_mode():
    raise SystemExit("SQL scripts are not written offline; run the migration against a database.")
given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_run())
else:
    run(given)
