"""Which channels a connection has asked to be ended."""

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

from app.telephony.adapters.asterisk_ari.actions import Request

Answer = TypeVar("Answer")
REMEMBERED = 1000
"""So many of the last ones: whoever asks again does so as the channel ends, within a moment."""


class HangUps(Generic[Answer]):
    """The answers to the last of them.

    A channel that is being ended is not asked to end once more: Asterisk (22.10) reads what it knows of the channel's
    sound for each such request (`ast_ari_channels_hangup`), while another of its threads may be freeing just that.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()

    def before(self, request: Request) -> "asyncio.Future[Answer] | None":
        """The answer that this has, or is about to have; None for what is no hang-up, or is to be asked for."""
        return self._answers.get(request.path) if request.method == "DELETE" else None

    def asked(self, request: Request, answer: "asyncio.Future[Answer]") -> None:
        """Remember it, if it is one."""
        if request.method != "DELETE" or not _is_channel(request.path):
            return
        self._answers[request.path] = answer
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    def refused(self, request: Request) -> None:
        """It was not done: the channel may not have been there yet."""
        self._answers.pop(request.path, None)


def _is_channel(path: str) -> bool:
    return path.startswith("channels/") and path.count("/") == 1
