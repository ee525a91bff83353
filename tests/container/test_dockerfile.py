"""The Dockerfile keeps the rules of a careful image, and its steps build a program that serves."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.container import dockerfile
from tests.container.dockerfile import ROOT, Builder, Stage
from tests.fixtures.room import quick_place

BUILD, FINAL = dockerfile.read()


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=["build", "final"])
def test_bases_are_pinned_and_commands_need_no_shell(stage: Stage) -> None:
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-\w+", stage.base), "a moving tag builds something else tomorrow"
    for word in ("RUN", "ENTRYPOINT", "CMD", "HEALTHCHECK"):
        for step in stage.all(word):
            assert step.arguments, f"{word} in shell form: a shell swallows signals and quotes"
    assert not stage.all("ADD"), "ADD unpacks and downloads; COPY says what it does"


def test_everything_installed_is_named_by_its_hash() -> None:
    for step in BUILD.all("RUN"):
        if "install" in step.arguments:
            assert {"--require-hashes", "--no-index"} & set(step.arguments)
    for lock in ("build", "run"):
        text = (ROOT / f"requirements/{lock}.txt").read_text()
        assert "index-url" not in text
        assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\w)", text.strip()))


def test_the_image_runs_as_a_plain_numbered_user_that_has_a_name() -> None:
    (user,) = FINAL.all("USER")
    number, _, group = user.rest.partition(":")
    assert int(number) > 0
    assert int(group) > 0
    assert any("useradd" in step.arguments and number in step.arguments for step in FINAL.all("RUN"))
    words = [step.word for step in FINAL.steps]
    assert words.index("USER") > max(i for i, word in enumerate(words) if word in ("RUN", "COPY"))


def test_it_serves_and_is_asked_for_its_health() -> None:
    assert FINAL.all("ENTRYPOINT")[0].arguments == ["callfloor", "serve"]
    (check,) = FINAL.all("HEALTHCHECK")
    assert "/healthz" in check.arguments[-1]
    assert "--timeout" in check.rest


def test_the_virtual_environment_stays_where_it_was_made() -> None:
    (step,) = [step for step in FINAL.all("COPY") if "--from=build" in step.rest]
    _, source, target = step.rest.split()
    assert source == target, "the programs of a virtual environment name its folder"


def test_the_context_holds_what_is_copied_and_no_data_or_secrets() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    kept = [line[1:] for line in lines if line.startswith("!")]
    for step in (step for step in BUILD.all("COPY")):
        for source in step.rest.split()[:-1]:
            assert source.split("/")[0] in kept
            assert (ROOT / source).exists()
    assert not any(fnmatch(name, pattern) for name in ("var", ".git", ".venv", ".env") for pattern in kept)


@pytest.fixture(scope="module")
def image() -> Iterator[Builder]:
    """The build stage, run in a clean folder that any user may pass through."""
    root = Path(tempfile.mkdtemp(prefix="callfloor-image-", dir=quick_place(programs=True)))
    root.chmod(0o711)
    try:
        yield _built(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _built(root: Path) -> Builder:
    builder = Builder(root)
    try:
        builder.build(BUILD)
    except RuntimeError as error:
        if re.search("NewConnectionError|No matching distribution found|ConnectTimeout", str(error)):
            pytest.skip("no package registry can be reached: the steps of the Dockerfile are NOT tested here")
        raise
    return builder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_steps_install_a_program_with_its_migrations(image: Builder) -> None:
    python = str(image.place("/opt/callfloor/bin/python"))
    program = "from app.db import migrate; print(migrate.config().get_main_option('script_location'))"
    done = subprocess.run([python, "-c", program], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(image.place("/opt/callfloor/lib")))
    packages = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "pytest" not in packages


@pytest.fixture
def serving(image: Builder) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, str]]]:
    """The image's entry point running, and the environment that it was given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": f"{image.place('/opt/callfloor/bin')}:{os.environ['PATH']}",
        "CALLFLOOR_VAR": str(image.place("/var/lib/callfloor")),
        "CALLFLOOR_HTTP_PORT": str(port),
    }
    program, *arguments = FINAL.all("ENTRYPOINT")[0].arguments
    process = subprocess.Popen([str(image.place(f"/opt/callfloor/bin/{program}")), *arguments], env=environment)
    yield process, environment
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in (0, -signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.timeout(600)
def test_the_entry_point_becomes_healthy_and_stops_when_told(
    serving: tuple["subprocess.Popen[bytes]", dict[str, str]],
) -> None:
    process, environment = serving
    _, *arguments = FINAL.all("HEALTHCHECK")[0].arguments
    deadline = time.monotonic() + 60
    while subprocess.run([sys.executable, *arguments], env=environment, capture_output=True).returncode != 0:
        assert process.poll() is None, "ended by itself"
        assert time.monotonic() < deadline, "never healthy"
        time.sleep(0.5)
