"""The search for agents: against Erlang where Erlang can tell, and against runs of other seeds where it cannot."""

from typing import Any

import pytest

from app.core.errors import Invalid
from app.routing.staffing.staffing import Demand, Targets, staff
from app.simulation.beginnings import beginning, plenty
from app.simulation.estimates import Estimate
from app.simulation.goals import ABANDON_RATE, OCCUPANCY, Figure, Goal, Verdict, overall
from app.simulation.runs import simulate
from app.simulation.scenario import Scenario
from app.simulation.search import Lengths
from app.simulation.staffing import MOST_GROUPS, Found, staff_floor
from app.simulation.trials import Trials
from tests.simulation.scenes import calls, deterministic, exponential, group, scene

EIGHTY_TWENTY = Targets(service_level=0.8)
SHORT = Lengths(coarse=2_000, fine=6_000, final=12_000)


def pooled(**arrival: Any) -> Scenario:
    """The textbook's half hours: 100 calls, three minutes each."""
    return scene(contacts=100, arrivals=[calls(10 / 3, 180, **arrival)], agents=[group(3)])


def n_model(seed: int = 1, only_b: int = 8, both: int = 8) -> Scenario:
    """Class a needs an agent of both skills, class b takes either."""
    patient = {"patience": exponential(60)}
    return scene(
        seed=seed,
        contacts=16_000,
        warmup=1_000,
        arrivals=[
            calls(2, 120, "a", requires={"a": 1}, **patient),
            calls(3, 120, "b", requires={"b": 1}, **patient),
        ],
        agents=[
            group(only_b, "only-b", skills={"b": 1}),
            group(both, "both", skills={"a": 1, "b": 1}),
        ],
        queue={"selection": "least_skilled"},
    )


def numbers(found: Found) -> list[int]:
    return [each.needed for each in found.groups]


@pytest.mark.parametrize("patience", [None, 120.0])
def test_one_group_needs_what_erlang_says(patience: float | None) -> None:
    scenario = pooled() if patience is None else pooled(patience=exponential(patience))
    erlang = staff(
        Demand(contacts=100, interval_seconds=1800, aht_seconds=180, patience_seconds=patience), EIGHTY_TWENTY
    )
    assert erlang is not None
    found = staff_floor(scenario, EIGHTY_TWENTY, lengths=SHORT, shrinkage=0.3)
    [needed] = found.groups
    assert abs(needed.needed - erlang.agents) <= 1
    assert needed.scheduled * 0.7 >= needed.needed
    assert needed.one_less is not None
    assert needed.one_less.verdict is not Verdict.MET


def level(scenario: Scenario, name: str) -> Estimate:
    """A service level as `simulate` tells it."""
    told = {each.name: each for each in simulate(scenario).figures().classes}
    return told[name].service_level["sl_offered"]


@pytest.fixture(scope="module")
def for_each() -> Found:
    """The N-model's mix for 80/20 of each class, where an agent of both skills is dearer."""
    return staff_floor(n_model(), EIGHTY_TWENTY, costs={"both": 1.3}, lengths=SHORT)


def test_the_mix_for_skills_is_enough_and_no_agent_too_many(for_each: Found) -> None:
    only_b, both = numbers(for_each)
    assert for_each.cost == pytest.approx(only_b + 1.3 * both)
    other = n_model(seed=99, only_b=only_b, both=both)
    for name in "ab":
        reached = level(other, name)
        assert reached.value is not None
        assert reached.value >= 0.8
    for less in ({"only_b": only_b - 1, "both": both}, {"only_b": only_b, "both": both - 1}):
        missed = [level(n_model(seed=99, **less), name) for name in "ab"]
        assert min(it.value for it in missed if it.value is not None) < 0.8, less
    assert all(each.one_less is not None and each.one_less.verdict is not Verdict.MET for each in for_each.groups)


def test_in_total_needs_no_more_and_the_same_seed_gives_the_same_answer(for_each: Found) -> None:
    told: list[tuple[tuple[int, ...], int, int]] = []
    one = staff_floor(n_model(), EIGHTY_TWENTY, in_total=True, lengths=SHORT, progress=lambda *run: told.append(run))
    assert staff_floor(n_model(), EIGHTY_TWENTY, in_total=True, lengths=SHORT) == one
    assert [run for _, run, _ in told] == list(range(1, one.runs + 1))
    assert len({(mix, contacts) for mix, _, contacts in told}) == one.runs  # no run is made twice
    assert sum(numbers(one)) <= sum(numbers(for_each))
    assert (one.total.service_level.value or 0) >= 0.8


