"""The one place that creates tasks: every one is named, tracked, and its death is told."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 5.0
"""How long tasks may take to break off what they do. One that swallows its cancellation never ends."""

T = TypeVar("T")


def begin(name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task whose maker keeps it and sees to its outcome; everything that runs for longer has a Supervisor."""
    return asyncio.get_running_loop().create_task(work, name=name)


class Supervisor:
    """Owns the background tasks of one service.

    A task that ends with an exception calls `on_death(name, error)`, so that the process can stop instead of
    limping on with a part of it silently gone. `stop()` cancels everything and awaits it, but not for ever.
    """

    def __init__(self, on_death: Callable[[str, BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_death = on_death
        self._stopping = False

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` as a tracked task."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None or self._stopping:
            return
        log.error("task died", task=task.get_name(), exc_info=error)
        if self._on_death is not None:
            self._on_death(task.get_name(), error)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Cancel every task and wait until each has ended, at most `seconds`; whichever has not by then is named in the
        log and left behind."""
        self._stopping = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=seconds)
        if left:
            names = sorted(task.get_name() for task in left)
            log.error("tasks were told to stop and did not; they are left behind", tasks=names, seconds=seconds)
