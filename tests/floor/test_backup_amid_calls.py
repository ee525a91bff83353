"""A backup by PostgreSQL's own programs, taken while calls come in, is a whole Callfloor once it is restored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from app.db import migrate
from app.floor.invariants import check
from app.floor.service import Floor
from tests.fixtures.database import Database, Server
from tests.fixtures.programs import run
from tests.floor.live import memory, offered, on, owned, recovered, running


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[Database]:
    """Where the backup is restored to."""
    async with server.empty() as database:
        yield database


@asynccontextmanager
async def busy(floor: Floor) -> AsyncIterator[list[str]]:
    """Calls come in as long as this lasts; those that were taken."""
    taken: list[str] = []

    async def call_after_call() -> None:
        while True:
            call = f"busy-{len(taken)}"
            assert (await offered(floor, call)).ok
            taken.append(call)

    calling = asyncio.get_running_loop().create_task(call_after_call())
    try:
        yield taken
    finally:
        calling.cancel()
        with suppress(asyncio.CancelledError):
            await calling


async def test_a_backup_taken_amid_calls_is_restored_and_serves(
    bank: Database, empty: Database, tmp_path: Path
) -> None:
    dump = str(tmp_path / "callfloor.dump")
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        assert (await offered(floor, "before")).ok
        async with busy(floor) as meanwhile:
            before = len(meanwhile)
            await run("pg_dump", "--format=custom", "--file", dump, bank.dsn)
        assert len(meanwhile) > before
    await run("pg_restore", "--exit-on-error", "--dbname", empty.dsn, dump)

    assert await migrate.is_current(empty.url)
    assert await migrate.differences(empty.url) == []
    state = await recovered(empty)
    check(state)
    assert any(contact.call.id == "before" for contact in state.store.contacts.values())
    await migrate.prepare(empty.url)
    async with running(empty) as (floor, _):
        assert (await offered(await owned(floor), "after")).ok
        assert len(memory(floor).store.contacts) == len(state.store.contacts) + 1
