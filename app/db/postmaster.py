"""What `postmaster.pid` says about an embedded server, and whether to believe it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NO_PROCESS = 2_147_483_647
"""A process id that no system gives."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server that a data folder's pid file names."""

    pid: int
    socket_folder: Path | None
    ready: bool


def read(data: Path) -> Postmaster | None:
    """The server that runs on `data` now, or None. A file left by a dead server, or half a file, is None."""
    named = _parse(data)
    return named if named is not None and serves(named.pid, data) else None


def _parse(data: Path) -> Postmaster | None:
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, IndexError, ValueError):
        return None
    socket_folder = Path(lines[4].strip()) if len(lines) > 4 and lines[4].strip() else None
    return Postmaster(pid, socket_folder, len(lines) > 7 and lines[7].strip() == "ready")


def serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL server on `data`, and not another one that was given its number."""
    if not Path("/proc/self").exists():
        return _serves_by_ps(pid, data)
    process = Path("/proc") / str(pid)
    try:
        # the server works inside its data folder; a zombie or somebody else's process has no such link for us
        return Path(os.readlink(process / "cwd")) == data and "postgres" in (process / "comm").read_text()
    except OSError:
        return False


def _serves_by_ps(pid: int, data: Path) -> bool:
    ps = shutil.which("ps") or "/bin/ps"
    found = subprocess.run([ps, "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S603
    return "postgres" in found.stdout and str(data) in found.stdout


def clear_stale(data: Path, socket_folder: Path) -> None:
    """Make files left by a killed server harmless. Call only when `read(data)` is None and nobody else starts one.

    A file that names a process which is not ours would keep PostgreSQL from starting. It is not removed: its other
    lines let PostgreSQL see whether orphans of the dead server still hold its shared memory, and wait for them.
    """
    (socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    file = data / "postmaster.pid"
    if not file.exists():
        return
    lines = file.read_text(errors="replace").splitlines()
    if _parse(data) is None:
        file.unlink()
        return
    owner = file.stat()
    replacement = file.with_name("postmaster.pid.stale")
    replacement.write_text("\n".join([str(NO_PROCESS), *lines[1:], ""]))
    os.chmod(replacement, 0o600)
    if os.geteuid() == 0:
        os.chown(replacement, owner.st_uid, owner.st_gid)
    replacement.replace(file)
