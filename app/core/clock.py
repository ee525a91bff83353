"""The one place that reads the clock. Instants are float seconds since 1970-01-01T00:00Z unless named otherwise."""

import time
from collections.abc import Callable

from app.core.instants import iso, utc

__all__ = ["Clock", "FrozenClock", "iso", "now", "utc"]

Clock = Callable[[], float]


def now() -> float:
    """The present instant, in epoch seconds."""
    return time.time()  # noqa: TID251 - this is the clock


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
