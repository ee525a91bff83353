"""Answers given lately, by the id that their command came with: the same id gets the same answer again."""

from collections import OrderedDict

import msgspec

from app.floor.commands import Answer

Key = tuple[str, str]
"""Scope (a platform, a socket session) and the id within it."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Answer)


def encode(answer: Answer) -> bytes:
    """An answer as the inbox keeps it."""
    return _encoder.encode(answer)


class Inbox:
    """The memory of the inbox; older answers are found in the table by the commit that would repeat them."""

    def __init__(self, answers: dict[Key, bytes] | None = None, limit: int = 100_000) -> None:
        self._answers: OrderedDict[Key, bytes] = OrderedDict(answers or {})
        self._limit = limit

    def get(self, key: Key) -> Answer | None:
        """The answer given to this key, if it is remembered."""
        raw = self._answers.get(key)
        return None if raw is None else _decoder.decode(raw)

    def put(self, key: Key, raw: bytes) -> None:
        """Remember an answer that is durable."""
        self._answers[key] = raw
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)
