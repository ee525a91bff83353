"""What people ask of a product, and what they are told; and models that nobody should publish."""

from datetime import date
from typing import Any

import pytest

from app.customers.products.choices import read
from app.customers.products.engine import WORK, Explanation, Puzzle
from app.customers.products.examining import examined
from app.customers.products.facts import Held, facts_of
from app.customers.products.model import Model, model_of
from app.customers.products.solver import Effort, TooHard
from app.customers.products.solving import Reason
from app.customers.products.wording import Spoken
from tests.customers.products.card import card

ADULT = {"customer.kind": "person", "customer.age": 40, "customer.tier": "silver"}
CHILD = {"customer.kind": "person", "customer.age": 12}


def asked(facts: dict[str, Any], model: Model | None = None, work: int = WORK) -> Puzzle:
    return Puzzle(model or card(), facts, Effort(work))


def told(why: Explanation | None, *, model: Model | None = None, language: str = "en", **given: Any) -> list[str]:
    assert why is not None
    return Spoken(model or card(), language, given.get("choices"), given.get("facts")).explanation(
        why, given.get("asked")
    )


def has(name: str) -> dict[str, Any]:
    return {"op": "has", "of": name}


def switches(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "kind": "switch", "title": name.upper()} for name in names]


def needs(when: str, wanted: str, **more: Any) -> dict[str, Any]:
    text = f"{when} needs {wanted}."
    return {"id": f"{when}-{wanted}", "kind": "requires", "text": text, "when": has(when), "needs": has(wanted)} | more


def forbids(one: str, *others: str) -> dict[str, Any]:
    text = f"{one} excludes {', '.join(others)}."
    return {"id": f"not-{one}", "kind": "excludes", "text": text, "when": has(one), "forbids": [*map(has, others)]}


def made(options: list[dict[str, Any]], *rules: dict[str, Any]) -> Model:
    return model_of({"holding_kinds": ["card"], "options": options, "rules": list(rules)})


def test_a_value_is_excluded_by_rules_and_earlier_choices_and_it_is_said_what_would_help() -> None:
    choices: Any = {"network": "unionpay", "contactless": True}
    question = ("insurance", "travel")
    why = asked(ADULT).why_not(choices, question)
    assert told(why, choices=choices, asked=question) == [
        "Insurance: Travel is not possible.",
        "Payments abroad need the Visa network.",
        "Travel insurance is for cards that pay abroad.",
        "Chosen before: Network: UnionPay.",
        "It becomes possible if Network: UnionPay is changed to Visa.",
    ]


def test_an_explanation_is_told_in_chinese_where_the_model_has_the_words() -> None:
    choices: Any = {"network": "unionpay"}
    why = asked(ADULT).why_not(choices, ("abroad", True))
    assert told(why, choices=choices, asked=("abroad", True), language="zh") == [
        "无法选择“境外支付：开”。",
        "境外支付需要 Visa 卡。",
        "此前已选“卡组织：银联”。",
        "如将“卡组织：银联”改为“Visa”，即可选择。",
    ]


def test_what_a_fact_forbids_is_not_blamed_on_choices() -> None:
    question = ("daily_limit", 5_000)
    why = asked(CHILD).why_not({"abroad": True, "monthly_limit": 1_000}, question)
    assert why is not None
    assert why.reasons == (Reason("rule", "young-limit"), Reason("fact", "customer.age"))
    assert told(why, facts=CHILD, asked=question)[2:] == [
        "The customer: age is 12.",
        "Nothing else that this customer chooses would make it possible.",
    ]


def test_who_is_not_known_to_be_grown_up_is_not_taken_to_be() -> None:
    why = asked({"customer.kind": "person"}).why_not({}, ("daily_limit", 2_500))
    assert told(why, facts={})[2] == "The customer: age is not known."


def test_choices_that_cannot_stand_together_are_all_named() -> None:
    choices: Any = {"abroad": True, "network": "unionpay", "daily_limit": 500}
    why = asked(ADULT).why_not(choices)
    assert why is not None
    assert [reason.id for reason in why.reasons] == ["abroad-needs-visa", "abroad", "network"]
    assert [(change.option, change.after) for change in why.changes or ()] == [("network", "visa")]


