"""(f) The simulator against queueing theory: models that are solved exactly, which the engine must meet.

The tests run each of them short, the bench long. Seeds are fixed; theory lies within a 95 % confidence interval
nineteen times out of twenty.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from app.bench import laws
from app.simulation.estimates import Estimate
from app.simulation.reading import checked
from app.simulation.results import ClassFigures, Figures
from app.simulation.runs import simulate
from app.simulation.scenario import Scenario

PILOT = 10_000
"""Contacts by which the speed of this machine is found, and the least that a model is run with."""


class Claim(NamedTuple):
    """What theory says of a figure; `narrow`: in the tests its interval reaches no farther than this share of it."""

    figure: str
    theory: float
    narrow: float
    read: Callable[[Figures], Estimate]


class Model(NamedTuple):
    """A scenario that is solved exactly, but for its `contacts`, and so many of them for the tests."""

    name: str
    contacts: int
    document: dict[str, Any]
    claims: tuple[Claim, ...]

    def scenario(self, contacts: int) -> Scenario:
        """The scenario with so many contacts that count."""
        whole = self.document | {"contacts": contacts + self.document["warmup"]}
        return checked(whole, self.name, {}, [])


class Agreement(msgspec.Struct, frozen=True):
    """One figure of one model, simulated with so many contacts that counted."""

    model: str
    contacts: int
    figure: str
    theory: float
    simulated: Estimate

    @property
    def within(self) -> bool:
        """Whether theory lies in the interval of the simulation."""
        return self.simulated.holds(self.theory)

    @property
    def distance(self) -> float:
        """How far theory lies from the simulation, in half-widths of its interval; there is always one."""
        it = self.simulated
        assert it.value is not None
        assert it.half_width is not None
        return abs(it.value - self.theory) / it.half_width


def agreements(model: Model, contacts: int) -> list[Agreement]:
    """Run a model once and hold every figure against theory."""
    told = simulate(model.scenario(contacts)).figures()
    return [Agreement(model.name, contacts, each.figure, each.theory, each.read(told)) for each in model.claims]


def all_models(contacts: int, seconds: float, say: Callable[[str], None]) -> list[Agreement]:
    """Every model with so many contacts, or as many fewer as it takes to run for about so many seconds."""
    told = []
    for model in MODELS:
        begun = time.perf_counter()
        agreements(model, PILOT)
        affordable = int(PILOT * seconds / (time.perf_counter() - begun))
        number = min(contacts, max(PILOT, affordable))
        say(f"theory, {model.name}, {number:,} contacts")
        told += agreements(model, number)
    return told


def _total(figure: str) -> Callable[[Figures], Estimate]:
    def read(told: Figures) -> Estimate:
        found: Estimate = getattr(told.total, figure)
        return found

    return read


def _of(name: str, figure: str) -> Callable[[Figures], Estimate]:
    def read(told: Figures) -> Estimate:
        one: ClassFigures = next(each for each in told.classes if each.name == name)
        found: Estimate = getattr(one, figure)
        return found

    return read


def _agents(figure: str) -> Callable[[Figures], Estimate]:
    def read(told: Figures) -> Estimate:
        found: Estimate = getattr(told.groups[0], figure)
        return found

    return read


P_WAIT, WAIT, ASA, LOST = "probability_of_waiting", "mean_wait_seconds", "asa_seconds", "abandon_rate"


def _exponential(seconds: float) -> dict[str, Any]:
    return {"distribution": "exponential", "mean_seconds": seconds}


def _calls(rate: float, service: dict[str, Any], name: str = "calls", **more: Any) -> dict[str, Any]:
    return {"name": name, "rate_per_minute": rate, "service": service} | more


def _agents_of(count: int, name: str = "agents", **more: Any) -> dict[str, Any]:
    return {"name": name, "count": count} | more


def _erlang_c(agents: int) -> Model:
    load = 100 / 1800 * 180
    waiting = laws.erlang_c(agents, load)
    return Model(
        f"Erlang C, {agents} agents, 100 calls in 30 minutes of 180 s",
        148_000,
        {
            "seed": 1,
            "warmup": 2000,
            "arrivals": [_calls(100 / 30, _exponential(180))],
            "agents": [_agents_of(agents)],
        },
        (
            Claim("P(wait)", waiting, 0.06, _total(P_WAIT)),
            Claim("ASA, s", waiting * 180 / (agents - load), 0.12, _total(ASA)),
            Claim(
                "answered within 20 s",
                laws.erlang_c_level(agents, load, 20, 180),
                0.02,
                lambda told: told.total.service_level["sl_answered"],
            ),
            Claim("occupancy", load / agents, 0.01, _agents("occupancy")),
        ),
    )


def _erlang_a() -> Model:
    waiting, abandoned, wait = laws.erlang_a(50, 48 / 60, 60, 120)
    return Model(
        "Erlang A, 50 agents, 48 calls a minute of 60 s, patience 120 s",
        148_000,
        {
            "seed": 2,
            "warmup": 2000,
            "arrivals": [_calls(48, _exponential(60), patience=_exponential(120))],
            "agents": [_agents_of(50)],
        },
        (
            Claim("P(wait)", waiting, 0.06, _total(P_WAIT)),
            Claim("abandoned", abandoned, 0.1, _total(LOST)),
            Claim("mean wait, s", wait, 0.1, _total(WAIT)),
        ),
    )


def _cobham() -> Model:
    rates, names = (1.5, 1.5, 1.0), ("gold", "silver", "plain")

    def claims() -> Iterator[Claim]:
        for name, wait in zip(names, laws.cobham(5, rates, 60), strict=True):
            yield Claim(f"mean wait of {name}, s", wait, 0.2, _of(name, WAIT))
            yield Claim(f"P(wait) of {name}", laws.erlang_c(5, sum(rates)), 0.05, _of(name, P_WAIT))

    return Model(
        "strict tiers, 5 agents, 1.5, 1.5 and 1 calls a minute of 60 s (Cobham 1954)",
        118_000,
        {
            "seed": 3,
            "warmup": 2000,
            "arrivals": [
                _calls(rate, _exponential(60), name, tier=name) for rate, name in zip(rates, names, strict=True)
            ],
            "agents": [_agents_of(5)],
            "queue": {"strict_tiers": True, "tiers": {"plain": 0, "gold": 20, "silver": 10}},
        },
        tuple(claims()),
    )


def _n_model() -> Model:
    """Adan & Weiss, A skill based parallel service system under FCFS-ALIS (2014): its product form, worked out."""

    def claims() -> Iterator[Claim]:
        for name, waiting, wait in (("a", 0.60191, 1.20382), ("b", 0.84076, 2.87580)):
            yield Claim(f"P(wait) of {name}", waiting, 0.02, _of(name, P_WAIT))
            yield Claim(f"mean wait of {name}, s", wait * 60, 0.1, _of(name, WAIT))

    return Model(
        "skills, first come, longest idle: N-model (Adan & Weiss 2014)",
        145_000,
        {
            "seed": 4,
            "warmup": 5000,
            "arrivals": [
                _calls(0.9, _exponential(60), "a", requires={"a": 1}),
                _calls(0.6, _exponential(60), "b", requires={"b": 1}),
            ],
            "agents": [_agents_of(1, "one", skills={"a": 1}), _agents_of(1, "both", skills={"a": 1, "b": 1})],
        },
        tuple(claims()),
    )


def _pollaczek_khinchine(service: dict[str, Any], cv: float) -> Model:
    return Model(
        f"one agent, {service['distribution']} service of 40 s, load 0.7 (Pollaczek-Khinchine)",
        98_000,
        {"seed": 5, "warmup": 2000, "arrivals": [_calls(1.05, service)], "agents": [_agents_of(1)]},
        (
            Claim("P(wait)", 0.7, 0.03, _total(P_WAIT)),
            Claim("mean wait, s", laws.pollaczek_khinchine(0.7, 40, cv), 0.12, _total(WAIT)),
        ),
    )


def _ringing() -> Model:
    """Rung 5 s, served 50 s at twice the speed, 10 s of wrap-up: an M/D/1 queue of 40 s, and 5 s more to the answer."""
    return Model(
        "one agent, 5 s of ringing, 50 s at twice the speed, 10 s of wrap-up (M/D/1)",
        98_000,
        {
            "seed": 6,
            "warmup": 2000,
            "arrivals": [_calls(1.05, {"distribution": "deterministic", "mean_seconds": 50.0})],
            "agents": [_agents_of(1, speed=2.0)],
            "queue": {"answer_seconds": 5, "wrap_up_seconds": 10},
        },
        (
            Claim("P(wait)", 0.7, 0.02, _total(P_WAIT)),
            Claim("ASA, s", laws.pollaczek_khinchine(0.7, 40, 0) + 5, 0.05, _total(ASA)),
            Claim("utilisation", 0.7 * 25 / 40, 0.02, _agents("utilisation")),
            Claim("occupancy", 0.7 * 35 / (0.7 * 35 + 0.3 * 40), 0.02, _agents("occupancy")),
        ),
    )


MODELS = (
    _erlang_c(13),
    _erlang_c(14),
    _erlang_a(),
    _cobham(),
    _n_model(),
    _pollaczek_khinchine({"distribution": "deterministic", "mean_seconds": 40.0}, 0.0),
    _pollaczek_khinchine({"distribution": "lognormal", "mean_seconds": 40.0, "cv": 1.5}, 1.5),
    _ringing(),
)
