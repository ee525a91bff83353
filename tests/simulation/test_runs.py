"""Runs as a whole: the same twice over, comparable, and true to shifts, steps and profiles."""

import msgspec
import pytest

from app.core.errors import Invalid
from app.simulation.ledger import Outcome
from app.simulation.measures import PERCENTILES
from app.simulation.records import DecisionLine, decision_line
from app.simulation.results import Comparison, compared
from app.simulation.runs import paired, simulate, simulation_of
from app.simulation.scenario import Scenario
from app.simulation.streams import contacts_of
from tests.simulation.scenes import calls, class_of, deterministic, exponential, figures, group, scene


def busy_scene(seed: int = 1, agents: int = 4, selection: str = "longest_idle") -> Scenario:
    """Two classes, two groups, tiers, steps, patience."""
    steps = [{"after_seconds": 20, "requires": {"a": 1}}]
    return scene(
        seed=seed,
        contacts=4000,
        warmup=200,
        arrivals=[
            calls(2, 60, "a", requires={"a": 3}, steps=steps, patience=exponential(90), tier="gold"),
            calls(2, 60, "b", patience=exponential(120)),
        ],
        agents=[group(2, "one", skills={"a": 4}), group(agents - 2, "two", skills={"a": 1})],
        queue={"selection": selection, "tiers": {"gold": 30}, "wrap_up_seconds": 5, "answer_seconds": 2},
    )


def decisions_of(scenario: Scenario) -> bytes:
    lines: list[bytes] = []
    simulate(scenario, decided=lambda *decision: lines.append(decision_line(*decision)))
    return b"".join(lines)


@pytest.mark.parametrize(
    "selection", ["longest_idle", "most_skilled", "least_skilled", "least_occupied", "round_robin"]
)
def test_a_seed_gives_the_same_decisions_byte_for_byte(selection: str) -> None:
    told = decisions_of(busy_scene(selection=selection))
    assert told == decisions_of(busy_scene(selection=selection))
    assert told != decisions_of(busy_scene(2, selection=selection))
    lines = [msgspec.json.decode(line) for line in told.splitlines()]
    assert {line["rule"] for line in lines} == {"contact_finds_agent", "agent_finds_contact"}
    assert {line["step"] for line in lines} == {0, 1}


def test_a_decision_line_reads_back() -> None:
    first = decisions_of(busy_scene()).splitlines()[0]
    assert msgspec.json.decode(first, type=DecisionLine).agent == "one-1"


def test_explaining_decisions_does_not_change_them() -> None:
    told = simulate(busy_scene(), decided=lambda *_: None).figures()
    assert told == simulate(busy_scene()).figures()


def test_other_staff_meets_the_same_contacts() -> None:
    few, many = busy_scene(agents=4), busy_scene(agents=9)
    for one, other in zip(few.arrivals, many.arrivals, strict=True):
        here, there = contacts_of(few.seed, one), contacts_of(many.seed, other)
        assert [next(here) for _ in range(100)] == [next(there) for _ in range(100)]


def test_pairs_of_batches_tell_a_difference_that_two_runs_apart_do_not() -> None:
    told = comparison(busy_scene(agents=7), busy_scene(agents=8))
    [gap] = [each for each in told.differences if (each.of, each.figure) == ("total", "mean_wait_seconds")]
    assert gap.difference.value is not None
    assert gap.difference.half_width is not None
    assert gap.difference.value + gap.difference.half_width < 0
    apart = [side.total.mean_wait_seconds.half_width or 0.0 for side in (told.first, told.second)]
    assert gap.difference.half_width < 0.8 * sum(width**2 for width in apart) ** 0.5
    assert {each.of for each in told.differences} == {"total", "a", "b", "one", "two"}


def test_a_scenario_does_not_differ_from_itself() -> None:
    for each in comparison(busy_scene(), busy_scene()).differences:
        untold = (0, None) if each.figure in PERCENTILES else ()
        assert (each.difference.value, each.difference.half_width) in ((0, 0), untold), each


def comparison(first: Scenario, second: Scenario) -> Comparison:
    one, other = paired(first, second)
    return compared(simulate(one), simulate(other))


