"""When the embedded server cannot be used, the error says why and what to do."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.db.embedded import EmbeddedServer
from app.db.errors import EmbeddedServerError
from tests.db.embedded import ROOT, query

NOBODY = 65534


def test_a_folder_that_cannot_be_made() -> None:
    with pytest.raises(EmbeddedServerError, match=r"cannot be written.*CALLFLOOR_VAR.*CALLFLOOR_DATABASE_URL"):
        EmbeddedServer(Path("/proc/callfloor")).start()


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("")
    with pytest.raises(EmbeddedServerError, match="cannot be written"):
        EmbeddedServer(tmp_path / "db").start()


def test_a_folder_with_something_else_in_it_is_left_alone(fresh_folder: Path) -> None:
    (fresh_folder / "data").mkdir()
    (fresh_folder / "data" / "thesis.txt").write_text("precious")
    with pytest.raises(EmbeddedServerError, match="not a PostgreSQL data folder"):
        EmbeddedServer(fresh_folder).start()
    assert (fresh_folder / "data" / "thesis.txt").read_text() == "precious"


def test_a_broken_data_folder(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerError, match=r"(?s)pg_control.*move that folder away"):
        EmbeddedServer(folder).start()


def test_data_of_another_version(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)version 15.*not compatible"):
        EmbeddedServer(folder).start()


def test_a_refused_start_can_be_repeated(folder: Path) -> None:
    version = folder / "data" / "PG_VERSION"
    version.write_text("15\n")
    server = EmbeddedServer(folder)
    for _ in range(2):
        with pytest.raises(EmbeddedServerError):
            server.start()
    version.write_text("18\n")
    with server:
        assert query(server, "select 1") == 1


def test_a_socket_folder_that_another_user_laid_out(folder: Path) -> None:
    long = folder.rename(folder.with_name("x" * 120))
    with EmbeddedServer(long) as server:
        place = Path(unquote(server.url.partition("host=")[2]))
    place.symlink_to(long)
    with pytest.raises(EmbeddedServerError, match="belongs to user"):
        EmbeddedServer(long).start()
    place.unlink()


def as_nobody(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python as a plain user with what this Python has installed; skips where none can be run."""
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *(p for p in sys.path if "site-packages" in p)])}
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "env": environment, "cwd": "/"}
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        command = [python, "-P", "-c"]
        try:
            probe = subprocess.run([*command, "import app.db.embedded"], capture_output=True, **options)  # type: ignore[call-overload]
        except OSError:
            continue
        if probe.returncode == 0:
            return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]
    pytest.skip("no Python that the user nobody may run: a plain user's embedded server is NOT tested here")


PLAIN_USER = """
import sys; from pathlib import Path; from app.db.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.url)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: every other test here runs as a plain user already")
def test_a_plain_user_runs_it_and_root_may_join(fresh_folder: Path) -> None:
    os.chown(fresh_folder, NOBODY, NOBODY)
    done = as_nobody(PLAIN_USER, str(fresh_folder / "db"))
    assert done.returncode == 0, done.stderr
    assert (fresh_folder / "db" / "data").stat().st_uid == NOBODY
    with EmbeddedServer(fresh_folder / "db") as server:
        assert query(server, "select 1") == 1
    assert as_nobody(PLAIN_USER, str(fresh_folder / "db")).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_a_plain_user_is_told_that_the_folder_is_roots(folder: Path) -> None:
    done = as_nobody(PLAIN_USER, str(folder))
    assert done.returncode == 1
    assert "cannot be written (Permission denied). Give it to the user" in done.stderr
