"""Whom the embedded server runs as. PostgreSQL refuses to run as root, so root lends it an account of its own."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from app.db.errors import EmbeddedServerError

NAME = "callfloor"
log = structlog.get_logger(__name__)


class Account:
    """The user that owns the data and runs the server: ourselves, or for root the folder's owner or `callfloor`."""

    def __init__(self, folder: Path) -> None:
        self._entry = _entry_for_root(folder) if os.geteuid() == 0 else None

    def subprocess_options(self) -> dict[str, Any]:
        """Options for `subprocess.run` so that the program runs as this user."""
        if self._entry is None:
            return {}
        return {"user": self._entry.pw_uid, "group": self._entry.pw_gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Create `folder` if need be, for this user only. Refuses a folder or link that somebody else put there."""
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        uid, gid = (self._entry.pw_uid, self._entry.pw_gid) if self._entry else (os.geteuid(), -1)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (uid, os.geteuid()):
            raise EmbeddedServerError(
                f"{folder} belongs to user {status.st_uid}, not to user {uid} as whom the database runs here. "
                "Run Callfloor as the folder's user, or name another place with CALLFLOOR_VAR."
            )
        os.chown(folder, uid, gid)
        folder.chmod(0o700)

    def let_through(self, *paths: Path) -> None:
        """See to it that this user reaches `paths`: root opens closed folders above them, only for passing through."""
        if self._entry is None:
            return
        for path in paths:
            if self._reaches(path.parent):
                continue
            for folder in _closed_to(self._entry, path):
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)
                log.warning("folder opened for passing through", folder=str(folder), needed_by=self._entry.pw_name)

    def _reaches(self, folder: Path) -> bool:
        # asked of the system, not computed: groups and access lists may let the user in
        command = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
        done = subprocess.run(command, capture_output=True, **self.subprocess_options())  # noqa: S603
        return done.returncode == 0

    def let_read(self, tree: Path, probe: Path) -> None:
        """See to it that this user can run what lies in `tree`, installed under a strict umask; `probe` tells."""
        if self._entry is None or probe.stat().st_mode & stat.S_IXOTH:
            return
        for path in [tree, *tree.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _closed_to(entry: pwd.struct_passwd, path: Path) -> Iterator[Path]:
    for folder in reversed(path.parents):
        status = folder.stat()
        if status.st_uid == entry.pw_uid and status.st_mode & stat.S_IXUSR:
            continue
        if not status.st_mode & stat.S_IXOTH:
            yield folder


def _entry_for_root(folder: Path) -> pwd.struct_passwd:
    data = folder / "data"
    try:
        if data.exists() and data.stat().st_uid != 0:
            return pwd.getpwuid(data.stat().st_uid)
        return pwd.getpwnam(NAME)
    except KeyError:
        return _create()


def _create() -> pwd.struct_passwd:
    useradd, adduser = shutil.which("useradd"), shutil.which("adduser")
    if useradd:
        command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", NAME]
    elif adduser:
        command = [adduser, "-S", "-D", "-H", NAME]
    else:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and no useradd was found to create the user {NAME!r}. "
            "Create that user, run Callfloor as a plain user, or set CALLFLOOR_DATABASE_URL."
        )
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        raise EmbeddedServerError(
            f"The user {NAME!r}, as whom PostgreSQL would run, cannot be created: {done.stderr.strip()}. "
            "Run Callfloor as a plain user, or set CALLFLOOR_DATABASE_URL."
        ) from None
