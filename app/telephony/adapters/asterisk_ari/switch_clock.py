"""The clock of a switch, as far as its events show it. What an order does is told by that clock, too: by ours, where
the two differ, it would seem to have happened before, or after, what the switch itself tells of the same call."""

from collections import deque

from app.core.clock import Clock

EVENTS = 16
"""The fastest of so many has come nearly at once; where a clock is set, the older ones are soon forgotten."""


class SwitchClock:
    """Gives the instant by the switch's clock: never before the last event that was heard; ours until one was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: deque[float] = deque(maxlen=EVENTS)

    def heard(self, at: float) -> None:
        """An event has come now which happened at this instant of the switch's clock (0: it does not say)."""
        if at > 0:
            self._ahead.append(at - self._clock())

    def __call__(self) -> float:
        return self._clock() + max(self._ahead, default=0.0)
