"""The terminal agent on the floor of a running demo: from a script, and at a real terminal (a pty)."""

import os
import pty
import re
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from app.demo.bank import PASSWORD
from tests.cli.running import COMMAND, data_folder, environment, run, running_demo

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(400)]
BUSY = ("--pace", "4", "--calls-per-minute", "60")
TRIES = 4


class NobodyTalked(Exception):
    """A call was accepted, and no talk came of it."""


class Floor(NamedTuple):
    """A running demo."""

    url: str
    var: Path


@pytest.fixture(scope="module")
def floor() -> Iterator[Floor]:
    with data_folder() as var, running_demo(var, *BUSY) as url:
        yield Floor(url, var)


def agent(floor: Floor, name: str, *words: str) -> list[str]:
    return ["agent", "--as", name, "--url", floor.url, *words]


def sooner_or_later(works: Callable[[], None]) -> None:
    """Have somebody work who depends on a caller and a phone. In the demo, as in life, callers give up while it rings
    and one phone in a hundred fails; who does not come to talk tries again, from signing in."""
    for _ in range(TRIES - 1):
        with suppress(NobodyTalked):
            return works()
    return works()


def test_a_script_takes_a_call_from_ready_to_wrap_up(floor: Floor) -> None:
    script = "ready\naccept\nhang-up\nwrap-up other Thanks a lot\n"

    def works() -> None:
        done = run(floor.var, *agent(floor, "tom", "--patience", "25"), typed=script, CALLFLOOR_PASSWORD=PASSWORD)
        if "hang-up: its moment did not come" in done.stderr:
            raise NobodyTalked(done.stdout)
        assert done.returncode == 0, (done.stderr, done.stdout)
        for expected in ("is calling.", "ringing", "accept: ok", "hang-up: ok", "wrap-up: ok", "state: logged_off"):
            assert expected in done.stdout

    sooner_or_later(works)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mei", "--password", "wrong"), "mei could not sign in"),
        (("sofia", "--password", PASSWORD), "sofia may not use"),
        (("mei", "--password", PASSWORD, "--patience", "1"), "hang-up: its moment did not come within 1 s"),
        (("mei",), "No password given"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(floor: Floor, words: tuple[str, ...], said: str) -> None:
    refused = run(floor.var, *agent(floor, *words), typed="hang-up\n")
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


class Terminal:
    """A person at a terminal: sees the screen as text, presses keys."""

    def __init__(self, floor: Floor, name: str) -> None:
        self._screen, inner = pty.openpty()
        self.before = termios.tcgetattr(inner)
        termios.tcsetwinsize(inner, (40, 120))
        words = [*COMMAND, *agent(floor, name, "--password", PASSWORD)]
        self.process = subprocess.Popen(
            words, stdin=inner, stdout=inner, stderr=inner, env=environment(floor.var, TERM="xterm")
        )
        self.inner = inner

    def until(self, *expected: str, seconds: float = 60) -> None:
        """Watch the screen until it says one of these."""
        seen, deadline = "", time.monotonic() + seconds
        while not any(each in seen for each in expected):
            assert time.monotonic() < deadline, re.sub(r"\s+", " ", seen)[-1500:]
            seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(self._screen, 65536).decode(errors="replace"))

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())


def test_a_person_takes_a_call_with_single_keys(floor: Floor) -> None:
    def works() -> None:
        terminal = Terminal(floor, "mei")
        try:
            terminal.until("Press r to take calls")
            terminal.press("r")
            terminal.until("ringing, 0:")
            terminal.press("a")
            try:
                terminal.until("talking  0:0", seconds=25)
            except AssertionError as seen:
                raise NobodyTalked from seen
            terminal.press("x")
            terminal.until("after-call work")
            terminal.press("wother\r谢谢\r")
            terminal.until("Waiting for a caller", "ringing, 0:")
            terminal.press("q")
            assert terminal.process.wait(timeout=20) == 0
            assert termios.tcgetattr(terminal.inner) == terminal.before
        finally:
            terminal.process.kill()
            terminal.process.wait()

    sooner_or_later(works)
