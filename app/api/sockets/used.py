"""Which command an id stood for: an id that comes again must mean the same."""

from collections import OrderedDict
from typing import ClassVar

import msgspec

from app.api.sockets.asked import Ask, tag_of
from app.core.errors import Conflict

REMEMBERED = 100_000

_encode = msgspec.json.Encoder().encode


class IdUsed(Conflict):
    """The id was used for another command of this session."""

    code: ClassVar[str] = "id-used"


class UsedIds:
    """Remembers the newest ids of all sessions of this process; what is older is answered from the floor's inbox."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._used: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()

    def claim(self, scope: str, ask: Ask) -> None:
        """Note what the id of `ask` stands for; raises `IdUsed` if that is something else already."""
        key, command = (scope, str(ask.id)), (tag_of(type(ask)), hash(_encode(ask)))
        before = self._used.setdefault(key, command)
        if before != command:
            other = before[0] if before[0] != command[0] else f"another {before[0]}"
            raise IdUsed(f"id {ask.id} was used for {other}; give each command an id of its own.", used_for=before[0])
        self._used.move_to_end(key)
        if len(self._used) > self._limit:
            self._used.popitem(last=False)
