"""What queueing theory says, written down from the books and not from the program."""

from collections.abc import Sequence
from math import exp


def erlang_c(agents: int, load: float) -> float:
    """P(wait) in M/M/n: B(k) = aB(k-1) / (k + aB(k-1)); C = B / (1 - (a/n)(1 - B))."""
    blocked = 1.0
    for k in range(1, agents + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def erlang_c_level(agents: int, load: float, seconds: float, service: float) -> float:
    """P(wait <= seconds) = 1 - C exp(-(n - a) T / AHT)."""
    return 1 - erlang_c(agents, load) * exp(-(agents - load) * seconds / service)


def erlang_a(agents: int, per_second: float, service: float, patience: float) -> tuple[float, float, float]:
    """P(wait), P(abandon) and the mean wait of all in M/M/n+M, by its birth and death equations."""
    weights, weight, k = [1.0], 1.0, 0
    while weight > 1e-18 * max(weights) or k <= agents:
        k += 1
        weight *= per_second / (min(k, agents) / service + max(k - agents, 0) / patience)
        weights.append(weight)
    whole = sum(weights)
    waiting = sum(weights[agents:]) / whole
    queue = sum((k - agents) * w for k, w in enumerate(weights) if k > agents) / whole
    return waiting, queue / patience / per_second, queue / per_second


def cobham(agents: int, loads: Sequence[float], service: float) -> list[float]:
    """The mean wait of each class in M/M/n with priorities, highest first, nobody interrupted (Cobham 1954)."""
    whole = sum(loads)
    waits, before = [], 0.0
    for load in loads:
        after = before + load / agents
        waits.append(erlang_c(agents, whole) * service / agents / ((1 - before) * (1 - after)))
        before = after
    return waits


def pollaczek_khinchine(load: float, service: float, cv: float) -> float:
    """The mean wait in M/G/1: a (1 + cv^2) / (2 (1 - a)) services."""
    return load * (1 + cv * cv) / (2 * (1 - load)) * service
