"""Texts with expressions in braces: `Your balance is {vars.balance}`; a brace itself is written twice. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from app.core.expressions.reading import ExpressionFailed, ExpressionFaulty, evaluate

LONGEST = 4000

_PIECE = re.compile(r"(?P<brace>\{\{|\}\})|(?P<open>\{)|(?P<close>\})|(?P<plain>[^{}]+)")
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_QUOTES = frozenset("\"'")
Put = Callable[[str], str]


class Piece(NamedTuple):
    """A piece of a text: as it stands, or an expression."""

    text: str
    is_expression: bool


@lru_cache(maxsize=10_000)
def pieces(text: str) -> tuple[Piece, ...]:
    """A text in pieces. Raises ExpressionFaulty where braces do not match; expressions are not looked into."""
    found, at = [], 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None or match.lastgroup == "close":
            raise ExpressionFaulty("has a } without a { before it; a brace itself is written twice")
        at = match.end()
        if match.lastgroup == "open":
            end = _end(text, at)
            found.append(Piece(text[at:end].strip(), True))
            at = end + 1
        else:
            found.append(Piece(match[0][0] if match.lastgroup == "brace" else match[0], False))
    return tuple(found)


def expressions_in(text: str) -> Iterator[str]:
    """The expressions in a text. Raises ExpressionFaulty."""
    return (each.text for each in pieces(text) if each.is_expression)


def filled(text: str, known: Mapping[str, Any], put: Put = str, keep: frozenset[str] = frozenset()) -> str:
    """A text with the values of its expressions, each as `put` writes it. Raises ExpressionFailed.

    Expressions in `keep` stay as they are, for a later filling.
    """
    told = []
    for piece in _readable(text):
        if not piece.is_expression:
            told.append(_escaped(piece.text) if keep else piece.text)
        elif piece.text in keep:
            told.append(f"{{{piece.text}}}")
        else:
            value = put(as_text(evaluate(piece.text, known)))
            told.append(_escaped(value) if keep else value)
    whole = "".join(told)
    if len(whole) > LONGEST:
        raise ExpressionFailed(f"a text of {len(whole)} characters came out, and at most {LONGEST} can be used")
    return whole


def value_of(text: str, known: Mapping[str, Any]) -> Any:
    """As `filled`, but a text that is one expression and nothing else gives its value, whatever its type."""
    found = _readable(text)
    return evaluate(found[0].text, known) if len(found) == 1 and found[0].is_expression else filled(text, known)


def as_text(value: Any) -> str:
    """A value as it is spoken and sent: 3 for 3.0, 0.33 for a third. Raises ExpressionFailed for lists and the like."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, str | int):
        return str(value)
    raise ExpressionFailed(f"a {type(value).__name__} cannot stand in a text")


def _readable(text: str) -> tuple[Piece, ...]:
    try:
        return pieces(text)
    except ExpressionFaulty as error:
        raise ExpressionFailed(f"{text!r} {error}") from error


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _end(text: str, at: int) -> int:
    """Where the expression that begins here ends: at its brace, which is none within it."""
    depth, unclosed = 1, set[str]()
    while at < len(text):
        if text[at] in _QUOTES - unclosed:
            if quoted := _TEXT.match(text, at):
                at = quoted.end()
                continue
            unclosed.add(text[at])  # nor will any further one of them be closed: not to look for that again and again
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
        at += 1
    raise ExpressionFaulty("has a { without a } behind it; a brace itself is written twice")
