"""Ends a child process when its parent is gone, however the parent went: their shared pipe closes."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def follow_parent() -> None:
    """Ask this process to stop (SIGTERM) as soon as its standard input ends."""
    threading.Thread(target=_wait_for_end, args=(sys.stdin.fileno(),), name="lifeline", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def stop_asked() -> Iterator[asyncio.Event]:
    """An event that SIGINT or SIGTERM sets, for the running loop."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
