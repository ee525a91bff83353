"""The demo run until it has come to something, and what it said."""

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cli.running import COMMAND, environment, free_port

QUICK = ("--pace", "8", "--calls-per-minute", "40", "--customers", "200", "--days", "20")
MOST_SECONDS = "100"
STATUS = re.compile(r"calls (?P<offered>\d+)  answered (?P<answered>\d+)  gave up (?P<abandoned>\d+)")
SUMMARY = re.compile(
    r"(?P<offered>\d+) calls offered, (?P<answered>\d+) answered, (?P<abandoned>\d+) abandoned, "
    r"(?P<popped>\d+) screen pops, (?P<written>\d+) interactions written\.( (?P<still_on>\d+) calls are still on)?"
)
Figures = dict[str, int]


def play(var: Path, enough: Callable[[Figures], bool], *words: str, **more: str) -> tuple[str, Figures]:
    """Run the demo until Ctrl-C once what it tells of itself is `enough`, however slow the machine is; returns what it
    said and the figures of its summary."""
    asked = [*COMMAND, "demo", "--seconds", MOST_SECONDS, "--port", str(free_port()), *QUICK, *words]
    said, stopped = "", False
    with subprocess.Popen(
        asked, env=environment(var, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                said += line
                status = STATUS.search(line)
                if not stopped and status is not None and enough(_figures(status)):
                    demo.send_signal(signal.SIGINT)
                    stopped = True
        except BaseException:
            demo.kill()
            raise
    assert demo.returncode == 0, said
    found = SUMMARY.search(said)
    assert found is not None, said
    return said, _figures(found)


def processes_of(var: Path) -> list[str]:
    """What still runs with this folder."""
    running = subprocess.run(["ps", "-eo", "args", "-ww"], capture_output=True, text=True, check=True).stdout
    return [line for line in running.splitlines() if str(var) in line]


def _figures(found: re.Match[str]) -> Figures:
    return {name: int(figure or 0) for name, figure in found.groupdict().items()}