def test_numbers_are_told_with_what_is_left_of_their_range() -> None:
    states = {state.option: state for state in asked(CHILD).explored({"monthly_limit": 1_500})}
    limit = states["daily_limit"]
    assert (limit.lowest, limit.highest, limit.may_be_empty) == (0, 1_500, False)
    assert states["insurance"].excluded == ("rental",)


def test_a_configuration_is_completed_by_defaults_and_by_what_is_required() -> None:
    done = asked(ADULT).settled({"insurance": ("travel",)})
    assert done.values == {
        "network": "visa",
        "contactless": True,
        "abroad": True,
        "daily_limit": 5_000,
        "insurance": ("travel",),
    }
    travels = (Reason("rule", "travel-abroad"), Reason("choice", "insurance"))
    assert done.added == {
        "network": (Reason("rule", "abroad-needs-visa"), *travels),
        "contactless": (),
        "abroad": travels,
        "daily_limit": (),
    }
    assert asked(ADULT).settled({}).missing == ("network",)


def test_a_configuration_is_one_sentence_in_either_language() -> None:
    values: Any = {"network": "visa", "contactless": True, "abroad": False, "daily_limit": 5_000}
    assert Spoken(card(), "en").configuration("Gold card", values) == (
        "Gold card: Network: Visa (2.5 CNY a month); Contactless: on; Daily limit: 5000 CNY."
    )
    assert Spoken(card(), "zh-CN").configuration("金卡", values).startswith("金卡：")
    assert "闪付：开" in Spoken(card(), "zh").configuration("金卡", values)


def test_the_model_of_a_card_is_sound() -> None:
    found = examined(card(), "body")
    assert (found.faults, found.contradiction, found.dead, found.sound) == ([], None, (), True)


def test_a_contradictory_model_is_refused_with_the_rules_that_contradict_each_other() -> None:
    always = {"id": "must", "kind": "requires", "text": "a is always on.", "needs": has("a")}
    model = made(switches("a", "b", "c"), always, needs("a", "b"), forbids("b", "a", "c"), needs("c", "b"))
    found = examined(model, "body")
    assert not found.sound
    assert told(found.contradiction, model=model) == [
        "Nothing can be configured by this model.",
        "a is always on.",
        "a needs b.",
        "b excludes a, c.",
    ]


def test_a_circular_dependency_ends_and_is_told() -> None:
    model = made(switches("a", "b", "c"), needs("a", "b"), needs("b", "c"), needs("c", "a"))
    found = examined(model, "body")
    assert (found.sound, found.circles) == (True, (("a", "b", "c"),))
    assert asked({}, model).settled({"b": True}).values == {"a": True, "b": True, "c": True}
    assert asked({}, model).why_not({"a": True}, ("c", False)) is not None


def test_dead_options_are_named_with_what_kills_them() -> None:
    limit = {"id": "n", "kind": "number", "title": "N", "minimum": 0, "maximum": 9}
    never = {"id": "never", "kind": "excludes", "text": "No N.", "forbids": [has("n")]}
    model = made([*switches("a", "b"), limit], needs("a", "b"), forbids("b", "a"), never)
    found = examined(model, "body")
    assert not found.sound
    assert [(dead.option, dead.value) for dead in found.dead] == [("a", True), ("n", True)]
    assert told(found.dead[0].why, model=model, asked=("a", True)) == [
        "A: on is not possible.",
        "a needs b.",
        "b excludes a.",
        "No customer can have it.",
    ]
    assert told(found.dead[1].why, model=model, asked=("n", True))[0] == "N: any value is not possible."


