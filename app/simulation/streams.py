"""The contacts that come, drawn from streams of chance of their own.

Each class has one stream for the times between arrivals, one for services and one for patience, seeded by the
scenario's seed and the class's name, and each contact takes exactly one number of each. So the n-th contact of a class
is the same person whatever agents and rules it meets: two scenarios have common random numbers (Law, Simulation
Modeling and Analysis, 5th ed., section 11.2). All values are drawn by inversion, which keeps them in step even where
a rate or a mean differs.
"""

import math
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from statistics import NormalDist

from app.core.errors import Invalid
from app.simulation.loop import Draw
from app.simulation.scenario import Arrival, Duration, Scenario, Stretch

SMALLEST = 2.0**-60
"""Stands for a drawn 0, of which the normal distribution has no quantile."""


def contacts_of(seed: int, arrival: Arrival) -> Iterator[Draw]:
    """The contacts of a class, in order of arrival; endless unless its profile ends."""
    services = samples(arrival.service, _stream(seed, arrival, "service"))
    patience = samples(arrival.patience, _stream(seed, arrival, "patience"))
    for at, service, patient in zip(_times(seed, arrival), services, patience, strict=False):
        yield Draw(at, service, patient)


def planned(scenario: Scenario) -> int:
    """How many contacts the run has: those asked for, or fewer where all profiles end before.

    Raises Invalid where none of them would count.
    """
    wanted = scenario.contacts
    come = wanted or 0
    if all(arrival.ends for arrival in scenario.arrivals):
        come = sum(_count(scenario.seed, arrival, wanted) for arrival in scenario.arrivals)
        come = come if wanted is None else min(come, wanted)
    if come <= scenario.warmup:
        what = f"{come} contacts come, and the first {scenario.warmup} do not count"
        accepted = "more contacts than the warm-up: a higher rate, a longer profile or a shorter warm-up"
        fault = {"where": "warmup", "what": what, "accepted": accepted}
        raise Invalid(f"warmup: {what}; accepted: {accepted}", faults=[fault])
    return come


def samples(duration: Duration | None, stream: Random) -> Iterator[float]:
    """Seconds of that distribution, one for each number of the stream; infinite where there is none."""
    quantile = _quantile(duration)
    draw = stream.random
    while True:
        yield quantile(draw())


def _stream(seed: int, arrival: Arrival, purpose: str) -> Random:
    return Random(f"{seed}/{arrival.name}/{purpose}")  # noqa: S311  a simulation wants chance that repeats


def _count(seed: int, arrival: Arrival, most: int | None) -> int:
    return sum(1 for _ in islice(_times(seed, arrival), most))


def _times(seed: int, arrival: Arrival) -> Iterator[float]:
    stream = _stream(seed, arrival, "interarrival")
    if arrival.profile is None:
        assert arrival.rate_per_minute is not None
        return _steady(stream, arrival.rate_per_minute / 60)
    return _along(stream, arrival.profile, arrival.repeat)


def _steady(stream: Random, rate: float) -> Iterator[float]:
    now = 0.0
    while True:
        now -= math.log1p(-stream.random()) / rate
        yield now


def _along(stream: Random, profile: list[Stretch], repeat: bool) -> Iterator[float]:
    """A Poisson stream of changing rate, by inverting its cumulative rate (Cinlar 1975; Law, section 8.6.2)."""
    need = -math.log1p(-stream.random())
    begin = 0.0
    while True:
        for stretch in profile:
            rate, now, end = stretch.rate_per_minute / 60, begin, begin + stretch.minutes * 60
            while need <= rate * (end - now) and rate:
                now += need / rate
                yield now
                need = -math.log1p(-stream.random())
            need -= rate * (end - now)
            begin = end
        if not repeat:
            return


def _quantile(duration: Duration | None) -> Callable[[float], float]:
    if duration is None:
        return lambda u: math.inf
    mean = duration.mean_seconds
    if duration.distribution == "exponential":
        return lambda u: -mean * math.log1p(-u)
    if duration.distribution == "deterministic":
        return lambda u: mean
    assert duration.cv is not None
    variance = math.log1p(duration.cv**2)
    normal = NormalDist(math.log(mean) - variance / 2, math.sqrt(variance))
    return lambda u: math.exp(normal.inv_cdf(u or SMALLEST))
