"""The production engine under a virtual clock against queueing theory.

Seeds are fixed. Theory must lie within the 95 % confidence interval, which must be narrow, or the test would say
nothing. With other seeds one figure in twenty lies outside, as it should.
"""

import pytest

from app.simulation.estimates import Estimate
from tests.simulation import theory
from tests.simulation.scenes import calls, class_of, deterministic, exponential, figures, group


def agrees(it: Estimate, value: float, narrow: float) -> None:
    """The estimate has a half-width of at most `narrow` times the value, and holds it."""
    assert it.half_width is not None
    assert it.half_width <= narrow * value, it
    assert it.holds(value), (it, value)


@pytest.mark.parametrize(("agents", "waiting", "asa", "level"), [(13, 0.2853, 17.1, 0.7956), (14, 0.1741, 7.8, 0.8884)])
def test_erlang_c(agents: int, waiting: float, asa: float, level: float) -> None:
    load = 100 / 1800 * 180
    assert theory.erlang_c(agents, load) == pytest.approx(waiting, abs=5e-5)
    assert theory.erlang_c(agents, load) * 180 / (agents - load) == pytest.approx(asa, abs=0.06)
    assert theory.erlang_c_level(agents, load, 20, 180) == pytest.approx(level, abs=5e-5)
    told = figures(seed=1, contacts=150_000, warmup=2000, arrivals=[calls(100 / 30, 180)], agents=[group(agents)])
    agrees(told.total.probability_of_waiting, theory.erlang_c(agents, load), 0.06)
    agrees(told.total.asa_seconds, theory.erlang_c(agents, load) * 180 / (agents - load), 0.12)
    agrees(told.total.service_level["sl_answered"], theory.erlang_c_level(agents, load, 20, 180), 0.02)
    agrees(told.groups[0].occupancy, load / agents, 0.01)


def test_erlang_a() -> None:
    waiting, abandoned, wait = theory.erlang_a(50, 48 / 60, 60, 120)
    assert (waiting, abandoned, wait) == pytest.approx((0.4678, 0.0309, 3.71), abs=0.005)
    told = figures(
        seed=2,
        contacts=150_000,
        warmup=2000,
        arrivals=[calls(48, 60, patience=exponential(120))],
        agents=[group(50)],
    )
    agrees(told.total.probability_of_waiting, waiting, 0.06)
    agrees(told.total.abandon_rate, abandoned, 0.1)
    agrees(told.total.mean_wait_seconds, wait, 0.1)


def test_strict_tiers_are_cobhams_priorities() -> None:
    rates, names = (1.5, 1.5, 1.0), ("gold", "silver", "plain")
    told = figures(
        seed=3,
        contacts=120_000,
        warmup=2000,
        arrivals=[calls(rate, 60, name, tier=name) for rate, name in zip(rates, names, strict=True)],
        agents=[group(5)],
        queue={"strict_tiers": True, "tiers": {"plain": 0, "gold": 20, "silver": 10}},
    )
    for name, wait in zip(names, theory.cobham(5, rates, 60), strict=True):
        agrees(class_of(told, name).mean_wait_seconds, wait, 0.2)
        agrees(class_of(told, name).probability_of_waiting, theory.erlang_c(5, sum(rates)), 0.05)


def test_skills_first_come_longest_idle_have_their_product_form() -> None:
    """The N-model of Adan & Weiss, A skill based parallel service system under FCFS-ALIS (2014)."""
    told = figures(
        seed=4,
        contacts=150_000,
        warmup=5000,
        arrivals=[calls(0.9, 60, "a", requires={"a": 1}), calls(0.6, 60, "b", requires={"b": 1})],
        agents=[group(1, "one", skills={"a": 1}), group(1, "both", skills={"a": 1, "b": 1})],
    )
    for name, waiting, wait in (("a", 0.60191, 1.20382), ("b", 0.84076, 2.87580)):
        agrees(class_of(told, name).probability_of_waiting, waiting, 0.02)
        agrees(class_of(told, name).mean_wait_seconds, wait * 60, 0.1)


@pytest.mark.parametrize(
    ("service", "cv"),
    [
        (deterministic(40), 0.0),
        ({"distribution": "lognormal", "mean_seconds": 40.0, "cv": 1.5}, 1.5),
    ],
)
def test_one_agent_is_pollaczek_and_khinchines(service: dict[str, object], cv: float) -> None:
    told = figures(
        seed=5,
        contacts=100_000,
        warmup=2000,
        arrivals=[calls(1.05, 40) | {"service": service}],
        agents=[group(1)],
    )
    agrees(told.total.probability_of_waiting, 0.7, 0.03)
    agrees(told.total.mean_wait_seconds, theory.pollaczek_khinchine(0.7, 40, cv), 0.12)


def test_ringing_wrap_up_and_speed_take_an_agents_time() -> None:
    """Rung 5 s, served 50 s at twice the speed, 10 s of wrap-up: an M/D/1 queue of 40 s, and 5 s more to the answer."""
    told = figures(
        seed=6,
        contacts=100_000,
        warmup=2000,
        arrivals=[calls(1.05, 1) | {"service": deterministic(50)}],
        agents=[group(1, speed=2.0)],
        queue={"answer_seconds": 5, "wrap_up_seconds": 10},
    )
    agrees(told.total.probability_of_waiting, 0.7, 0.02)
    agrees(told.total.asa_seconds, theory.pollaczek_khinchine(0.7, 40, 0) + 5, 0.05)
    agrees(told.groups[0].utilisation, 0.7 * 25 / 40, 0.02)
    agrees(told.groups[0].occupancy, 0.7 * 35 / (0.7 * 35 + 0.3 * 40), 0.02)
