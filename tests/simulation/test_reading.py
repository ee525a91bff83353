"""A scenario file is read strictly, and everything that is wrong with it is told at once."""

from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.simulation.loop import ranks
from app.simulation.reading import ScenarioFaulty, as_yaml, read_scenario
from app.simulation.runs import paired, simulate
from tests.simulation.scenes import calls, group, scene

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "scenarios").glob("*.yaml"))

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefghij")
)

GOOD = """
contacts: 100
arrivals:
  - name: cards
    rate_per_minute: 2
    requires: {cards: 3}
    steps: [{after_seconds: 20, requires: {cards: 1}}]
    tier: gold
    service: {distribution: lognormal, mean_seconds: 60, cv: 0.5}
agents:
  - {name: all, count: 2, skills: {cards: 4}, shifts: [{from_minutes: 0, to_minutes: 50}]}
queue: {tiers: {gold: 30}}
"""


def faults(text: str) -> dict[str, tuple[str, str]]:
    """What is wrong with a text, by place: what, and what would be accepted."""
    with pytest.raises(ScenarioFaulty) as raised:
        read_scenario(text)
    found = raised.value.facts["faults"]
    assert all(fault["where"] in str(raised.value) for fault in found)
    return {fault["where"]: (fault["what"], fault["accepted"]) for fault in found}


def test_a_good_scenario_is_read_and_written() -> None:
    scenario = read_scenario(GOOD)
    assert scenario.arrivals[0].steps[0].requires == {"cards": 1}
    assert (scenario.queue.tiers["gold"].bonus_seconds, scenario.queue.service_level_seconds) == (30, 20)
    assert read_scenario(as_yaml(scenario)) == scenario


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_the_documentation_run(path: Path) -> None:
    scenario = read_scenario(path.read_text()).model_copy(update={"contacts": 500, "warmup": 10})
    assert simulate(scenario).figures().total.answered > 100


@pytest.mark.parametrize(
    ("good", "bad", "where", "what"),
    [
        ("contacts: 100", "contacts: 1.5", "contacts", "is 1.5"),
        ("contacts: 100", "contacts: '100'", "contacts", "is '100'"),
        ("contacts: 100", "warmup: 3", "contacts", "is missing"),
        ("contacts: 100", "contacts: 100\nwarmup: 100", "warmup", "leaves none of the 100 contacts"),
        ("contacts: 100", "contacts: 100\ncontacts: 5", "contacts", "is there twice"),
        ("contacts: 100", "contacts: 100\nsede: 5", "sede", "unknown key"),
        ("rate_per_minute: 2", "rate_per_minute: -2", "arrivals[0].rate_per_minute", "is -2"),
        ("rate_per_minute: 2", "rate_per_minute: .inf", "arrivals[0].rate_per_minute", "is inf"),
        ("rate_per_minute: 2", "rate_per_minute: yes", "arrivals[0].rate_per_minute", "is true"),
        ("rate_per_minute: 2", "repeat: true", "arrivals[0]", "has no rate"),
        (
            "rate_per_minute: 2",
            "profile: [{minutes: 1, rate_per_minute: -1}]",
            "arrivals[0].profile[0].rate_per_minute",
            "is -1",
        ),
        (
            "rate_per_minute: 2",
            "profile: [{minutes: 1, rate_per_minute: 0}]",
            "arrivals[0].profile",
            "nobody ever calls",
        ),
        ("cards: 1}}]", "loans: 1}}]", "arrivals[0].steps[0].requires.loans", "is held by no agent"),
        ("{cards: 3}", "{cards: 6}", "arrivals[0].requires.cards", "is 6"),
        ("{cards: 3}", "{cards: 5}", "arrivals[0].requires", "can never be met"),
        ("cards: 1}}]", "cards: 4}}]", "arrivals[0].steps[0].requires", "asks for more of cards"),
        (
            "cards: 1}}]",
            "cards: 1}}, {after_seconds: 20}]",
            "arrivals[0].steps[1].after_seconds",
            "goes back in time: 20 after 20",
        ),
        ("tier: gold", "tier: silver", "arrivals[0].tier", "'silver' is an unknown tier"),
        (", cv: 0.5", "", "arrivals[0].service.cv", "is missing"),
        ("lognormal", "deterministic", "arrivals[0].service.cv", "does not belong to deterministic"),
        ("lognormal", "gamma", "arrivals[0].service.distribution", "is 'gamma'"),
        ("count: 2", "count: 0", "agents[0].count", "is 0"),
        (", to_minutes: 50}", ", to_minutes: 0}", "agents[0].shifts[0].to_minutes", "is 0"),
        ("from_minutes: 0", "from_minutes: 60", "agents[0].shifts[0].to_minutes", "does not lie after"),
        (
            "to_minutes: 50}",
            "to_minutes: 50}, {from_minutes: 49, to_minutes: 60}",
            "agents[0].shifts[1]",
            "overlaps shifts[0]",
        ),
        ("contacts: 100", "contacts: 100\nrepeat_minutes: 45", "agents[0].shifts[0].to_minutes", "lies after"),
        ("{gold: 30}", "{gold: much}", "queue.tiers.gold", "is 'much'"),
        ("{gold: 30}", "{gold: 3, low: {rank: 1}}", "queue.tiers.gold", "has no rank"),
        ("queue: {", "queue: {selection: best, ", "queue.selection", "is 'best'"),
        ("queue: {", "queue: {wrap_up_seconds: -1, ", "queue.wrap_up_seconds", "is -1"),
    ],
)
def test_a_fault_is_told_with_its_place(good: str, bad: str, where: str, what: str) -> None:
    assert good in GOOD
    found = faults(GOOD.replace(good, bad, 1))
    assert where in found, found
    assert len(found) <= 2, "nothing but what follows from it"
    assert what in found[where][0]
    assert found[where][1]