@pytest.mark.parametrize(
    ("condition", "where", "what"),
    [
        (has("netwrok"), "needs.of", "there is no option 'netwrok'"),
        (has("customer.height"), "needs.of", "there is no fact 'customer.height'"),
        ({"op": "is", "of": "network", "value": "amex"}, "needs.value", "'amex' is no value of 'network'"),
        ({"op": "is", "of": "network", "value": True}, "needs.value", "True is no value of 'network'"),
        ({"op": "is", "of": "embossed", "value": "X"}, "needs.value", "is compared with a text"),
        ({"op": "at_least", "of": "network", "value": 1}, "needs.of", "'network' is no number"),
        ({"op": "at_least", "of": "daily_limit"}, "needs", "names not one of"),
        (
            {"op": "at_least", "of": "daily_limit", "than": "customer.tier"},
            "needs.than",
            "'customer.tier' is no number",
        ),
        ({"op": "is", "of": "customer.kind", "value": "robot"}, "needs.value", "'robot' is no kind of customer"),
        ({"op": "is", "of": "customer.age", "value": "old"}, "needs.value", "is a text"),
        ({"op": "any", "conditions": []}, "needs.conditions", "is empty"),
    ],
)
def test_unknown_references_and_wrong_kinds_in_rules_are_named(
    condition: dict[str, Any], where: str, what: str
) -> None:
    rule = {"id": "r", "kind": "requires", "text": "r", "needs": condition}
    [fault] = examined(card(rules=[rule]), "body").faults
    assert fault["where"] == f"body.rules.0.{where}"
    assert fault["what"].startswith(what)


def test_a_misspelt_option_is_told_what_is_like_it() -> None:
    rule = {"id": "r", "kind": "requires", "text": "r", "needs": has("netwrok")}
    [fault] = examined(card(rules=[rule]), "body").faults
    assert fault["accepted"] == "network"


@pytest.mark.parametrize(
    ("option", "where"),
    [
        ({"id": "customer.x", "kind": "switch", "title": "X"}, "id"),
        ({"id": "x", "kind": "choice", "title": "X", "values": []}, "values"),
        ({"id": "x", "kind": "choices", "title": "X", "values": [{"id": "a", "title": "A"}], "at_least": 2}, "at_most"),
        ({"id": "x", "kind": "number", "title": "X", "minimum": 2, "maximum": 1}, "maximum"),
        ({"id": "x", "kind": "number", "title": "X", "minimum": 0, "maximum": 1, "step": 0}, "step"),
        ({"id": "x", "kind": "number", "title": "X", "minimum": 0, "maximum": 1, "step": 0.3}, "maximum"),
        ({"id": "x", "kind": "number", "title": "X", "minimum": 0, "maximum": 1e300}, "maximum"),
        ({"id": "x", "kind": "number", "title": "X", "minimum": 0, "maximum": 1, "default": 2}, "default"),
        ({"id": "x", "kind": "text", "title": "X", "pattern": "("}, "pattern"),
    ],
)
def test_options_that_cannot_be_are_named(option: dict[str, Any], where: str) -> None:
    faults = examined(made([option]), "body").faults
    assert [fault["where"] for fault in faults] == [f"body.options.0.{where}"]


