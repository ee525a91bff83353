"""What rules learn of a customer: each word, with and without what it may be asked, and where nothing is known."""

from typing import Any

import pytest

from app.customers.segments.facts import Facts, told, value_of, variables_of
from app.customers.segments.words import read
from app.customers.usage.windows import Measured, Window

DAY = 86_400.0
KNOWN = Facts(
    customer={"kind": "person", "tier": "gold"},
    attributes={"club": "a", "points": 3.0},
    score={"value": 5},
    holdings={"": 4, "card": 3},
    balances={("", "CNY"): 70.0, ("fund", "CNY"): 50.0, ("fund", "EUR"): 9.0},
    contacts={("", 90 * DAY): 6, ("voice", 90 * DAY): 2, ("", 7 * DAY): 1},
    recency={"": 2.0, "voice": 12.0},
    usage={Window("card.used", 30 * DAY): Measured(events=8, total=40.0, average=5.0)},
)
NOBODY = Facts({})


@pytest.mark.parametrize(
    ("asked", "known", "unknown"),
    [
        ("holdings()", 4, 0),
        ("holdings('card')", 3, 0),
        ("holdings('loan')", 0, 0),
        ("balance('CNY')", 70.0, 0.0),
        ("balance('fund', 'CNY')", 50.0, 0.0),
        ("balance('fund', 'EUR')", 9.0, 0.0),
        ("contacts('90d')", 6, 0),
        ("contacts('90d', 'voice')", 2, 0),
        ("contacts('1w')", 1, 0),
        ("contacts('30d')", 0, 0),
        ("recency()", 2.0, 9999.0),
        ("recency('voice')", 12.0, 9999.0),
        ("recency('chat')", 9999.0, 9999.0),
        ("count('card.used', '30d')", 8, 0),
        ("count('card.used', '31d')", 0, 0),
        ("average('card.used', '30d')", 5.0, None),
    ],
)
def test_each_use_of_a_word_comes_to_what_is_known(asked: str, known: Any, unknown: Any) -> None:
    condition = read(f"{asked} > 0")
    assert told(KNOWN, condition) == {asked: known}
    assert told(NOBODY, condition) == {asked: unknown}
    [use] = condition.uses
    assert value_of(KNOWN, use) == known


def test_variables_are_those_asked_for_and_what_is_not_known_is_missing() -> None:
    condition = read("customer.tier == 'gold' && attributes.points > 1.0 && score.value == 5 && customer.age > 60")
    assert variables_of(KNOWN, condition) == {
        "customer": {"tier": "gold"}, "attributes": {"points": 3.0}, "score": {"value": 5},
    }  # fmt: skip
    assert variables_of(NOBODY, condition) == {"customer": {}, "attributes": {}, "score": {}}
    assert told(KNOWN, condition) == {
        "customer.tier": "gold", "attributes.points": 3.0, "score.value": 5, "customer.age": None,
    }  # fmt: skip


def test_a_condition_over_all_attributes_is_given_and_told_all() -> None:
    condition = read("size(attributes) > 1")
    assert variables_of(KNOWN, condition) == {"attributes": {"club": "a", "points": 3.0}}
    assert told(KNOWN, condition) == {"attributes": {"club": "a", "points": 3.0}}
