"""Single keys from a terminal, without Enter and without echo; the terminal gets its old manners back at the end."""

import asyncio
import codecs
import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.softphone.dialogue import BACKSPACE, ENTER, ESCAPE

NAMES = {"\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\b": BACKSPACE, "\x1b": ESCAPE}


def keys_in(text: str) -> list[str]:
    """The keys in what a terminal sent at once. Arrows and the like (escape sequences) are none of ours."""
    if text.startswith("\x1b") and len(text) > 1:
        return []
    return [NAMES.get(character, character) for character in text]


@contextmanager
def keyboard() -> Iterator["asyncio.Queue[str]"]:
    """The keys of the terminal at standard input, as they are pressed. Ctrl-C stays a signal."""
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    queue: asyncio.Queue[str] = asyncio.Queue()
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read() -> None:
        for key in keys_in(decoder.decode(os.read(descriptor, 4096))):
            queue.put_nowait(key)

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield queue
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
