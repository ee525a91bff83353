"""Rules before they are kept: everything that is wrong with them is told, where, and what would be right."""

import pytest

from app.customers.record_models import HOLDING_KINDS
from app.customers.segments import words
from app.customers.segments.facts import Facts
from app.customers.segments.rules import Rules, Score, SegmentRule, TierRule, rules_faults
from app.customers.segments.verdicts import boundaries_of, scored, verdict
from app.customers.usage.windows import Window
from tests.customers.segments.ruling import rules

TIERS = ("gold", "silver")
DECLARED = {"club": "text", "points": "number", "staff": "boolean"}

FAULTY = {
    "does not parse": ("balance('CNY') >=", "ends too early"),
    "unknown name": ("customer.tiers == 'gold'", "did you mean tier"),
    "unknown root": ("holder.age > 3", "none of customer, attributes, score"),
    "undeclared attribute": ("attributes.clob == 'a'", "did you mean club"),
    "unknown function": ("balances('CNY') > 1.0", "is no function"),
    "wrong type": ("customer.kind > 3", "a text is compared with a number"),
    "no condition": ("balance('CNY')", "gives a number, and true or false is needed"),
    "number for a text": ("attributes.staff == 'yes'", "true or false is compared with a text"),
    "unknown kind of holding": ("holdings('boat') > 0", "needs a kind of holding"),
    "unknown currency": ("balance('yuan') > 1.0", "needs a currency"),
    "no window": ("contacts('ever') > 1", "needs a window"),
    "not written out": ("contacts(attributes.club) > 1", "written out"),
    "unknown score": ("score.worth == 5", "there are value"),
    "mixed numbers": ("balance('CNY') / holdings() > 1.0", "mixes a whole number"),
    "far too long": ("true || " * 400 + "true", "characters long"),
    "nothing": ("", "0 characters long"),
}


@pytest.mark.parametrize(("condition", "told"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_condition_is_refused(condition: str, told: str) -> None:
    given = rules({"gold": "true"}, {"s": condition}, {"value": "balance('CNY')"})
    [fault] = rules_faults(given, TIERS, DECLARED)
    assert fault["where"] == "body.segments.0.condition"
    assert told in fault["what"]
    assert fault["accepted"]


def test_an_unknown_tier_and_ids_that_are_there_twice_are_told_at_once() -> None:
    given = Rules(
        tiers=(TierRule("a", "golden", "true"), TierRule("a", None, "1 > 2 &&")),
        segments=(SegmentRule("s", "S", "true"), SegmentRule("s", "S", "true")),
        scores=(Score("Value; drop table customers", "'text'"),),
    )
    found = rules_faults(given, TIERS, DECLARED)
    assert [each["where"] for each in found] == [
        "body.tiers.0.id",
        "body.tiers.1.id",
        "body.segments.0.id",
        "body.segments.1.id",
        "body.tiers.0.tier",
        "body.scores.0.id",
        "body.scores.0.of",
        "body.tiers.1.condition",
    ]
    assert found[4]["accepted"] == "null or a tier: gold, silver"


def test_too_many_windows_are_refused() -> None:
    looks = {f"s{days}": f"contacts('{days}d') > 0 && count('card.used', '{days}d') > 0" for days in range(1, 21)}
    assert rules_faults(rules(segments=looks), TIERS, {}) == []
    given = rules(segments={**looks, "s": "contacts('99d') > 0"})
    assert [each["what"] for each in rules_faults(given, TIERS, {})] == ["looks at 41 windows"]


def test_what_feeds_tell_may_be_asked_without_being_declared() -> None:
    asks = " && ".join(f"attributes.{name} == 'a'" for name in ("birth_date", "household", "company"))
    assert rules_faults(rules({"gold": asks}, {"s": asks}), TIERS, {}) == []
    assert "is compared with" in rules_faults(rules({"gold": asks}), TIERS, {"household": "number"})[0]["what"]
    given = rules(scores={"value": "attributes.household == 'a' ? 1.0 : 0.0"})
    assert rules_faults(given, TIERS, {}) == []


def test_a_score_cannot_ask_for_scores() -> None:
    given = rules(scores={"value": "score.other + 1"})
    assert "none of customer, attributes" in rules_faults(given, TIERS, {})[0]["what"]


def test_what_rules_ask_for_is_known_beforehand() -> None:
    given = rules(
        {"gold": "balance('fund', 'CNY') > 1.0 && score.value == 5"},
        {"s": "count('card.used', '30d') > holdings('card') && contacts('90d') > 1 && customer.age > 60"},
        {"value": "balance('CNY')"},
    )
    asks = given.asks
    assert asks.usage == {Window("card.used", 30 * 86_400.0)}
    assert asks.contacts == {90 * 86_400.0}
    assert (asks.recency, asks.attributes) == (False, True)
    assert asks.held == {"card"}
    assert asks.balances == {("fund", "CNY"), ("", "CNY")}
    assert asks.changes == ["holdings", "contacts", "usage:card.used"]


def test_kinds_of_holdings_are_those_of_records() -> None:
    assert words.HOLDING_KINDS == HOLDING_KINDS


def test_every_word_says_what_it_means() -> None:
    assert all(word.meaning for word in (*words.CUSTOMER.values(), *words.FUNCTIONS.values()))


UNTOLD = {
    "division by zero": "holdings('card') / holdings('loan') > 1",
    "missing attribute": "attributes.points > 3.0",
    "missing age": "customer.age > 60",
    "value of another type": "attributes.club == 'a' && attributes.points > 3.0",
    "average of nothing": "average('balance', '30d') > 3.0",
    "missing score": "score.value == 5",
}


@pytest.mark.parametrize("condition", UNTOLD.values(), ids=UNTOLD)
def test_what_cannot_be_told_leaves_the_tier_and_the_segment_as_they_are(condition: str) -> None:
    given = rules({"gold": condition, "silver": "true"}, {"s": condition, "t": "true"}, {"value": "balance('CNY')"})
    assert rules_faults(given, TIERS, DECLARED) == []
    facts = Facts({"kind": "person"}, {"club": "a", **({"points": "many"} if "club" in condition else {})})
    for present in ((), ("s",)):
        said = verdict(given, facts, present)
        assert (said.by, said.segments) == (None, (*present, "t"))
        assert [each.rule for each in said.untold] == ["tier is-gold", "segment s"]
        assert all("fails" in each.why for each in said.untold)


def test_a_rule_after_one_that_holds_need_not_be_told() -> None:
    said = verdict(rules({"gold": "true", "silver": "customer.age > 3"}), Facts({}), ())
    assert (said.by and said.by.tier, said.untold) == ("gold", ())


def test_a_guard_keeps_a_rule_from_failing() -> None:
    given = rules(segments={"old": "has(customer.age) && customer.age > 60"})
    assert verdict(given, Facts({}), ("old",)) == (None, (), ())


def test_scores_part_customers_into_fifths_and_equals_stay_together() -> None:
    given = rules(scores={"value": "balance('CNY')"})
    parted = {"value": boundaries_of([0.0] * 5 + [1.0, 2.0, 3.0, 4.0, 5.0])}
    found = [
        scored(given, Facts({}, balances={("", "CNY"): amount}), parted).score["value"] for amount in (0, 1, 3, 4, 99)
    ]
    assert found == [1, 3, 4, 5, 5]
    assert boundaries_of([]) == boundaries_of([7.0]) == []
