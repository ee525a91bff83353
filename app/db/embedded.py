"""The embedded PostgreSQL: kept in one folder, shared by every process that uses the folder, stopped by the last one.

Two locks in the folder, both held by the kernel and so released by any death: `starting` guards start and stop,
`users` is held shared by each process for as long as it uses the server. Data is as safe as PostgreSQL makes it.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType

import structlog

from app.core.tasks import Supervisor
from app.db import cluster, postmaster
from app.db.account import Account
from app.db.errors import EmbeddedServerError

PATIENCE = 60.0
"""Seconds to wait for another process that starts or stops the server, or for the server itself."""


log = structlog.get_logger(__name__)


class EmbeddedServer:
    """The server of one folder. `start()` and `stop()` block; call them in a thread from a loop.

    `options` are PostgreSQL settings for whoever starts the server first (tests turn `fsync` off; the product never).
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self._options = dict(options or {})
        self._users: int | None = None
        self._cluster: cluster.Cluster | None = None

    def start(self) -> str:
        """Start or join the server and return its SQLAlchemy URL. Raises `EmbeddedServerError` saying what to do."""
        if self._users is None:
            with self._only_one():
                users = self._lock_file("users")
                try:
                    fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    self._cluster = cluster.Cluster(self.folder, Account(self.folder), self._options)
                    self._cluster.ensure_running(PATIENCE)
                except BaseException:  # Ctrl-C too: a server that was just started is not left behind
                    os.close(users)
                    with suppress(EmbeddedServerError):
                        self._stop_unless_used()
                    raise
                self._users = users
        return self.url

    def revive(self) -> bool:
        """Start the server again if it died under its users (killed, out of memory). Returns whether it had."""
        if self._users is None or self._cluster is None or self.pid is not None:
            return False
        with self._only_one():
            self._cluster.ensure_running(PATIENCE)
        return True

    def stop(self) -> bool:
        """Leave; stop the server if nobody else uses it. Returns whether it was stopped."""
        users, self._users = self._users, None
        if users is None:
            return False
        os.close(users)
        return self.stop_if_unused()

    def stop_if_unused(self) -> bool:
        """Stop the server unless some process uses it, for instance one left behind by a killed process."""
        with self._only_one():
            return self._stop_unless_used()

    def _stop_unless_used(self) -> bool:
        users = self._lock_file("users")
        try:
            if not _locked(users):
                return False
            cluster.Cluster(self.folder, Account(self.folder), self._options).stop()
            return True
        finally:
            os.close(users)

    @property
    def url(self) -> str:
        """Address for SQLAlchemy."""
        return self.url_of(cluster.DATABASE)

    @property
    def dsn(self) -> str:
        """Address for `asyncpg.connect`."""
        return self.url.replace("postgresql+asyncpg", "postgresql", 1)

    def url_of(self, database: str) -> str:
        """The SQLAlchemy address of another database of this server."""
        if self._cluster is None:
            raise EmbeddedServerError("The embedded server was not started.")
        return self._cluster.url(database)

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs, whoever started it."""
        running = postmaster.read((self.folder / "data").resolve())
        return running.pid if running else None

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        lock = self._lock_file("starting")
        try:
            deadline = time.monotonic() + PATIENCE
            while not _locked(lock):
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"Another process has been starting or stopping the database in {self.folder} for "
                        f"{PATIENCE:.0f} s. See who holds {self.folder / 'starting'} (fuser) and end it."
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(lock)

    def _lock_file(self, name: str) -> int:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedServerError(
                f"The database folder {self.folder} cannot be written ({error.strerror}). Give it to the user that "
                "runs Callfloor, name another place with CALLFLOOR_VAR, or name your own PostgreSQL with "
                "CALLFLOOR_DATABASE_URL."
            ) from error


async def keep_running(server: EmbeddedServer, every: float = 1.0) -> None:
    """Look after `server` until cancelled: whenever it has died, start it again."""
    while True:
        await asyncio.sleep(every)
        try:
            if await asyncio.to_thread(server.revive):
                log.warning("the embedded database had died and was started again", folder=str(server.folder))
        except (OSError, EmbeddedServerError) as error:  # a disk that is full has room again at some time
            log.error("the embedded database has died and does not start", reason=str(error))


@asynccontextmanager
async def kept_running(folder: Path) -> AsyncIterator[str]:
    """The address of the server of a folder, which runs and is looked after for as long as it is needed."""
    server, tasks = EmbeddedServer(folder), Supervisor()
    url = await asyncio.to_thread(server.start)
    tasks.start("embedded database", keep_running(server))
    try:
        yield url
    finally:
        await tasks.stop()
        await asyncio.to_thread(server.stop)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
