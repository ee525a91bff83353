"""The one place that reads the clock. Instants are float seconds since 1970-01-01T00:00Z unless named otherwise."""

import time
from collections.abc import Callable

from app.core.instants import iso, utc

__all__ = ["Clock", "FrozenClock", "iso", "now", "utc"]

Clock = Callable[[], float]


def now() -> float:
    """The present instant, in epoch seconds."""
    return time.time()  # noqa: TID251 - this is the clock


class SteadyClock:
    """Follows a clock forward but never back: where that one is set back, time goes on at its own pace from there.

    `start` is an instant that has certainly passed. `monotonic` gives seconds that only grow.
    """

    def __init__(self, clock: Clock, start: float = 0.0, monotonic: Clock = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._instant = start
        self._read_at = monotonic()

    def __call__(self) -> float:
        read_at = self._monotonic()
        self._instant = round(max(self._clock(), self._instant + read_at - self._read_at), 6)
        self._read_at = read_at
        return self._instant


class FrozenClock:
    """A clock for tests: stands still until told to move."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.instant = start

    def __call__(self) -> float:
        return self.instant

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` and return the new instant."""
        self.instant += seconds
        return self.instant
