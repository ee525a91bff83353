"""The whole demo as a newcomer runs it: real processes, real HTTP, a database of its own."""

import socket
from pathlib import Path

import pytest

from app.demo.stage import alone_in
from tests.cli.running import free_port, run
from tests.demo.playing import play, processes_of


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.enable_socket
def test_calls_are_answered_and_kept_and_a_second_start_goes_on(var: Path) -> None:
    said, first = play(var, lambda told: told["offered"] > 20 and told["answered"] > 10)
    assert "(new)" in said
    assert first["offered"] > 20
    assert first["answered"] > 10
    assert first["popped"] >= first["answered"]
    assert first["written"] == first["offered"]
    assert processes_of(var) == []
    said, second = play(var, lambda told: told["answered"] > 0)
    assert "(kept from last time)" in said
    assert second["answered"] > 0
    third = run(var, "demo", "--seconds", "0", "--port", str(free_port()))
    assert third.returncode == 0, third.stderr
    assert " calls offered, " in third.stdout


@pytest.mark.enable_socket
def test_a_port_in_use_is_said_before_anything_is_done(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run(var / "inner", "demo", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"callfloor: Cannot listen on 127.0.0.1 port {port}")
    assert not (var / "inner").exists()


@pytest.mark.enable_socket
def test_two_demos_do_not_share_a_folder(var: Path) -> None:
    with alone_in(var):
        refused = run(var, "demo", "--port", str(free_port()))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"callfloor: The demo runs already in {var}. Use that one, or give this one --var FOLDER.\n"
    )


@pytest.mark.enable_socket
def test_somebodys_own_data_is_not_taken_for_the_demo(var: Path) -> None:
    run(var, "create-admin", "boss", CALLFLOOR_PASSWORD="long enough")
    refused = run(var, "demo", "--port", str(free_port()))
    assert refused.returncode == 1
    assert "does not hold the demo bank" in refused.stderr
    assert "Traceback" not in refused.stderr
