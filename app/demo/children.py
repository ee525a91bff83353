"""The demo's child processes: started, watched, started again when they die, stopped by their id in a chosen order."""

import asyncio
import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from app.core.errors import Unavailable
from app.core.tasks import Supervisor

PATIENCE = 10.0
RESTARTS = 5
RESTART_WINDOW = 60.0
RESTART_PAUSE = 0.5


class ChildFailed(Unavailable):
    """A child process ends again and again; the message carries the last it said."""

    code: ClassVar[str] = "child-failed"


@dataclass
class Child:
    """One child: the words of its command, and the file that takes whatever it prints."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if running and self.process else None

    def last_words(self) -> str:
        """The last line that it printed."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it said nothing"


class Children:
    """Starts children and keeps them alive.

    Each has a pipe from us as its standard input: should we be killed, the pipe closes and they end by themselves.
    A session of its own keeps the terminal's Ctrl-C away from them, so that they stop in our order.
    """

    def __init__(self, folder: Path, tasks: Supervisor) -> None:
        self._folder = folder
        self._tasks = tasks
        self._children: dict[str, Child] = {}
        self._stopping: set[str] = set()

    def pid(self, name: str) -> int | None:
        """The process id of a child while it runs."""
        child = self._children.get(name)
        return child.pid if child else None

    async def start(self, name: str, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a child and watch over it; a child that keeps dying ends the watching task with `ChildFailed`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        child = Child(name, words, environment, self._folder / f"{name}.log")
        child.log.unlink(missing_ok=True)
        self._children[name] = child
        await _launch(child)
        self._tasks.start(f"watch {name}", self._watch(child))

    async def stop(self, name: str) -> None:
        """Ask a child to stop (SIGTERM), and kill it if it does not within `PATIENCE` seconds."""
        self._stopping.add(name)
        child = self._children.get(name)
        if child is None or child.process is None or child.process.returncode is not None:
            return
        child.process.terminate()
        try:
            await asyncio.wait_for(child.process.wait(), PATIENCE)
        except TimeoutError:
            child.process.kill()
            await child.process.wait()

    def failed(self, name: str) -> ChildFailed | None:
        """Why a child is not there, if it has died and not (yet) come back."""
        child = self._children[name]
        return None if child.pid else ChildFailed(f"The {name} ended: {child.last_words()} (see {child.log})")

    async def _watch(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while True:
            assert child.process is not None
            await child.process.wait()
            if child.name in self._stopping:
                return
            child.deaths.append(loop.time())
            if len(child.deaths) == RESTARTS and child.deaths[0] > loop.time() - RESTART_WINDOW:
                raise ChildFailed(f"The {child.name} ends again and again: {child.last_words()} (see {child.log})")
            await asyncio.sleep(RESTART_PAUSE)
            if child.name not in self._stopping:
                await _launch(child)


async def _launch(child: Child) -> None:
    descriptor = os.open(child.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child.process = await asyncio.create_subprocess_exec(
            *child.words,
            env=dict(child.environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