def test_no_agents_and_no_contacts() -> None:
    assert set(faults("contacts: 5\nagents: []\narrivals: []")) == {"agents", "arrivals"}
    assert set(faults("contacts: 5")) == {"agents", "arrivals"}


@pytest.mark.parametrize(
    "text", ["", "5", "- a", "a: [", "a: *b", "\x00", "&a [*a]", BOMB, "!!python/object:os.system {}"]
)
def test_what_is_no_scenario_at_all(text: str) -> None:
    assert list(faults(text)) == [""]


def test_names_are_unique_and_lines_are_told() -> None:
    twice = GOOD.replace("agents:\n", "agents:\n  - {name: all, count: 1}\n")
    assert "is the name of agents[0] too" in faults(twice)["agents[1].name"][0]
    with pytest.raises(ScenarioFaulty, match=r"agents\[1\]\.name \(line 12\)"):
        read_scenario(twice)


def test_every_fault_is_told_at_once_whatever_else_is_wrong() -> None:
    bad = GOOD.replace("cv: 0.5", "cv: -1").replace("{cards: 3}", "{loans: 3}").replace("tier: gold", "tier: iron")
    assert set(faults(bad.replace("count: 2", "count: 0").replace("contacts: 100", "warmup: -1"))) == {
        *("contacts", "warmup", "arrivals[0].service.cv", "arrivals[0].requires.loans", "arrivals[0].tier"),
        *("arrivals[0].steps[0].requires", "agents[0].count"),
    }