def test_ids_that_are_there_twice_are_named() -> None:
    faults = examined(made(switches("a", "a"), needs("a", "a"), needs("a", "a")), "body").faults
    assert [fault["where"] for fault in faults] == ["body.options.1.id", "body.rules.1.id"]


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ({"colour": "red"}, "abroad, contactless, daily_limit, embossed, insurance, monthly_limit, network"),
        ({"contactless": "yes"}, "true or false"),
        ({"contactless": 1}, "true or false"),
        ({"network": ["visa"]}, "one of unionpay, visa"),
        ({"daily_limit": "500"}, "a number from 0 to 100000 in steps of 500"),
        ({"daily_limit": 501}, "a number from 0 to 100000 in steps of 500"),
        ({"daily_limit": True}, "a number from 0 to 100000 in steps of 500"),
        ({"daily_limit": float("nan")}, "a number from 0 to 100000 in steps of 500"),
        ({"insurance": ["travel", "travel"]}, "a list of different ones of travel, purchase, rental"),
        ({"embossed": "A" * 21}, "1 to 20 printable characters: capital letters, dots and spaces"),
        ({"embossed": "wang"}, "1 to 20 printable characters: capital letters, dots and spaces"),
        ({"embossed": "WANG\nXIAO"}, "1 to 20 printable characters: capital letters, dots and spaces"),
        ({"embossed": "=CMD()"}, "1 to 20 printable characters: capital letters, dots and spaces"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_unknown_option_a_wrong_kind_and_a_text_too_long_are_told_what_fits(
    given: dict[str, Any], accepted: str
) -> None:
    _, [fault] = read(card(), given, "body.choices")
    assert (fault["where"], fault["accepted"]) == (f"body.choices.{next(iter(given))}", accepted)


def test_a_card_number_is_no_text_of_an_option() -> None:
    text = {"id": "x", "kind": "text", "title": "X"}
    _, [fault] = read(made([text]), {"x": "4111 1111 1111 1111"}, "body.choices")
    assert fault["what"] == "holds a whole card number"


def test_a_pattern_that_would_hold_others_up_does_not() -> None:
    text = {"id": "x", "kind": "text", "title": "X", "pattern": "(a+)+b", "max_length": 5_000}
    _, faults = read(made([text]), {"x": "a" * 5_000}, "body.choices")
    assert len(faults) == 1


def test_a_model_of_thousands_of_options_is_judged_and_answers() -> None:
    names = [f"o{place}" for place in range(2_000)]
    rules = [needs(one, after) for one, after in zip(names[::2], names[1::2], strict=True)]
    model = made(switches(*names), *rules)
    assert examined(model, "body").sound
    assert asked({}, model).settled({"o0": True}).values == {"o0": True, "o1": True}


def test_a_model_that_is_too_hard_ends_with_an_error() -> None:
    pigeons, holes = range(12), range(11)
    names = {(p, h): f"p{p}h{h}" for p in pigeons for h in holes}
    some = [
        {
            "id": f"p{p}",
            "kind": "requires",
            "text": "sits",
            "needs": {"op": "any", "conditions": [has(names[p, h]) for h in holes]},
        }
        for p in pigeons
    ]
    one = [
        {
            "id": f"h{h}-{p}-{q}",
            "kind": "excludes",
            "text": "alone",
            "when": has(names[p, h]),
            "forbids": [has(names[q, h])],
        }
        for h in holes
        for p in pigeons
        for q in range(p)
    ]
    model = made(switches(*names.values()), *some, *one)
    with pytest.raises(TooHard):
        examined(model, "body", 100_000)


def test_of_somebody_of_whom_nothing_is_known_everything_is_asked_all_the_same() -> None:
    company = {"op": "is", "of": "customer.kind", "value": "company"}
    rule = {"id": "r", "kind": "requires", "text": "For companies.", "when": has("a"), "needs": company}
    model = made(switches("a"), rule)
    assert asked({}, model).why_not({"a": True}) is None
    why = asked({"customer.kind": "person"}, model).why_not({"a": True})
    assert told(why, model=model, choices={"a": True}, facts={"customer.kind": "person"}) == [
        "This choice cannot stand.",
        "For companies.",
        "The customer: kind is person.",
        "Chosen before: A: on.",
        "It becomes possible if A: on is taken back.",
    ]


def test_a_number_that_is_none_is_not_known() -> None:
    rule = {
        "id": "r",
        "kind": "requires",
        "text": "Rich.",
        "when": has("a"),
        "needs": {"op": "at_least", "of": "customer.attributes.income", "value": 10},
    }
    model = made(switches("a"), rule)
    for odd in (float("inf"), float("nan"), "12", True):
        assert asked({"customer.attributes.income": odd}, model).why_not({"a": True}) is not None
    assert asked({"customer.attributes.income": 10.0}, model).why_not({"a": True}) is None


def test_the_same_question_has_the_same_answer() -> None:
    choices: Any = {"network": "unionpay", "contactless": True, "monthly_limit": 500}
    answers = [asked(ADULT).why_not(choices, ("insurance", ("travel", "purchase"))) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]


def test_facts_are_what_is_kept_of_a_customer() -> None:
    today = date(2026, 2, 28)
    found = facts_of(
        kind="person",
        tier=None,
        language="zh",
        segments=["sme"],
        holdings=[Held("card", None), Held("loan", date(2026, 1, 1)), Held("account", date(2027, 1, 1))],
        attributes={"birth_date": "2008-02-29", "income": 10.5, "vip": True, "nested": {"a": 1}},
        today=today,
    )
    assert found == {
        "customer.kind": "person",
        "customer.language": "zh",
        "customer.segments": ("sme",),
        "customer.holdings": ("account", "card"),
        "customer.age": 17,
        "customer.attributes.birth_date": "2008-02-29",
        "customer.attributes.income": 10.5,
        "customer.attributes.vip": True,
    }
