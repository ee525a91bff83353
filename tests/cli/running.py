"""The command line as a person uses it: as a process of its own."""

import atexit
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.fixtures.room import quick_place
from tests.fixtures.serving import bound

COMMAND = (sys.executable, "-m", "app.cli")
_kept = ExitStack()
"""Ports that are bound, and listening to nobody: another process may listen there, and the kernel gives the port to
nobody."""
atexit.register(_kept.close)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for data that other users may pass through, as the database's user must where we are root.

    Not pytest's own, which every other run of pytest closes again.
    """
    with tempfile.TemporaryDirectory(prefix="callfloor-var-", dir=quick_place()) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def environment(var: Path, **more: str) -> dict[str, str]:
    """An environment without settings but the folder for data."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLFLOOR_")}
    return kept | {"CALLFLOOR_VAR": str(var)} | more


def run(var: Path, *words: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(var, **more),
        input=typed,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def free_port() -> int:
    """A port for a server that starts later, or again and again: nobody else is given it while this process lives."""
    return int(_kept.enter_context(bound()).getsockname()[1])


@contextmanager
def running_demo(var: Path, *options: str) -> Iterator[str]:
    """The address of a running demo, stopped by Ctrl-C at the end, when it must not complain."""
    port = free_port()
    words = [*COMMAND, "demo", "--port", str(port), "--customers", "100", "--days", "2", *options]
    pipe = subprocess.PIPE
    demo = subprocess.Popen(words, env=environment(var), stdout=pipe, stderr=pipe, text=True)
    try:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "people" in line:
                break
        yield f"http://127.0.0.1:{port}"
        demo.send_signal(signal.SIGINT)
        _, complaints = demo.communicate(timeout=60)
        assert (demo.returncode, complaints) == (0, "")
    finally:
        demo.kill()
        demo.wait()
