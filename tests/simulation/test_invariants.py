"""Random small scenarios, looked at after every event through the plain definitions of `plain`."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.routing.engine.engine import Engine, Pair
from app.simulation.runs import simulation_of
from app.simulation.scenario import Scenario
from tests.simulation.plain import Watcher, may, one_contact_at_a_time
from tests.simulation.scenes import calls, deterministic, exponential, group, scene

SKILLS = ("a", "b", "c")
TIERS = {"gold": 40.0, "silver": 15.0, "plain": 0.0}
SELECTIONS = ("longest_idle", "most_skilled", "least_skilled", "least_occupied", "round_robin")

levels = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5), max_size=3)
durations = st.floats(1, 120).flatmap(lambda s: st.sampled_from([deterministic(s), exponential(s)]))


@st.composite
def requirements(draw: st.DrawFn, held: dict[str, int]) -> list[dict[str, int]]:
    """Steps that loosen, all of which somebody who holds this can meet."""
    steps = [{skill: draw(st.integers(1, level)) for skill, level in held.items() if draw(st.booleans())}]
    for _ in range(draw(st.integers(0, 2))):
        kept = {skill: level for skill, level in steps[-1].items() if draw(st.booleans())}
        steps.append({skill: draw(st.integers(1, level)) for skill, level in kept.items()})
    return steps


@st.composite
def scenarios(draw: st.DrawFn, leaves: bool = True) -> Scenario:
    """A small scenario; where nobody `leaves`, callers wait for ever and agents are always there."""
    groups = [group(draw(st.integers(1, 2)), f"g{n}", skills=draw(levels)) for n in range(draw(st.integers(1, 3)))]
    shifts: list[Any] = [None, [{"from_minutes": 0, "to_minutes": 5}, {"from_minutes": 7, "to_minutes": 60}]]
    for each in groups:
        each |= {
            "speed": draw(st.sampled_from([0.5, 1, 2])),
            "shifts": draw(st.sampled_from(shifts)) if leaves else None,
        }
    arrivals = []
    for number in range(draw(st.integers(1, 4))):
        first, *later = draw(requirements(draw(st.sampled_from(groups))["skills"]))
        ends = sorted(draw(st.sets(st.integers(1, 60), min_size=len(later), max_size=len(later))))
        arrivals.append(
            {
                "name": f"c{number}",
                "rate_per_minute": draw(st.sampled_from([0.5, 2, 6])),
                "requires": first,
                "steps": [{"after_seconds": at, "requires": it} for at, it in zip(ends, later, strict=True)],
                "tier": draw(st.sampled_from([None, *TIERS])),
                "service": draw(durations),
                "patience": draw(st.none() | durations) if leaves else None,
            }
        )
    queue = {
        "selection": draw(st.sampled_from(SELECTIONS)),
        "tiers": TIERS,
        "strict_tiers": draw(st.booleans()) if leaves else False,
        "wrap_up_seconds": draw(st.sampled_from([0, 7])),
        "answer_seconds": draw(st.sampled_from([0, 3])),
    }
    seed = draw(st.integers(0, 1000))
    return scene(seed=seed, contacts=40, arrivals=arrivals, agents=groups, queue=queue)


def watched(scenario: Scenario) -> Watcher:
    """A whole run, looked at after every event."""
    watcher = Watcher(scenario)
    watcher.simulation = simulation_of(scenario, watcher.decided)
    while watcher.simulation.advance():
        watcher.after_event()
    return watcher


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_what_routing_promises_holds_after_every_event(scenario: Scenario) -> None:
    watcher = watched(scenario)
    one_contact_at_a_time(watcher)
    offers = Counter(contact.id for _, contact, _, _ in watcher.decisions)
    assert all(count == 1 for count in offers.values())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(leaves=False))
def test_nobody_starves(scenario: Scenario) -> None:
    """Everybody is offered within a bound; without strict tiers it can be worked out when they come, with strict tiers
    only from all who come later in a higher tier.

    Take an agent who may have the contact at its last step. From then on that agent is never idle, and takes only
    contacts whose virtual arrival is earlier, besides the one at hand: so the contact has its turn when all of those
    that this agent may ever have, however late they came, have been served by this one agent.
    """
    watcher = watched(scenario)
    assert watcher.simulation is not None
    everyone = {contact.number: (contact, now) for now, contact, _, _ in watcher.decisions}
    assert len(everyone) == scenario.contacts
    rules = scenario.queue
    for contact, offered in everyone.values():
        arrival = scenario.arrivals[contact.kind.index]
        bounds = []
        for one in scenario.agents:
            if not may(arrival, one, len(arrival.steps)):
                continue
            work = {
                number: rules.answer_seconds + other.service / one.speed + rules.wrap_up_seconds
                for number, (other, _) in everyone.items()
                if may(scenario.arrivals[other.kind.index], one, len(scenario.arrivals[other.kind.index].steps))
            }
            before = sum(work[n] for n in work if watcher.order(everyone[n][0]) < watcher.order(contact))
            bounds.append(before + max(work.values()))
        last_step = arrival.steps[-1].after_seconds if arrival.steps else 0.0
        assert offered - contact.arrived <= last_step + min(bounds) + 1e-6


def test_the_watcher_sees_an_idle_agent_beside_a_contact_and_one_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    crowded = scene(contacts=40, arrivals=[calls(60, 60)], agents=[group(2)])
    watched(crowded)
    with monkeypatch.context() as broken:
        broken.setattr(Engine, "contact_for", lambda engine, agent: None)
        with pytest.raises(AssertionError, match="idles beside"):
            watched(crowded)

    def newest(engine: Engine, agent: str) -> Pair | None:
        places = sorted(place for _, place in engine.line.everyone())
        return Pair(agent, places[-1].contact, "agent_finds_contact", 1, 1, (), ()) if places else None

    monkeypatch.setattr(Engine, "contact_for", newest)
    with pytest.raises(AssertionError, match="was overtaken"):
        watched(crowded)
