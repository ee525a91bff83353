"""Whatever is killed, the next start works and everything committed is there."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import asyncpg

from app.core.tasks import Supervisor
from app.db import postmaster
from app.db.embedded import EmbeddedServer, keep_running
from tests.db.embedded import owner_options, query, start_client


def kill_server(server: EmbeddedServer) -> None:
    """SIGKILL for the postmaster, as the kernel does when memory runs out."""
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.pid is not None and time.monotonic() < deadline:
        time.sleep(0.01)


def wait_until_ready(folder: Path) -> None:
    """Wait until somebody has the folder's server running."""
    deadline = time.monotonic() + 60
    while not ((running := postmaster.read(folder / "data")) and running.ready):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_after_kill_of_everything_all_committed_rows_are_there(folder: Path) -> None:
    client = start_client(folder)
    assert client.stdout
    committed = [int(client.stdout.readline()) for _ in range(50)]
    client.kill()
    kill_server(EmbeddedServer(folder))
    committed += [int(line) for line in client.communicate()[0].split()]
    with EmbeddedServer(folder) as server:
        assert query(server, "select count(*) from kept where n <= " + str(committed[-1])) == committed[-1]


def test_after_kill_of_the_client_alone_the_server_is_joined_and_stopped(folder: Path) -> None:
    client = start_client(folder)
    assert client.stdout
    client.stdout.readline()
    client.kill()
    client.communicate()
    server = EmbeddedServer(folder)
    left = server.pid
    assert left is not None
    server.start()
    assert server.pid == left
    assert server.stop()


def test_backends_that_outlive_the_killed_server_are_waited_for(folder: Path) -> None:
    server = EmbeddedServer(folder)
    server.start()

    async def busy() -> None:
        connection = await asyncpg.connect(server.dsn)
        supervisor = Supervisor()
        supervisor.start("busy", connection.execute("select count(*) from generate_series(1, 15000000)"))
        await asyncio.sleep(0.2)
        kill_server(server)
        await supervisor.stop()
        connection.terminate()

    asyncio.run(busy())
    assert server.revive()
    assert query(server, "select 1") == 1
    server.stop()


def test_a_pid_file_naming_somebody_elses_process_is_not_believed(folder: Path) -> None:
    server = EmbeddedServer(folder)
    server.start()
    kill_server(server)
    other = subprocess.Popen(["sleep", "60"], **owner_options(server))
    try:
        for file in (folder / "data" / "postmaster.pid", folder / "socket" / ".s.PGSQL.5432.lock"):
            lines = file.read_text().splitlines()
            file.write_text("\n".join([str(other.pid), *lines[1:], ""]))
        assert server.pid is None
        assert server.revive()
        assert query(server, "select 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert server.stop()


def test_a_broken_pid_file_is_not_believed(folder: Path) -> None:
    for content in ("", "\n", "half", "123", "4194300\n/somewhere\n", "-5\n\n", "1\n"):
        (folder / "data" / "postmaster.pid").write_text(content)
        with EmbeddedServer(folder) as server:
            assert query(server, "select 1") == 1, content


def test_a_creation_that_was_killed_leaves_no_half_database(fresh_folder: Path) -> None:
    half = fresh_folder / "db" / "data.new-0123"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (fresh_folder / "db" / "data").mkdir()
    with EmbeddedServer(fresh_folder / "db") as server:
        assert query(server, "select 1") == 1
    assert not half.exists()


async def test_a_server_that_dies_under_its_users_comes_back_once_the_folder_can_be_written(folder: Path) -> None:
    """Disks that are full kill servers, and are full for a while."""
    server = EmbeddedServer(folder)
    await asyncio.to_thread(server.start)
    supervisor = Supervisor()
    watch = supervisor.start("watch", keep_running(server, 0.05))
    settings = folder / "data" / "callfloor.conf"
    settings.unlink()
    settings.mkdir()
    kill_server(server)
    await asyncio.sleep(0.3)
    assert not watch.done()
    settings.rmdir()
    await asyncio.to_thread(wait_until_ready, folder)
    await supervisor.stop()
    connection = await asyncpg.connect(server.dsn)
    assert await connection.fetchval("select 1") == 1
    await connection.close()
    assert await asyncio.to_thread(server.stop)