def test_every_target_is_met() -> None:
    targets = Targets(abandon_rate=0.05, occupancy=0.7, asa_seconds=10)
    found = staff_floor(n_model(), targets, lengths=SHORT)
    for each in found.classes:
        assert (each.abandon_rate.value or 0) <= 0.05
        assert (each.asa_seconds.value or 0) <= 10
    assert all((each.occupancy.value or 0) <= 0.7 for each in found.groups)


def test_a_group_that_can_do_nothing_is_not_needed() -> None:
    scenario = scene(
        contacts=100,
        arrivals=[calls(2, 60, requires={"a": 1})],
        agents=[group(3, skills={"a": 1}), group(4, "idle", skills={"b": 1})],
    )
    found = staff_floor(scenario, EIGHTY_TWENTY, lengths=SHORT)
    [able, idle] = found.groups
    assert (idle.needed, idle.one_less, idle.occupancy.value) == (0, None, None)
    assert able.needed > 2


@pytest.mark.parametrize(
    ("scenario", "targets", "said"),
    [
        (
            pooled().model_copy(update={"queue": pooled().queue.model_copy(update={"answer_seconds": 30.0})}),
            EIGHTY_TWENTY,
            "targets: sl_offered of calls is 0 even with",
        ),
        (
            scene(
                contacts=9,
                arrivals=[calls(2, 60)],
                agents=[group(1, f"g{number}") for number in range(MOST_GROUPS + 1)],
            ),
            EIGHTY_TWENTY,
            "agents: 11 groups are too many",
        ),
        (scene(contacts=9, arrivals=[calls(6_000, 60)], agents=[group()]), EIGHTY_TWENTY, "a load of 6,000 Erlangs"),
    ],
)
def test_what_cannot_be_found_is_refused(scenario: Scenario, targets: Targets, said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        staff_floor(scenario, targets, lengths=SHORT)
    [fault] = refused.value.facts["faults"]
    assert fault["accepted"]


def test_the_search_begins_where_erlang_says() -> None:
    assert beginning(pooled(), EIGHTY_TWENTY, [1.0], in_total=False) == (14,)
    mix = beginning(n_model(), EIGHTY_TWENTY, [1.0, 1.3], in_total=False)
    alone, together = (
        staff(Demand(contacts=rate, interval_seconds=60, aht_seconds=120, patience_seconds=60), EIGHTY_TWENTY)
        for rate in (2, 5)
    )
    assert alone is not None
    assert together is not None
    assert (mix[1], sum(mix)) == (alone.agents, together.agents)
    assert all(most > least for most, least in zip(plenty(n_model(), EIGHTY_TWENTY), mix, strict=True))


def test_days_are_played_whole_and_ended_ones_again_from_other_seeds() -> None:
    profile = [{"minutes": 30, "rate_per_minute": 10}, {"minutes": 30, "rate_per_minute": 2}]
    arrival = {"name": "calls", "profile": profile, "service": deterministic(30)}
    steady = scene(contacts=9, arrivals=[arrival], agents=[group(9)])
    told = Trials(steady, EIGHTY_TWENTY.variant).of((9,), 1_000)[Figure(ABANDON_RATE)]
    assert (sum(told.wholes), len(told.wholes)) == (1_080, 3)  # three hours of 360
    ending = scene(arrivals=[arrival | {"repeat": False}], agents=[group(9)])
    told = Trials(ending, EIGHTY_TWENTY.variant).of((9,), 1_000)[Figure(ABANDON_RATE)]
    assert len(set(told.wholes)) == len(told.wholes) == 3


def test_who_is_left_over_was_not_served() -> None:
    """All agents go home for ever after a while, the contacts go on coming."""
    gone = group(9, shifts=[{"from_minutes": 0, "to_minutes": 10}])
    scenario = scene(contacts=9, arrivals=[calls(10, 10)], agents=[gone])
    told = Trials(scenario, EIGHTY_TWENTY.variant).of((9,), 1_000)
    assert (told[Figure(EIGHTY_TWENTY.variant)].value or 0) < 0.2
    assert (told[Figure(ABANDON_RATE)].value or 0) > 0.8


def test_a_verdict_is_that_of_the_whole_interval() -> None:
    least, most = Goal(Figure("sl_offered"), 0.8, 1), Goal(Figure(OCCUPANCY), 0.8, -1)
    cases = ((0.85, 0.04), (0.85, 0.06), (0.75, 0.04), (0.75, 0.06), (0.8, 0.0), (0.85, None))
    met, missed, open_ = Verdict.MET, Verdict.MISSED, Verdict.UNDECIDED
    assert [least.verdict(Estimate(*case)) for case in cases] == [met, open_, missed, open_, met, open_]
    assert [most.verdict(Estimate(*case)) for case in cases] == [missed, open_, met, open_, met, open_]
    assert [overall(told) for told in ((met, met), (met, open_), (open_, missed))] == [met, open_, missed]
