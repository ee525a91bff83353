"""The estimators against the waits of simulated contacts."""

from functools import cache
from pathlib import Path

import msgspec
import pytest

from app.simulation.predictions import ESTIMATORS, Accuracy, ClassAccuracy, predicted
from app.simulation.reading import read_scenario
from app.simulation.runs import simulate
from tests.cli.running import data_folder, run
from tests.simulation.scenes import calls, exponential, group, scene

SCENARIOS = Path(__file__).parents[2] / "docs" / "scenarios"


@cache
def accuracies(name: str) -> dict[str, Accuracy]:
    """How the estimators do in a shortened scenario of the docs."""
    scenario = read_scenario((SCENARIOS / f"ewt-{name}.yaml").read_text(encoding="utf-8"))
    return by_name(predicted(scenario.model_copy(update={"contacts": 16_000}))[-1])


def by_name(told: ClassAccuracy) -> dict[str, Accuracy]:
    """The estimators of one class."""
    return {each.estimator: each for each in told.estimators}


@pytest.mark.parametrize("name", ["skills", "rush", "overload", "leaving"])
def test_what_was_chosen_is_nearer_than_the_last_served_and_the_queue_length(name: str) -> None:
    told = accuracies(name)
    for other in ("LES", "QL"):
        assert told["estimate"].mean_absolute_error_seconds < 0.93 * told[other].mean_absolute_error_seconds, other
        assert told["estimate"].root_mean_square_error_seconds < 0.93 * told[other].root_mean_square_error_seconds


def test_where_agents_serve_two_queues_it_beats_every_other() -> None:
    told = accuracies("skills")
    best = min(told.values(), key=lambda each: each.mean_absolute_error_seconds)
    assert best.estimator == "estimate"


def test_it_is_unbiased_where_its_model_holds() -> None:
    told = predicted(
        scene(
            seed=5,
            contacts=30_000,
            warmup=2000,
            arrivals=[calls(12, 60, patience=exponential(120))],
            agents=[group(10)],
        )
    )[-1]
    assert told.contacts > 10_000
    assert abs(by_name(told)["estimate"].bias_seconds) < 0.05 * told.mean_wait_seconds


def test_to_ask_for_predictions_changes_nothing_that_happens() -> None:
    scenario = read_scenario((SCENARIOS / "bank.yaml").read_text(encoding="utf-8")).model_copy(
        update={"contacts": 4000, "warmup": 0}
    )
    told, total = predicted(scenario), simulate(scenario).figures().total
    assert [each.name for each in told] == ["cards", "gold-cards", "general", "all"]
    assert told[-1].contacts == sum(each.contacts for each in told[:-1])
    assert total.probability_of_waiting.value is not None
    lined = total.probability_of_waiting.value * total.offered
    assert 0.8 * (lined - total.abandoned) < told[-1].contacts <= lined


def test_the_command_tells_it_in_a_table_and_as_json(tmp_path: Path) -> None:
    scenario = tmp_path / "small.yaml"
    text = (SCENARIOS / "ewt-tiers.yaml").read_text(encoding="utf-8")
    scenario.write_text(text.replace("60000", "3000"), encoding="utf-8")
    with data_folder() as var:
        shown = run(var, "simulate", str(scenario), "--predictions")
        told = run(var, "simulate", str(scenario), "--predictions", "--json")
        refused = run(var, "simulate", str(scenario), "--predictions", "--compare", str(scenario))
    assert (shown.returncode, shown.stderr) == (0, "")
    for word in ("gold", "plain", *ESTIMATORS):
        assert word in shown.stdout
    every = msgspec.json.decode(told.stdout, type=list[ClassAccuracy])
    assert [each.name for each in every] == ["gold", "plain", "all"]
    assert refused.returncode == 2


def test_where_nobody_waits_there_is_nothing_to_tell() -> None:
    told = predicted(scene(seed=1, contacts=100, arrivals=[calls(1, 1)], agents=[group(50)]))
    assert [each.contacts for each in told] == [0, 0]
    assert {each.estimator for each in told[-1].estimators} == set(ESTIMATORS)
