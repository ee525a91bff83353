"""Stretches of time that rules look back over, and what was measured in one. Pure."""

import re
from functools import lru_cache
from typing import NamedTuple

UNITS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
LONGEST = 366 * 86_400.0
ACCEPTED = "a whole number of m, h, d or w up to 366d, such as '90m', '1h' or '60d'"

NOTHING = float("nan")
"""The value of what cannot be told, such as the last balance where there was none: no comparison with it holds."""

_WRITTEN = re.compile(r"([1-9]\d{0,5})([mhdw])")


class Window(NamedTuple):
    """Events of a kind that count within the last so many seconds."""

    kind: str
    seconds: float


class Measured(NamedTuple):
    """What the events of one window come to. Averages of its two halves are of values only."""

    events: int = 0
    late_events: int = 0
    total: float = 0.0
    average: float | None = None
    least: float | None = None
    most: float | None = None
    last: float | None = None
    early_average: float | None = None
    late_average: float | None = None

    @property
    def trend(self) -> float:
        """How much higher the values of the later half are than those of the earlier, as a share: -0.5 is half."""
        before, after = self.early_average, self.late_average
        if before is None or after is None:
            return NOTHING
        if before == 0.0:
            return 0.0 if after == 0.0 else NOTHING
        return (after - before) / abs(before)


EMPTY = Measured()


@lru_cache(maxsize=1_000)
def seconds_of(written: str) -> float | None:
    """How long a window is that is written like '1h'; None for what is no window."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return None
    seconds = int(match[1]) * UNITS[match[2]]
    return seconds if seconds <= LONGEST else None
