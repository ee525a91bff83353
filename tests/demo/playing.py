"""The demo run to its end, and what it said."""

import re
import subprocess
from pathlib import Path

from tests.cli.running import free_port, run

QUICK = ("--pace", "8", "--calls-per-minute", "40", "--customers", "200", "--days", "20")
SUMMARY = re.compile(
    r"(?P<offered>\d+) calls offered, (?P<answered>\d+) answered, (?P<abandoned>\d+) abandoned, "
    r"(?P<popped>\d+) screen pops, (?P<written>\d+) interactions written\.( (?P<still_on>\d+) calls are still on)?"
)


def play(var: Path, seconds: int, *words: str, **more: str) -> tuple[str, dict[str, int]]:
    """Run the demo for so many seconds; returns what it said and the figures of its summary."""
    done = run(var, "demo", "--seconds", str(seconds), "--port", str(free_port()), *QUICK, *words, **more)
    assert done.returncode == 0, done.stderr
    found = SUMMARY.search(done.stdout)
    assert found is not None, done.stdout
    return done.stdout, {name: int(figure or 0) for name, figure in found.groupdict().items()}


def processes_of(var: Path) -> list[str]:
    """What still runs with this folder."""
    running = subprocess.run(["ps", "-eo", "args", "-ww"], capture_output=True, text=True, check=True).stdout
    return [line for line in running.splitlines() if str(var) in line]
