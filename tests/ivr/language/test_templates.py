"""Texts hold expressions in braces, and a brace written twice is a brace."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.expressions.reading import ExpressionFailed, ExpressionFaulty
from app.ivr.language import templates
from app.ivr.language.templates import as_text, expressions_in, filled, value_of

KNOWN = {"vars": {"n": 12.5, "t": "a&b {", "f": True, "l": [1]}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("余额 {vars.n} 元", "余额 12.5 元"),
        ("{{vars.n}} {vars.t}", "{vars.n} a&b {"),
        ("{ {'a': 'b'}['a'] }{'}'}", "b}"),
        ("{vars.f ? 'yes' : 'no'}", "yes"),
    ],
)
def test_a_text_is_filled(text: str, told: str) -> None:
    assert filled(text, KNOWN) == told


def test_values_are_written_as_the_place_needs_and_some_are_kept_for_later() -> None:
    assert filled("/x?a={vars.t}", KNOWN, lambda each: quote(each, safe="")) == "/x?a=a%26b%20%7B"
    kept = filled("{position}: {vars.t} {{", KNOWN, keep=frozenset({"position"}))
    assert filled(kept, {"position": 3}) == "3: a&b { {"
    assert list(expressions_in("{position} {vars.t}")) == ["position", "vars.t"]


def test_one_expression_alone_keeps_its_type() -> None:
    assert value_of("{vars.n}", KNOWN) == 12.5
    assert value_of("{vars.n} ", KNOWN) == "12.5 "
    assert value_of("vars.n", KNOWN) == "vars.n"
    told = [as_text(each) for each in (3.0, 1 / 3, True, False, 7, 1e300)]
    assert told == ["3", "0.33", "true", "false", "7", "1e+300"]


def test_a_text_that_comes_out_has_four_thousand_characters_at_most() -> None:
    assert len(filled("{a}" + "b" * 3_999, {"a": "x"})) == 4_000
    with pytest.raises(ExpressionFailed, match="a text of 4001 characters came out"):
        filled("{a}" + "b" * 4_000, {"a": "x"})


@pytest.mark.parametrize("text", ["{", "}", "{vars.n", "{'}"])
def test_braces_that_do_not_match_are_told(text: str) -> None:
    with pytest.raises((ExpressionFaulty, ExpressionFailed)):
        list(expressions_in(text)) and filled(text, KNOWN)


@pytest.mark.parametrize("text", ["{vars.l}", "{vars.m}", "{" + "'aaaaaaaaaa'+" * 500 + "'a'}"])
def test_what_cannot_be_spoken_fails(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        filled(text, KNOWN)


@given(st.text(alphabet="{}ab '", max_size=12))
def test_what_is_filled_for_later_is_filled_alike(text: str) -> None:
    known = {"a": "{", "b": "}", "ab": "x"}
    try:
        now = filled(text, known)
    except ExpressionFailed:
        return
    assert filled(filled(text, known, keep=frozenset({"position"})), {}) == now


def test_the_end_of_a_quote_that_nobody_closes_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    pattern = templates._TEXT

    class Seen:
        def match(self, text: str, at: int) -> object:
            looks.append(at)
            return pattern.match(text, at)

    monkeypatch.setattr(templates, "_TEXT", Seen())
    with pytest.raises(ExpressionFaulty):
        templates.pieces("{'a' + \"" + '\\"' * 1000)
    assert len(looks) == 2
