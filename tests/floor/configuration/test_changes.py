"""What of a configuration differs from an earlier one, and from either of two."""

from typing import Any

import pytest
from msgspec.structs import replace

from app.floor.configuration.changes import Changes, both, changes
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules, SourceRules, TierRules
from tests.floor.factories import CONFIG

NOBODY = frozenset[str]()
NOTHING = Changes(people=NOBODY, queues=NOBODY, tiers=NOBODY, sources=False, addresses=False)
ANN = CONFIG.agents["ann"]
ANNS, BOBS = frozenset({"ann"}), frozenset({"bob"})
WRITES = (("chat", 2),)


def agents(**changed: AgentRecord) -> FloorConfig:
    return replace(CONFIG, agents=CONFIG.agents | changed)


def without_ann(**former: AgentRecord) -> FloorConfig:
    return replace(CONFIG, agents={key: one for key, one in CONFIG.agents.items() if key != "ann"}, former=former)


def told(**what: Any) -> Changes:
    return NOTHING._replace(**what)


PHONE = told(people=ANNS, addresses=True)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (CONFIG, replace(CONFIG, agents=dict(CONFIG.agents), queues=dict(CONFIG.queues)), NOTHING),
        (CONFIG, agents(ann=replace(ANN)), NOTHING),
        (CONFIG, agents(ann=replace(ANN, name="Anna")), told(people=ANNS)),
        (CONFIG, agents(ann=replace(ANN, address="1009")), PHONE),
        (CONFIG, agents(ann=replace(ANN, capacity=WRITES)), PHONE),
        (CONFIG, agents(ann=replace(ANN, capacity=(*ANN.capacity, *WRITES))), told(people=ANNS)),
        (CONFIG, without_ann(), PHONE),
        (without_ann(), CONFIG, PHONE),
        (CONFIG, without_ann(ann=ANN), PHONE),
        (without_ann(ann=ANN), without_ann(ann=replace(ANN, address="1009")), PHONE),
        (without_ann(ann=ANN), without_ann(ann=replace(ANN, name="Anna")), told(people=ANNS)),
        (without_ann(ann=ANN), without_ann(), PHONE),
        (CONFIG, replace(CONFIG, queues=CONFIG.queues | {"new": QueueRules(id="new", name="New")}),
         told(queues=frozenset({"new"}))),
        (CONFIG, replace(CONFIG, queues={}), told(queues=frozenset(CONFIG.queues))),
        (CONFIG, replace(CONFIG, tiers=CONFIG.tiers | {"gold": TierRules(61.0, 1)}), told(tiers=frozenset({"gold"}))),
        (CONFIG, replace(CONFIG, sources={}), told(sources=True)),
        (CONFIG, replace(CONFIG, sources=CONFIG.sources | {"pbx": SourceRules(id="pbx")}), NOTHING),
    ],
)  # fmt: skip
def test_what_differs_is_told_and_whether_a_phone_may_be_somebody_elses(
    before: FloorConfig, now: FloorConfig, said: Changes
) -> None:
    assert changes(before, now) == said


@pytest.mark.parametrize(
    ("field", "one", "other", "either"),
    [
        ("people", ANNS, BOBS, ANNS | BOBS),
        ("queues", ANNS, BOBS, ANNS | BOBS),
        ("tiers", ANNS, BOBS, ANNS | BOBS),
        ("sources", True, False, True),
        ("addresses", True, False, True),
    ],
)
def test_what_differs_from_either_of_two_is_told_whichever_it_is(
    field: str, one: object, other: object, either: object
) -> None:
    first, second = told(**{field: one}), told(**{field: other})
    assert both(first, second) == both(second, first) == told(**{field: either})
    assert both(first, NOTHING) == first
