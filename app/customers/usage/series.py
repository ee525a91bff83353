"""The events of one kind of a customer in order of time, from which any number of windows is measured. Pure.

A window costs a few look-ups however many events it holds. Sums are of whole numbers (every float is one over a power
of two), so what a window comes to does not depend on what came before it, and is rounded once.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate

from app.customers.usage.windows import EMPTY, Measured


class Series:
    """Events by their instants in order, each with its value or None."""

    def __init__(self, instants: Sequence[datetime], values: Sequence[float | None]) -> None:
        self._instants = instants
        self._valued = [at for at, value in zip(instants, values, strict=True) if value is not None]
        self._values = [value for value in values if value is not None]
        ratios = [value.as_integer_ratio() for value in self._values]
        self._unit = max((below for _, below in ratios), default=1)
        self._sums = list(accumulate((above * (self._unit // below) for above, below in ratios), initial=0))

    def measured(self, as_of: datetime, seconds: float) -> Measured:
        """What the window of so many seconds up to `as_of` comes to: the first instant is not of it, the last is."""
        since, middle = as_of - timedelta(seconds=seconds), as_of - timedelta(seconds=seconds / 2)
        first, half, end = (bisect_right(self._instants, at) for at in (since, middle, as_of))
        if first == end:
            return EMPTY
        start, turn, stop = (bisect_right(self._valued, at) for at in (since, middle, as_of))
        if start == stop:
            return Measured(end - first, end - half)
        return Measured(
            events=end - first,
            late_events=end - half,
            total=self._over(start, stop, 1) or 0.0,
            average=self._over(start, stop, stop - start),
            least=_best(self._least, start, stop, min),
            most=_best(self._most, start, stop, max),
            last=self._values[stop - 1],
            early_average=self._over(start, turn, turn - start),
            late_average=self._over(turn, stop, stop - turn),
        )

    def _over(self, start: int, stop: int, count: int) -> float | None:
        return (self._sums[stop] - self._sums[start]) / (self._unit * count) if count else None

    @cached_property
    def _least(self) -> list[list[float]]:
        return _table(self._values, min)

    @cached_property
    def _most(self) -> list[list[float]]:
        return _table(self._values, max)


def _table(values: list[float], pick: Callable[[float, float], float]) -> list[list[float]]:
    """The best of each 1, 2, 4, ... neighbours."""
    levels, width = [values], 1
    while 2 * width <= len(values):
        levels.append(list(map(pick, levels[-1], levels[-1][width:])))
        width *= 2
    return levels


def _best(levels: list[list[float]], start: int, stop: int, pick: Callable[[float, float], float]) -> float:
    level = (stop - start).bit_length() - 1
    return pick(levels[level][start], levels[level][stop - (1 << level)])
