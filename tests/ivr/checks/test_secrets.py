"""A secret reaches identify and nothing else."""

import pytest

from app.ivr.language.known import Known
from tests.ivr.checks.scenes import GOOD, HEAD, OTHER, faults, only


@pytest.mark.parametrize(
    ("good", "bad", "where", "what"),
    [
        ("{string(vars.tries)}", "{vars.pin}", "nodes.told.text.*", "could speak the secret 'pin'"),
        ("{string(vars.tries)}", "{vars['pin'] + 'a'}", "nodes.told.text.*", "could speak the secret 'pin'"),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: set, values: {card: vars.pin}, next",
            "nodes.told.values.card",
            "could store the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b/{vars.pin}', failed: bye, next",
            "nodes.told.url",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b', method: POST, body: {x: [1, '{vars.pin}']}, failed: bye, next",
            "nodes.told.body.x[1]",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b', headers: {x: '{vars.pin}'}, failed: bye, next",
            "nodes.told.headers.x",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next: waiting",
            "{type: branch, cases: [{when: vars.pin == '1234', next: waiting}], otherwise: waiting",
            "nodes.told.cases[0].when",
            "looks into the secret 'pin'",
        ),
    ],
)  # fmt: skip
def test_a_secret_that_could_be_spoken_sent_or_stored(good: str, bad: str, where: str, what: str) -> None:
    assert good in GOOD
    accepted = "the number or pin of an identify; a secret goes nowhere else"
    assert only(GOOD.replace(good, bad, 1)) == (where, what, accepted, 16)


def test_a_secret_told_to_somebody_who_waits() -> None:
    assert only(GOOD.replace("Number {position}", "{vars.pin}"))[1] == "could speak the secret 'pin'"


def test_a_secret_that_another_collect_stores() -> None:
    nodes = GOOD.replace("into: card,", "into: pin,").replace("number: card", "number: pin")
    found = faults(nodes)
    assert ("nodes.card.into", "could store the secret 'pin'", "secret: true", 13) in found


def test_a_secret_as_the_number_to_call_back() -> None:
    nodes = GOOD.replace("next: waiting}", "next: back}") + (
        "  back: {type: callback, queue: cards, number: pin, no_number: waiting}\n"
    )
    assert only(nodes)[:2] == ("nodes.back.number", "could store the secret 'pin'")


def test_a_secret_out_of_an_answer_or_a_sub_flow() -> None:
    nodes = GOOD.replace("next: waiting}", "next: look}") + (
        "  look: {type: fetch, url: 'https://a.b', into: {pin: /pin}, next: sub, failed: bye}\n"
        "  sub: {type: call_flow, flow: other, values: {x: vars.pin}, into: {pin: x}, next: waiting}\n"
    )
    found = faults(nodes, Known(flows={"other": OTHER}))
    assert [(each.where, each.what) for each in found] == [
        ("nodes.look.into.pin", "could store the secret 'pin'"),
        ("nodes.sub.values.x", "could store the secret 'pin'"),
        ("nodes.sub.into.pin", "could store the secret 'pin'"),
    ]


def test_a_secret_with_the_name_of_a_variable() -> None:
    what = "is the name of a secret too (pin), and what is in a variable is stored"
    assert only(GOOD, head=HEAD.replace("club: flag", "pin: text")) == (
        "variables.pin",
        what,
        "another name for one of them",
        4,
    )


def test_a_pin_that_is_no_secret() -> None:
    assert only(GOOD.replace("pin: pin", "pin: card"))[:3] == (
        "nodes.who.pin",
        "is 'card', a variable, which is stored",
        "the `into` of a collect with secret: true",
    )
    assert only(GOOD.replace("pin: pin", "pin: pni"))[:3] == ("nodes.who.pin", "is no secret: 'pni'", "pin?")


def test_a_pin_that_is_asked_for_before_it_is_keyed() -> None:
    nodes = GOOD.replace("next: who, otherwise: bye", "next: who, otherwise: who")
    assert only(nodes)[:3] == (
        "nodes.who.pin",
        "has no 'pin' on this way, which one attempt uses up: ask > card > pin > who",
        "pin before it on every way",
    )


def test_a_pin_that_is_used_up_by_an_attempt() -> None:
    nodes = GOOD.replace("not_found: card", "not_found: who")
    assert [each.what for each in faults(nodes)] == [
        "is in a loop without input: who > who",
        "has no 'pin' on this way, which one attempt uses up: ask > card > pin > who > who",
    ]


def test_a_card_number_that_is_a_secret_may_be_compared_with_what_the_bank_knows() -> None:
    nodes = GOOD.replace("into: card, next: pin", "into: number, secret: true, next: pin")
    assert faults(nodes.replace("number: card", "number: number")) == []


def test_a_secret_number_must_be_keyed_anew_for_each_attempt() -> None:
    nodes = GOOD.replace("into: card, next: pin", "into: number, secret: true, next: pin")
    nodes = nodes.replace("number: card", "number: number").replace("not_found: card", "not_found: pin")
    assert only(nodes)[:2] == (
        "nodes.who.number",
        "has no 'number' on this way, which one attempt uses up: ask > card > pin > who > pin > who",
    )


def test_after_a_fault_no_secret_is_there() -> None:
    told = only(GOOD, head=HEAD.replace("start: ask", "start: ask\non_fault: who"))
    assert told[:2] == ("nodes.who.pin", "has no 'pin' on this way, which one attempt uses up: who")


def test_a_pin_that_is_collected_in_the_open_is_told_so() -> None:
    told = {each.where: each.what for each in faults(GOOD.replace("into: pin, secret: true", "into: pin"))}
    assert told["nodes.who.pin"] == "is 'pin', which is collected without secret: true"
