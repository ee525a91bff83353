"""Calls that have ended lately: what comes late for one of them, doubled or repeated, must not begin it again. Pure."""

REMEMBERED_SECONDS = 60.0
"""Longer than an order to ring somebody is tried, and than an event comes late."""


class Gone:
    """Ids of calls, each known for so long after its end."""

    def __init__(self) -> None:
        self._ended: dict[str, float] = {}

    def __contains__(self, call: str) -> bool:
        return call in self._ended

    def add(self, call: str, now: float) -> None:
        """It has ended now (epoch seconds)."""
        self._ended.pop(call, None)
        self._ended[call] = now
        while (oldest := next(iter(self._ended))) != call and now - self._ended[oldest] > REMEMBERED_SECONDS:
            del self._ended[oldest]

    def back(self, call: str) -> None:
        """It lives: the switch has it, whatever we believed."""
        self._ended.pop(call, None)
