"""Expressions that cannot be evaluated, or give what is not wanted."""

import pytest

from tests.ivr.checks.scenes import ASK, BYE, GOOD, faults, only


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ("vars.tries + 1", "mixes a whole number and a number with decimals (write 1.0 for 1, or double(...))"),
        ("vars.tries", "gives a number, and true or false is needed"),
        ("customer.tir == 'gold'", "refers to 'tir', which there is not (did you mean tier?)"),
        ("vars.trise > 1.0", "refers to 'trise', which there is not (did you mean tries?)"),
        ("vars.club == 'a'", "true or false is compared with a text"),
        ("vars.card ==", "'vars.card =='"),
    ],
)
def test_wrong_cel_types(when: str, what: str) -> None:
    branch = f'  pick: {{type: branch, cases: [{{when: "{when}", next: bye}}], otherwise: bye}}\n'
    found = only(ASK.replace("1: bye", "1: pick") + BYE + branch)
    assert found[0] == "nodes.pick.cases[0].when"
    assert found[1].startswith(what)
    assert found[2:] == ("true or false, such as customer.tier == 'gold'", 13)


def test_wrong_cel_types_in_texts_sets_and_language() -> None:
    nodes = f"""{ASK.replace("1: bye", "1: a")}{BYE}\
  a: {{type: set, values: {{tries: "'one'", card: vars.tries}}, next: b}}
  b: {{type: language, value: vars.club, next: c}}
  c: {{type: say, text: "{{customer}} and {{customer.nam}}", next: d}}
  d: {{type: say, text: "half a {{ brace", next: bye}}
"""
    assert [(each.where, each.what) for each in faults(nodes)] == [
        ("nodes.a.values.tries", "gives a text, and a number is needed: 'one'"),
        ("nodes.a.values.card", "gives a number, and a text is needed: vars.tries"),
        ("nodes.b.value", "gives true or false, and a text is needed: vars.club"),
        ("nodes.c.text.*", "gives a mapping, and a text is needed: customer"),
        ("nodes.c.text.*", "refers to 'nam', which there is not (did you mean name?): customer.nam"),
        ("nodes.d.text.*", "has a { without a } behind it; a brace itself is written twice"),
    ]


def test_the_place_in_the_line_is_known_to_who_waits_alone() -> None:
    nodes = GOOD.replace("Hello {customer.name}", "Number {position}")
    assert only(nodes)[1].startswith("refers to 'position', which is none of ")


def test_a_number_to_call_back_is_a_text_since_it_would_lose_its_zeros() -> None:
    nodes = ASK.replace("1: bye", "1: back") + BYE
    nodes += "  back: {type: callback, queue: cards, number: tries, no_number: bye}\n"
    assert only(nodes)[:2] == ("nodes.back.number", "is a variable of type number, and text is needed: 'tries'")
