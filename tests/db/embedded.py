"""Folders with an embedded server for the tests that stop, kill and spoil it."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from app.db.embedded import EmbeddedServer

ROOT = Path(__file__).parents[2]

CLIENT = """
import asyncio, sys
from pathlib import Path
import asyncpg
from app.db.embedded import EmbeddedServer

async def work(dsn):
    connection = await asyncpg.connect(dsn)
    await connection.execute("create table if not exists kept (n bigint primary key)")
    n = await connection.fetchval("select coalesce(max(n), 0) from kept")
    while True:
        n += 1
        await connection.execute("insert into kept values ($1)", n)
        print(n, flush=True)

server = EmbeddedServer(Path(sys.argv[1]))
server.start()
asyncio.run(work(server.dsn))
"""
"""Uses the folder's server and prints the number of each row that is committed."""


def start_client(folder: Path, program: str = CLIENT) -> "subprocess.Popen[str]":
    """Another process that uses the folder."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def query(server: EmbeddedServer, sql: str) -> Any:
    """The one value that `sql` gives."""

    async def ask() -> Any:
        connection = await asyncpg.connect(server.dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


@contextmanager
def throwaway_folder(place: Path | None = None) -> Iterator[Path]:
    """A folder that every user can pass through; whatever still runs on it at the end is ended."""
    folder = Path(tempfile.mkdtemp(prefix="callfloor-one-", dir=place))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for data in folder.rglob("data"):
            server = EmbeddedServer(data.parent)
            if server.pid is not None:
                os.kill(server.pid, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def owner_options(server: EmbeddedServer) -> dict[str, Any]:
    """Options for `subprocess` to run something as the user whose process the server is."""
    owner = (server.folder / "data").stat()
    if owner.st_uid == os.geteuid():
        return {}
    return {"user": owner.st_uid, "group": pwd.getpwuid(owner.st_uid).pw_gid, "extra_groups": []}