def test_overlaps_and_steps_back_in_time_are_all_told_beside_faulty_neighbours() -> None:
    steps = "steps: [{after_seconds: 20}, {after_seconds: x}, {after_seconds: 9}, {after_seconds: 20, odd: 1}]"
    shifts = "[{from_minutes: 0, to_minutes: 50}, {from_minutes: 9, to_minutes: 12}, {from_minutes: -1, to_minutes: 3}"
    shifts += ", {from_minutes: 15, to_minutes: 70}, {from_minutes: 5}, {from_minutes: 90, to_minutes: 80}]"
    bad = GOOD.replace("steps: [{after_seconds: 20, requires: {cards: 1}}]", steps)
    found = faults(bad.replace("[{from_minutes: 0, to_minutes: 50}]", shifts).replace("mean_seconds: 60, ", ""))
    assert set(found) == {
        *("arrivals[0].steps[1].after_seconds", "arrivals[0].steps[2].after_seconds"),
        *("arrivals[0].steps[3].after_seconds", "arrivals[0].steps[3].odd", "arrivals[0].service.mean_seconds"),
        *("agents[0].shifts[1]", "agents[0].shifts[2].from_minutes", "agents[0].shifts[3]"),
        *("agents[0].shifts[4].to_minutes", "agents[0].shifts[5].to_minutes"),
    }
    assert "goes back in time: 9 after 20" in found["arrivals[0].steps[2].after_seconds"][0]
    assert "overlaps shifts[0], which ends at 50" in found["agents[0].shifts[3]"][0]


def test_what_does_not_belong_together_is_told_beside_a_fault_in_the_same_part() -> None:
    bad = GOOD.replace("distribution: lognormal, mean_seconds: 60", "distribution: exponential, mean_seconds: -1")
    bad = bad.replace("{gold: 30}", "{gold: 30, iron: 5, red: {rank: 1}, blue: {rank: x}}")
    assert set(faults(bad)) == {
        *("arrivals[0].service.mean_seconds", "arrivals[0].service.cv"),
        *("queue.tiers.gold", "queue.tiers.iron", "queue.tiers.blue.rank"),
    }


@pytest.mark.parametrize("skills", ["[cards]", "5", "{cards: 9}", "{cards: 4, 7: 1}"])
def test_a_faulty_group_does_not_hide_unknown_skills(skills: str) -> None:
    bad = GOOD.replace("{cards: 3}", "{loans: 3, deeds: 9}").replace(
        "agents:\n", "agents:\n  - {name: odd, count: 1, skills: SKILLS}\n"
    )
    found = faults(bad.replace("SKILLS", skills))
    assert "is held by no agent" in found["arrivals[0].requires.loans"][0]
    assert "arrivals[0].requires.deeds" in found
    assert any(where.startswith("agents[0].skills") for where in found)


def test_what_a_faulty_group_may_have_been_meant_to_hold_is_no_fault() -> None:
    bad = GOOD.replace("{cards: 4}", "{cards: 9}").replace("{cards: 3}", "{cards: 5}")
    assert set(faults(bad)) == {"agents[0].skills.cards"}


def test_ranks_are_as_given_or_the_order_of_the_bonuses() -> None:
    def rules(**tiers: object) -> dict[str | None, int]:
        return ranks(scene(contacts=1, arrivals=[calls(1, 1)], agents=[group()], queue={"tiers": tiers}).queue)

    assert rules(gold=60, silver=20, late=-5) == {"gold": 2, "silver": 1, "late": -1}
    assert rules(gold={"rank": 1}, silver={"bonus_seconds": 99, "rank": 3}) == {"gold": 1, "silver": 3}


def test_scenarios_of_other_lengths_are_paired_by_the_shorter() -> None:
    first = read_scenario(GOOD)
    assert [each.batches for each in paired(first, first)] == [25, 25]


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.dates() | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, each in inner for place in places(each, (*at, key)))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_stands_somewhere_is_told_or_runs(data: st.DataObject) -> None:
    document = {"": deepcopy(yaml.safe_load(GOOD))}
    place: tuple[Any, ...] = ("", *data.draw(st.sampled_from(places(document[""]))))
    way, last = place[:-1], place[-1]
    inside: Any = document
    for key in way:
        inside = inside[key]
    if data.draw(st.booleans()) and isinstance(inside[last], dict):
        inside[last][data.draw(st.text(max_size=3) | st.integers() | st.none())] = data.draw(odd)
    else:
        inside[last] = data.draw(odd)
    try:
        scenario = read_scenario(yaml.safe_dump(document[""], allow_unicode=True))
    except ScenarioFaulty:
        return
    assert read_scenario(as_yaml(scenario)) == scenario
    assert simulate(scenario.model_copy(update={"contacts": 30, "warmup": 0})).figures().total.offered == 30
