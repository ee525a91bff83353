"""What callers key as secrets: in the memory of one process, for minutes, and looked at once. Never anywhere else."""

from collections import OrderedDict

from app.core.clock import Clock
from app.core.ids import new_id

KEPT_SECONDS = 600.0
MOST = 10_000


class Vault:
    """Keeps secrets by references that say nothing about them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def put(self, secret: str) -> str:
        """Keep a secret; gives the reference to it."""
        self._forget()
        ref = new_id()
        self._kept[ref] = self._clock() + KEPT_SECONDS, secret
        return ref

    def take(self, ref: str) -> str | None:
        """The secret behind a reference, which is then gone; None where it is, or was another process's."""
        self._forget()
        kept = self._kept.pop(ref, None)
        return None if kept is None else kept[1]

    def _forget(self) -> None:
        now = self._clock()
        while self._kept:
            until, _ = next(iter(self._kept.values()))
            if until > now and len(self._kept) <= MOST:
                return
            self._kept.popitem(last=False)
