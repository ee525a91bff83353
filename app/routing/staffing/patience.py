"""The law of waiting with callers who leave (M/M/n+M), exactly, by integrals whose terms are all positive. Pure.

With j ahead, an agent comes after independent exponential times of rates n mu + i theta, i = j..0. Such a sum V obeys
exp(-theta V) ~ Beta(n mu / theta, j + 1); mixed over the stationary j it has the density, up to a constant,

    w(u) = exp(-n mu u + lambda / theta (1 - exp(-theta u)))          (Baccelli & Hebuterne 1981)

and the states with all agents busy weigh n mu times its integral against that with none waiting. Whoever waits is
still there after u with probability exp(-theta u). So all that is asked is a ratio of integrals of w. Its logarithm is
concave and smooth: Gauss-Legendre panels that double in width away from the peak give twelve digits in a few hundred
evaluations, for one agent as for ten thousand, where sums over j cancel or do not end.
Inside, time is in units of the handling time: mu = 1, lambda = a, theta = h.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

_DROP = 46.0
"""The integrand is left out where it is below exp(-46) = 1e-20 of its peak."""


class Shares(NamedTuple):
    """Of those who wait: answered by some time, gone by then, and waiting still."""

    answered: float
    abandoned: float
    waiting: float


class Integrals(NamedTuple):
    """Integrals of w, over exp(`peak`): answered with exp(-hu), abandoned with 1 - exp(-hu), late with u exp(-hu)."""

    peak: float
    answered: float
    abandoned: float
    late: float


def _gauss_legendre(order: int) -> tuple[tuple[float, float], ...]:
    """Nodes and weights on [-1, 1], by Newton's method on the Legendre polynomial."""
    nodes = []
    for i in range(order):
        x = math.cos(math.pi * (i + 0.75) / (order + 0.5))
        slope = 1.0
        for _ in range(100):
            before, value = 1.0, x
            for k in range(2, order + 1):
                before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
            slope = order * (x * value - before) / (x * x - 1)
            step = value / slope
            x -= step
            if abs(step) < 1e-15:
                break
        nodes.append((x, 2 / ((1 - x * x) * slope * slope)))
    return tuple(nodes)


_NODES = _gauss_legendre(20)


class Served(msgspec.Struct, frozen=True):
    """The waiting law of those who wait; made by `wait_law`."""

    agents: int
    load: float
    aht_seconds: float
    patience_seconds: float
    total: Integrals
    """The integrals over all times."""

    @property
    def log_weight(self) -> float:
        """Logarithm of P(all agents busy) / P(all agents busy and nobody waits)."""
        peak, answered, abandoned, _ = self.total
        return peak + math.log(self.agents * (answered + abandoned))

    @property
    def everyone(self) -> Shares:
        """How it ends for those who wait."""
        _, answered, abandoned, _ = self.total
        whole = answered + abandoned
        return Shares(answered / whole, abandoned / whole, 0.0)

    @property
    def answered_wait_seconds(self) -> float:
        """Mean wait of those who wait, where who leaves counts as 0: E[W; answered | must wait]."""
        _, answered, abandoned, late = self.total
        return self.aht_seconds * late / (answered + abandoned)

    def shares(self, seconds: float) -> Shares:
        """Who is answered within so many seconds, has left by then, or still waits."""
        impatience = self.aht_seconds / self.patience_seconds
        part = _integrals(self.agents, self.load, impatience, seconds / self.aht_seconds)
        peak, answered, abandoned, _ = self.total
        whole = answered + abandoned
        scale = math.exp(part.peak - peak) / whole
        reached = min(1.0, scale * (part.answered + part.abandoned))
        gone = -math.expm1(-seconds / self.patience_seconds)
        return Shares(scale * part.answered, scale * part.abandoned + (1 - reached) * gone, (1 - reached) * (1 - gone))

    def survival(self, seconds: float) -> tuple[float, float]:
        """Share that still waits after so many seconds, and the rate at which those end waiting, a second."""
        waiting = self.shares(seconds).waiting
        impatience = self.aht_seconds / self.patience_seconds
        time = seconds / self.aht_seconds
        peak, answered, abandoned, _ = self.total
        height = -self.load / impatience * math.expm1(-impatience * time) - self.agents * time - peak
        reached = math.exp(height - impatience * time) / (answered + abandoned) / self.aht_seconds
        return waiting, 1 / self.patience_seconds + (reached / waiting if waiting else 0.0)


def wait_law(agents: int, load: float, aht_seconds: float, patience_seconds: float) -> Served:
    """The waiting law of those who wait; load in Erlangs, patience as a mean. All must be above 0."""
    total = _integrals(agents, load, aht_seconds / patience_seconds, math.inf)
    return Served(agents, load, aht_seconds, patience_seconds, total)


def _integrals(agents: int, load: float, impatience: float, until: float) -> Integrals:
    """The integrals over times from 0 to `until`, in units of the handling time."""
    mode = min(math.log(load / agents) / impatience, until) if load > agents else 0.0
    kept = math.exp(-impatience * mode)
    gone = -math.expm1(-impatience * mode)
    lift = load * kept / impatience
    answered = abandoned = late = 0.0
    for middle, half in _panels(agents, load * kept, impatience, mode, until):
        for node, weight in _NODES:
            d = middle + half * node
            change = math.expm1(-impatience * d)
            mass = half * weight * math.exp(-agents * d - lift * change)
            stays = mass * kept * (1 + change)
            answered += stays
            abandoned += mass * (gone - kept * change)
            late += stays * (mode + d)
    return Integrals(load * gone / impatience - agents * mode, answered, abandoned, late)


def _panels(agents: int, inflow: float, impatience: float, mode: float, until: float) -> Iterator[tuple[float, float]]:
    """Middle and half width of each panel, as distances from the mode; `inflow` is what still comes in there.

    To the left w may be flat for long and then fall within a time of patience, so no panel there is wider than that.
    """
    first = 2 / max(abs(inflow - agents), math.sqrt(inflow * impatience), impatience)
    lift = inflow / impatience
    for sign, room, widest in ((1, until - mode, math.inf), (-1, mode, 2 / impatience)):
        edge, width = 0.0, first
        while edge < room and -sign * agents * edge - lift * math.expm1(-sign * impatience * edge) > -_DROP:
            width = min(width, room - edge)
            yield sign * (edge + width / 2), width / 2
            edge += width
            width = min(edge, widest)
