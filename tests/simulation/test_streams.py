"""The contacts that come, drawn by inversion: each number against the formula, and profiles against one steady rate."""

import math
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest

from app.core.errors import Invalid
from app.simulation.scenario import Arrival, Duration, Scenario
from app.simulation.streams import contacts_of, planned, samples
from tests.simulation.scenes import exponential, group, scene

ONE_SIGMA = 0.8413447460685429
"""The normal distribution at 1."""


class Given(Random):
    """Draws the same number again and again."""

    def __init__(self, u: float) -> None:
        super().__init__(1)
        self._u = u

    def random(self) -> float:
        """The number."""
        return self._u


def drawn(u: float, distribution: Any, cv: float | None = None) -> float:
    duration = Duration(distribution=distribution, mean_seconds=60, cv=cv)
    return next(samples(duration, Given(u)))


@pytest.mark.parametrize(
    ("u", "distribution", "cv", "seconds"),
    [
        (0.0, "exponential", None, 0.0),
        (0.5, "exponential", None, 41.588831),  # 60 ln 2
        (0.9, "exponential", None, 138.155106),  # 60 ln 10
        (0.9, "deterministic", None, 60.0),
        (0.5, "lognormal", 1.0, 42.426407),  # 60 / sqrt 2
        (ONE_SIGMA, "lognormal", 1.0, 97.546151),  # 60 / sqrt 2 * exp(sqrt ln 2)
        (0.5, "lognormal", 2.0, 26.832816),  # 60 / sqrt 5
    ],
)
def test_each_number_is_that_quantile_of_the_distribution(
    u: float, distribution: str, cv: float | None, seconds: float
) -> None:
    assert drawn(u, distribution, cv) == pytest.approx(seconds, abs=1e-5)


def test_what_has_no_duration_never_ends_and_a_drawn_nought_is_a_very_short_one() -> None:
    assert next(samples(None, Given(0.5))) == math.inf
    assert 0 < drawn(0.0, "lognormal", 1.0) < 0.1


def arrival(**more: Any) -> Arrival:
    classes = [{"name": "x", "service": exponential(60), **more}]
    [made] = scene(arrivals=classes, agents=[group(1)], contacts=9).arrivals
    return made


def times(many: int, **more: Any) -> list[float]:
    return [draw.at for draw in islice(contacts_of(1, arrival(**more)), many)]


def stretch(minutes: float, rate: float) -> dict[str, float]:
    return {"minutes": minutes, "rate_per_minute": rate}


def test_gaps_between_arrivals_are_those_of_the_rate_from_the_first_on() -> None:
    found = times(4000, rate_per_minute=2)
    gaps = [later - earlier for earlier, later in pairwise([0.0, *found])]
    assert sum(gaps) / len(gaps) == pytest.approx(30, abs=4 * 30 / len(gaps) ** 0.5)
    again = [draw.at for draw in islice(contacts_of(2, arrival(rate_per_minute=2)), 1)]
    assert again != found[:1]


def test_a_profile_of_one_rate_however_it_is_cut_is_that_rate() -> None:
    steady = times(500, rate_per_minute=2)
    for profile in ([stretch(7, 2)], [stretch(0.1, 2), stretch(3, 2), stretch(50, 2)]):
        assert times(500, profile=profile) == pytest.approx(steady)


def test_while_the_rate_is_nought_nobody_comes_and_everybody_comes_later_by_as_much() -> None:
    steady = times(500, rate_per_minute=2)
    late = [at + 300 * (at // 600) for at in steady]
    assert times(500, profile=[stretch(10, 2), stretch(5, 0)]) == pytest.approx(late)
    assert times(500, profile=[stretch(5, 0), stretch(10, 2)]) == pytest.approx([at + 300 for at in late])


def test_at_twice_the_rate_as_many_come_in_half_the_time() -> None:
    steady = times(500, rate_per_minute=2)
    once = [at if at < 600 else 600 + (at - 600) / 2 for at in steady]
    assert times(500, profile=[stretch(10, 2), stretch(1e6, 4)]) == pytest.approx(once)


def a_day(*, contacts: int | None, warmup: int = 0, endless: bool = False) -> Scenario:
    classes = [{"name": name, "profile": [stretch(10, 2)], "repeat": False, "service": exponential(1)} for name in "ab"]
    if endless:
        classes.append({"name": "c", "rate_per_minute": 1, "service": exponential(1)})
    return scene(arrivals=classes, agents=[group(1)], contacts=contacts, warmup=warmup)


def test_as_many_are_planned_as_are_asked_for_or_come_whichever_is_less() -> None:
    come = sum(len(list(contacts_of(1, each))) for each in a_day(contacts=None).arrivals)
    assert 20 < come < 60
    assert planned(a_day(contacts=None)) == come
    assert planned(a_day(contacts=come + 1)) == come
    assert planned(a_day(contacts=come - 1)) == come - 1
    assert planned(a_day(contacts=come + 1, endless=True)) == come + 1
    assert planned(a_day(contacts=None, warmup=come - 1)) == come


def test_a_run_of_which_all_is_warm_up_is_refused_with_its_place() -> None:
    come = planned(a_day(contacts=None))
    with pytest.raises(Invalid) as refused:
        planned(a_day(contacts=None, warmup=come))
    assert refused.value.facts["faults"] == [
        {
            "where": "warmup",
            "what": f"{come} contacts come, and the first {come} do not count",
            "accepted": "more contacts than the warm-up: a higher rate, a longer profile or a shorter warm-up",
        }
    ]
