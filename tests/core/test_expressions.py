"""Expressions are read once, say what they refer to, and fail in a sentence and never otherwise."""

from collections.abc import Mapping
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.expressions.reading import ExpressionFailed, ExpressionFaulty, compiled, evaluate

KNOWN = {
    "customer": {"tier": "gold", "attributes": {}},
    "vars": {"x": 2.5, "t": "cards", "f": True},
    "queues": {"cards": {"open": True, "waiting": 3}},
}


def failure(source: str, known: Mapping[str, Any]) -> str:
    """Why an expression fails, if it does."""
    try:
        evaluate(source, known)
    except ExpressionFailed as failed:
        return str(failed)
    return ""


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("customer.tier == 'gold' && vars.x > 3", {"customer.tier", "vars.x"}),
        ("queues.cards.open || queues['lost-cards'].open", {"queues.cards.open", "queues.lost-cards.open"}),
        ("queues[vars.t].open", {"queues", "vars.t"}),
        ("[1, 2].exists(x, x == vars.x && y.z)", {"vars.x", "y.z"}),
        ("vars.f ? size(vars.t) : {'a': now.hour}['a']", {"vars.f", "vars.t", "now.hour"}),
        ("has(customer.attributes.club)", {"customer.attributes.club"}),
        ("'customer.tier' == \"it's\" // vars.x", set()),
        ("r'\\d+' == '''vars.x'''", set()),
    ],
)
def test_what_an_expression_refers_to(source: str, paths: set[str]) -> None:
    assert {".".join(each) for each in compiled(source).paths} == paths


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("customer.tier == 'gold' ? vars.x + 1.0 : 0.0", 3.5),
        ("queues[vars.t].waiting > 2", True),
        ("-vars.x < 0 && !(vars.t in ['a', 'b'])", True),
        ("has(customer.attributes.club)", False),
        ("vars.f != false && null != vars.t", True),
        ("7 - 2 - 1 == 4 && 7 % 4 * 2 / 3 == 2", True),
        (" || ".join(["(vars.x < 0.0)"] * 100), False),
    ],
)
def test_an_expression_has_a_value(source: str, value: object) -> None:
    assert evaluate(source, KNOWN) == value


@pytest.mark.parametrize(
    "source",
    ["vars.y", "vars.x + 1", "1 / 0", "queues.loans.open", "nobody.there", "vars.t.matches('[')", "((", "vars.x >"],
)
def test_what_cannot_be_evaluated_is_told_in_one_line(source: str) -> None:
    with pytest.raises(ExpressionFailed, match=r"^[^\n]{5,600}$"):
        evaluate(source, KNOWN)


@pytest.mark.parametrize(
    "source",
    ["", "1 +", "a b", "b'x'", "1u", "a[", "{a", "a ? b", "(" * 70 + "1" + ")" * 70, "'", "a.1", "@", "x.all(y"],
)
def test_what_is_no_expression_is_told(source: str) -> None:
    with pytest.raises(ExpressionFaulty):
        compiled(source)


def test_sixty_within_each_other_are_read_and_no_more() -> None:
    assert compiled("(" * 59 + "1" + ")" * 59)
    with pytest.raises(ExpressionFaulty, match="nested too deeply"):
        compiled("(" * 60 + "1" + ")" * 60)


@pytest.mark.parametrize(
    ("first", "more", "last"),
    [
        ("1", " + 1", ""),
        ("true", " || a", ""),
        ("1", " < 2", ""),
        ("vars", ".x", ""),
        ("vars", "[0]", ""),
        ("vars", ".f()", ""),
        ("", "!", "true"),
        ("", "-", "1"),
    ],
)
def test_a_row_so_long_that_it_would_end_the_process_is_told(first: str, more: str, last: str) -> None:
    assert compiled(f"{first}{more * 199}{last}").term.height == 200
    for times in (200, 30_000):
        with pytest.raises(ExpressionFaulty, match="200 parts in a row"):
            compiled(f"{first}{more * times}{last}")


def test_lists_within_lists_within_lists_could_take_for_ever() -> None:
    assert compiled("[1].all(a, [1].all(b, true))")
    with pytest.raises(ExpressionFaulty, match="2 deep"):
        compiled("[1].all(a, [1].all(b, [1].all(c, true)))")


ATOMS = [
    "1",
    "2.5",
    "'a'",
    "true",
    "vars.x",
    "vars.t",
    "customer.tier",
    "[1, 2]",
    "{'a': 1}",
    "null",
    "queues['cards']",
]
terms = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "&&", "||", "==", "<", "in"]), inner).map(" ".join),
        st.tuples(inner, inner, inner).map(lambda it: f"(({it[0]}) ? ({it[1]}) : {it[2]})"),
        inner.map(lambda it: f"({it})"),
        inner.map(lambda it: f"!{it}"),
        inner.map(lambda it: f"size({it})"),
        inner.map(lambda it: f"{it}.contains('a')"),
        inner.map(lambda it: f"[{it}, 3].exists(v, v == {it})"),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(terms)
def test_whatever_the_library_reads_is_read_alike(source: str) -> None:
    names = set(cel.compile(source).variables()) - {"v"}
    try:
        expression = compiled(source)
    except ExpressionFaulty:  # nested too deeply
        return
    assert expression.roots == names
    failure(source, KNOWN)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab.()[]{}?:'\"+-*!&|=<>,1 \n\\", max_size=25) | st.text(max_size=15))
def test_any_text_is_read_or_told(source: str) -> None:
    assert "\n" not in failure(source, KNOWN).replace(repr(source), "")
