"""What `postmaster.pid` says about an embedded server, and whether to believe it."""

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

NO_PROCESS = 2_147_483_647
"""A process id that no system gives."""
SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server that a data folder's pid file names. `here`: it is a process that we see and can signal."""

    pid: int
    socket_folder: Path | None
    ready: bool
    here: bool = False


def read(data: Path) -> Postmaster | None:
    """The server that runs on `data` now, or None. A file left by a dead server, or half a file, is None."""
    named = _parse(data)
    if named is None:
        return None
    here = serves(named.pid, data)
    # another container that shares the folder has process ids of its own, but its socket answers here too
    if here or (named.socket_folder is not None and _answers(named.socket_folder)):
        return Postmaster(named.pid, named.socket_folder, named.ready, here)
    return None


def _parse(data: Path) -> Postmaster | None:
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, IndexError, ValueError):
        return None
    socket_folder = Path(lines[4].strip()) if len(lines) > 4 and lines[4].strip() else None
    return Postmaster(pid, socket_folder, len(lines) > 7 and lines[7].strip() == "ready")


def serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL server on `data`, and not another one that was given its number.

    Told by its command line, which everybody may read (its working folder may not, not even for root in a container).
    """
    if Path("/proc/self").exists():
        try:
            arguments = (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return arguments[0].endswith(b"postgres") and bytes(data) in arguments
    ps = shutil.which("ps") or "/bin/ps"
    found = subprocess.run([ps, "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S603
    return "postgres" in found.stdout and str(data) in found.stdout


def _answers(socket_folder: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(str(socket_folder / SOCKET))
    except OSError:
        return False
    return True


def clear_stale(data: Path, socket_folder: Path) -> None:
    """Make files left by a killed server harmless. Call only when `read(data)` is None and nobody else starts one.

    A file that names a process which is not ours would keep PostgreSQL from starting. It is not removed: its other
    lines let PostgreSQL see whether orphans of the dead server still hold its shared memory, and wait for them.
    """
    (socket_folder / f"{SOCKET}.lock").unlink(missing_ok=True)
    file = data / "postmaster.pid"
    if not file.exists():
        return
    if _parse(data) is None:
        file.unlink()
        return
    lines = file.read_text(errors="replace").splitlines()
    replacement = file.with_name("postmaster.pid.stale")
    replacement.write_text("\n".join([str(NO_PROCESS), *lines[1:], ""]))
    replacement.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(replacement, data.stat().st_uid, data.stat().st_gid)
    replacement.replace(file)
