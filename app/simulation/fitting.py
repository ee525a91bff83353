"""From what was recorded of one queue's day to the scenario that it was. Pure.

Arrivals: for each tier the contacts of each interval as its rate. Service: talk, hold and wrap-up together, lognormal
with the mean and the standard deviation of the recorded ones (telephone service times are close to lognormal: Brown et
al., Statistical analysis of a telephone call center, JASA 100 (2005) 36-50). Patience: exponential with mean (all
seconds waited) / (abandoned), the maximum-likelihood estimate where who was served is censored at the wait.
"""

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from app.core.errors import NotFound
from app.simulation.reading import checked
from app.simulation.scenario import Scenario

INTERVAL_SECONDS = 1800
DAYS = 20
"""Days that such a scenario runs for; each is about one batch."""

STEADY = 1e-3
"""Services whose coefficient of variation is below this take always the same time."""


class NothingRecorded(NotFound):
    """The day has too little to build a scenario from."""

    code = "nothing-recorded"


class Rules(NamedTuple):
    """The queue as it is set now; durations in seconds."""

    selection: str = "longest_idle"
    strict_tiers: bool = False
    service_level_seconds: float = 20.0
    short_abandon_seconds: float = 5.0


class TierRule(NamedTuple):
    """A tier as it is set now."""

    bonus_seconds: float
    rank: int


class Day(NamedTuple):
    """What was recorded. Seconds count from the beginning of the day, which lasts `length`.

    `named` is how a message calls it. `arrivals` are the contacts by tier (None without one) and number of the
    interval. `services` are count, mean and standard deviation. `presence` is, for each agent who answered, from their
    first answer to their last wrap-up.
    """

    queue: str
    named: str
    length: float
    arrivals: dict[tuple[str | None, int], int]
    waited: float
    abandoned: int
    services: tuple[int, float, float]
    presence: list[tuple[float, float]]
    rules: Rules = Rules()
    tiers: dict[str, TierRule] = {}  # noqa: RUF012  a NamedTuple's default, which nobody changes


def fitted(day: Day, seed: int = 1) -> Scenario:
    """The scenario of a recorded day. Raises NothingRecorded where nobody came or nobody was answered."""
    contacts = sum(day.arrivals.values())
    if not contacts or not day.services[0] or not day.presence:
        what = "no contacts" if not contacts else "no answered contact, and so neither service nor agents"
        raise NothingRecorded(f"On {day.named} queue {day.queue} has {what}: name another day, queue or time zone.")
    return checked(_document(day, contacts, seed), "The recorded day", {}, [])


def _document(day: Day, contacts: int, seed: int) -> dict[str, Any]:
    tiers = sorted({tier for tier, _ in day.arrivals if tier is not None})
    known = {tier: day.tiers.get(tier, TierRule(0.0, 0)) for tier in tiers}
    return {
        "seed": seed,
        "contacts": contacts * DAYS,
        "batches": DAYS,
        "repeat_minutes": day.length / 60,
        "arrivals": [_arrival(day, tier) for tier in (None, *tiers) if any(each == tier for each, _ in day.arrivals)],
        "agents": list(_groups(day)),
        "queue": {
            **day.rules._asdict(),
            "tiers": {name: tier._asdict() for name, tier in known.items()},
        },
    }


def _arrival(day: Day, tier: str | None) -> dict[str, Any]:
    mean = day.waited / day.abandoned if day.abandoned else 0.0
    return {
        "name": day.queue if tier is None else f"{day.queue}-{tier}",
        "profile": list(_profile(day, tier)),
        "tier": tier,
        "service": _service(*day.services),
        "patience": {"distribution": "exponential", "mean_seconds": round(mean, 3)} if mean >= 1e-3 else None,
    }


def _profile(day: Day, tier: str | None) -> Iterator[dict[str, float]]:
    """The rates; neighbours that are alike become one piece."""
    pieces = []
    for number in range(math.ceil(day.length / INTERVAL_SECONDS)):
        minutes = min(INTERVAL_SECONDS, day.length - number * INTERVAL_SECONDS) / 60
        pieces.append((round(day.arrivals.get((tier, number), 0) / minutes, 6), minutes))
    for rate, alike in groupby(pieces, key=lambda piece: piece[0]):
        yield {"minutes": sum(minutes for _, minutes in alike), "rate_per_minute": rate}


def _service(count: int, mean: float, deviation: float) -> dict[str, Any]:
    mean = max(round(mean, 3), 1e-3)
    cv = round(deviation / mean, 4)
    if count < 2 or cv < STEADY:
        return {"distribution": "deterministic", "mean_seconds": mean}
    return {"distribution": "lognormal", "mean_seconds": mean, "cv": min(cv, 100.0)}


def _groups(day: Day) -> Iterator[dict[str, Any]]:
    """Agents by shift; shifts begin and end with an interval."""
    grid = INTERVAL_SECONDS
    shifts = sorted(
        (max(0.0, first // grid * grid), min(day.length, math.ceil(max(last, first + 1) / grid) * grid))
        for first, last in day.presence
    )
    for (begin, end), alike in groupby(shift for shift in shifts if shift[0] < shift[1]):
        yield {
            "name": f"{_clock(begin)}-{_clock(end)}",
            "count": len(list(alike)),
            "shifts": [{"from_minutes": begin / 60, "to_minutes": end / 60}],
        }


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"
