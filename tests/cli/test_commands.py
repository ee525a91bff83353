"""The commands of whoever runs an installation, run as processes on an embedded database of their own."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.running import COMMAND, environment, free_port, run


@contextmanager
def serving(var: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A running server, stopped at the end by the signal that service managers send."""
    words = [*COMMAND, "serve", "--port", str(port)]
    process = subprocess.Popen(words, env=environment(var), stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()


def answer(port: int, path: str, seconds: float = 90) -> httpx.Response:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_help_names_the_commands(var: Path) -> None:
    said = run(var, "--help").stdout
    for command in ("serve", "demo", "agent", "migrate", "create-admin", "bench"):
        assert command in said


def test_migrate_then_the_first_administrator_and_no_second_one(var: Path) -> None:
    assert "The database is on revision" in run(var, "migrate").stdout
    made = run(var, "create-admin", "boss", CALLFLOOR_PASSWORD="long enough")
    assert (made.returncode, made.stdout) == (0, "boss can sign in now, at POST /api/v1/token.\n")
    again = run(var, "create-admin", "other", CALLFLOOR_PASSWORD="long enough")
    assert again.returncode == 1
    assert again.stderr.startswith("callfloor: There is an administrator already: 'boss'")


def test_a_password_is_asked_for_and_never_left_out(var: Path) -> None:
    refused = run(var, "create-admin", "boss")
    assert refused.returncode == 1
    assert refused.stderr.startswith("callfloor: No password given")


@pytest.mark.enable_socket
def test_serve_answers_and_ends_well_when_told_to(var: Path) -> None:
    port = free_port()
    with serving(var, port) as process:
        assert answer(port, "/healthz").json() == {"status": "alive"}
        assert "/api/v1/token" in answer(port, "/openapi.json").json()["paths"]
    assert process.returncode == 0
    assert not (var / "database" / "data" / "postmaster.pid").exists()


@pytest.mark.enable_socket
def test_a_misspelt_variable_is_named_and_a_port_in_use_is_said_in_one_sentence(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = run(var, "serve", "--port", str(other.getsockname()[1]), CALLFLOOR_HTP_PORT="8080")
    assert refused.returncode == 1
    warned, said = refused.stderr.splitlines()
    assert "CALLFLOOR_HTP_PORT" in warned
    assert "CALLFLOOR_HTTP_PORT" in warned
    assert said.startswith("callfloor: Cannot listen on 127.0.0.1 port")


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(var: Path) -> None:
    (var / "file").write_text("in the way")
    refused = run(var / "file", "migrate")
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert "CALLFLOOR_VAR" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_broken_database_is_said_without_a_traceback(var: Path) -> None:
    data = var / "database" / "data"
    data.mkdir(parents=True)
    (data / "letter.txt").write_text("not a database")
    refused = run(var, "migrate")
    assert refused.returncode == 1
    assert "is not a PostgreSQL data folder" in refused.stderr
    assert "Traceback" not in refused.stderr