def test_the_second_scenario_takes_over_what_makes_them_comparable() -> None:
    other = busy_scene(5).model_copy(update={"contacts": 900, "warmup": 3, "batches": 30})
    first, second = paired(busy_scene(), other)
    assert (second.seed, second.contacts, second.warmup, second.batches) == (1, 4000, 200, 25)
    assert first == busy_scene()


def test_an_agent_finishes_the_contact_after_the_end_of_the_shift() -> None:
    told = figures(
        contacts=6,
        arrivals=[calls(30, 1) | {"service": deterministic(600)}],
        agents=[group(1, shifts=[{"from_minutes": 0, "to_minutes": 5}, {"from_minutes": 60, "to_minutes": 65}])],
    )
    assert (told.total.answered, told.total.left_over) == (2, 4)
    assert told.simulated_seconds >= 3600 + 600


def test_shifts_that_repeat_serve_everybody_in_the_end() -> None:
    told = figures(
        contacts=6,
        repeat_minutes=1440,
        arrivals=[calls(30, 1) | {"service": deterministic(600)}],
        agents=[group(1, shifts=[{"from_minutes": 60, "to_minutes": 65}])],
    )
    assert (told.total.answered, told.total.left_over) == (6, 0)
    assert told.simulated_seconds == 5 * 86_400 + 3600


def test_a_caller_who_hangs_up_while_it_rings_frees_the_agent_at_once() -> None:
    scenario = scene(
        contacts=1,
        arrivals=[calls(1, 60, patience=deterministic(3))],
        agents=[group(1)],
        queue={"answer_seconds": 10},
    )
    simulation = simulation_of(scenario)
    simulation.run()
    assert simulation.ledger.outcomes[0] == Outcome.ABANDONED
    assert simulation.ledger.waits[0] == pytest.approx(3)
    [agent] = simulation.agents.values()
    assert (agent.id in simulation.engine.ready, agent.idle_since) == (True, 0.0)


def test_a_step_opens_the_ring_at_its_second() -> None:
    steps = [{"after_seconds": 30, "requires": {"a": 3}}, {"after_seconds": 45, "requires": {}}]
    told = figures(
        contacts=50,
        arrivals=[calls(0.1, 1, requires={"a": 5}, steps=steps) | {"service": deterministic(1)}],
        agents=[
            group(1, "away", skills={"a": 5}, shifts=[{"from_minutes": 99_999, "to_minutes": 100_000}]),
            group(1, "low", skills={"a": 2}),
        ],
    )
    assert told.total.mean_wait_seconds.value == pytest.approx(45, abs=0.5)
    assert told.total.probability_of_waiting.value == 1


def test_a_profile_has_its_rates_and_ends() -> None:
    profile = [{"minutes": 600, "rate_per_minute": 2}, {"minutes": 30, "rate_per_minute": 0}]
    profile += [{"minutes": 600, "rate_per_minute": 6}]
    [arrival] = scene(
        arrivals=[{"name": "x", "profile": profile, "repeat": False, "service": exponential(1)}], agents=[group(1)]
    ).arrivals
    times = [draw.at / 60 for draw in contacts_of(1, arrival)]
    counts = [sum(begin <= at < end for at in times) for begin, end in ((0, 600), (600, 630), (630, 1230))]
    assert sum(counts) == len(times)
    assert counts[0] == pytest.approx(1200, abs=4 * 1200**0.5)
    assert counts[1] == 0
    assert counts[2] == pytest.approx(3600, abs=4 * 3600**0.5)


def test_a_run_in_which_nobody_counts_is_refused() -> None:
    short = [{"minutes": 1, "rate_per_minute": 0.001}]
    with pytest.raises(Invalid, match="0 contacts come"):
        figures(
            arrivals=[{"name": "x", "profile": short, "repeat": False, "service": exponential(1)}], agents=[group(1)]
        )


def test_the_figures_of_the_classes_add_up() -> None:
    told = simulate(busy_scene()).figures()
    assert told.total.offered == 3800 == sum(each.offered for each in told.classes)
    assert told.total.offered == told.total.answered + told.total.abandoned
    assert class_of(told, "a").abandoned + class_of(told, "b").abandoned == told.total.abandoned
