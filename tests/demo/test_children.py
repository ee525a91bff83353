"""Child processes: watched, started again, stopped by their id."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.tasks import Supervisor
from app.demo.children import ChildFailed, Children
from tests.demo.little_server import until

SLEEPS = (sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)")
DIES = (sys.executable, "-c", "import sys; sys.exit('no bread')")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(60)",
)


class Nursery:
    """Children and what became of their watchers."""

    def __init__(self, folder: Path) -> None:
        self.errors: list[BaseException] = []
        self.tasks = Supervisor(lambda _, error: self.errors.append(error))
        self.children = Children(folder, self.tasks)
        self.folder = folder

    async def start(self, words: tuple[str, ...]) -> int:
        """Start a child and wait for its first words."""
        await self.children.start("child", words, os.environ)
        pid = self.children.pid("child")
        assert pid is not None
        return pid

    def said(self) -> str:
        """What the child has printed."""
        return (self.folder / "child.log").read_text()


@pytest.fixture
async def nursery(tmp_path: Path) -> AsyncIterator[Nursery]:
    made = Nursery(tmp_path / "log")
    yield made
    await made.children.stop("child")
    await made.tasks.stop()


async def test_a_child_that_is_killed_is_started_again(nursery: Nursery) -> None:
    first = await nursery.start(SLEEPS)
    await until(lambda: nursery.said() == "here\n")
    os.kill(first, signal.SIGKILL)
    await until(lambda: nursery.children.pid("child") not in (None, first))
    await until(lambda: nursery.said() == "here\nhere\n")


async def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.demo.children.RESTART_PAUSE", 0.0)
    await nursery.start(DIES)
    await until(lambda: bool(nursery.errors), 30)
    assert isinstance(nursery.errors[0], ChildFailed)
    assert "no bread" in str(nursery.errors[0])
    failure = nursery.children.failed("child")
    assert failure is not None
    assert "no bread" in failure.detail


async def test_a_stopped_child_is_gone_and_stays_so(nursery: Nursery) -> None:
    pid = await nursery.start(SLEEPS)
    await nursery.children.stop("child")
    assert nursery.children.pid("child") is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await asyncio.sleep(0.1)
    assert nursery.children.pid("child") is None


async def test_a_child_that_does_not_listen_is_killed(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo.children.PATIENCE", 0.2)
    await nursery.start(STUBBORN)
    await until(lambda: nursery.said() == "here\n")
    await nursery.children.stop("child")
    assert nursery.children.pid("child") is None
