"""The servers that are measured, each a process of its own, and how much of a core everybody used."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from app.core.errors import Unavailable

PATIENCE = 90.0
"""Seconds in which a server starts or ends also where others use the machine."""
_kept: list[socket.socket] = []
HOST = "127.0.0.1"


class DidNotStart(Unavailable):
    """A server of the bench ended, or was not ready in time."""


def free_port() -> int:
    """A port for a server that starts later: the kernel gives it to nobody else while this process lives."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the server that binds it later has to say the same
    kept.bind((HOST, 0))
    _kept.append(kept)
    port: int = kept.getsockname()[1]
    return port


@asynccontextmanager
async def server(
    words: Sequence[str], environment: Mapping[str, str], port: int, ready: str, log: Path
) -> AsyncIterator[int]:
    """Run a server on `port` and wait until it answers 200 at the path `ready`; gives its process id.

    It ends with the block, or with this process.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *words, env={**os.environ, **environment}, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output
        )
        try:
            await _ready(process, port, ready, log)
            yield process.pid
        finally:
            await _end(process)


async def _ready(process: asyncio.subprocess.Process, port: int, path: str, log: Path) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while process.returncode is None:
                if await _answers(port, path):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        pass
    raise DidNotStart(f"A server of the bench does not become ready:\n{_end_of(log)}")


async def _answers(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    finally:
        writer.close()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


class Cores:
    """Seconds of processor time that processes have used, and from them their shares of a core."""

    def __init__(self, *, server: int, client: int, database: int, **others: int) -> None:
        self._alone = {"server": server, "client": client, **others}
        self.processes = {**self._alone, "database": database}
        self._database = database
        self._before: dict[str, float] = {}

    def start(self) -> None:
        """Count from here."""
        self._before = self._used()

    def shares(self, seconds: float) -> dict[str, float]:
        """Each one's share of a core over the `seconds` since `start`; empty where the system does not tell."""
        used = self._used()
        return {name: (used[name] - before) / seconds for name, before in self._before.items() if name in used}

    def _used(self) -> dict[str, float]:
        try:
            used = {name: _of(pid).used for name, pid in self._alone.items()}
            used["database"] = _of_family(self._database)
        except OSError:
            return {}
        return used


class _Process(NamedTuple):
    """Its parent, and the seconds used by itself and by those of its children that have ended."""

    parent: int
    used: float
    ended: float


def _of(pid: int) -> _Process:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    return _Process(
        int(fields[1]), (int(fields[11]) + int(fields[12])) / tick, (int(fields[13]) + int(fields[14])) / tick
    )


def _of_family(pid: int) -> float:
    """PostgreSQL has a process for each connection."""
    own, children = _of(pid), 0.0
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (child := _of(int(entry.name))).parent == pid:
                children += child.used
    return own.used + own.ended + children
