"""Numbers told short: medians and percentiles of what was measured."""

from collections.abc import Sequence
from math import ceil
from statistics import median

import msgspec


class Latency(msgspec.Struct, frozen=True):
    """A distribution in seconds."""

    count: int
    median: float
    p95: float
    p99: float
    worst: float


def latency(seconds: Sequence[float]) -> Latency:
    """The distribution of at least one measurement."""
    ordered = sorted(seconds)
    return Latency(len(ordered), median(ordered), percentile(ordered, 0.95), percentile(ordered, 0.99), ordered[-1])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the `ordered` measurements that at least `share` of them do not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
