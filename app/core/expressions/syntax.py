"""The shape of an expression in CEL, which the library that evaluates it does not tell. Pure.

Only for looking at expressions, after the library has found their syntax good. What nobody here needs of CEL (bytes,
unsigned numbers, messages) is refused here.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

DEEPEST = 60
TALLEST = 200
"""So many parts may stand within each other, or be joined in a row: whoever walks through them goes that deep, and the
library ends the process where it goes too deep."""


class Unreadable(Exception):
    """The text is no expression that may be written here; says why."""


class Term(NamedTuple):
    """A part of an expression: what it is, what it is called, what it is made of, and its own text.

    literal · name (the name) · member (the field; what it is a field of) · index (of, by) · call (the function; its
    arguments) · method (the function; what it is called on, its arguments) · op (the operator; its operands) ·
    choose (condition, then, else) · list · map (key, value, key, value, ...)

    `height` is how many parts stand within each other.
    """

    kind: str
    name: str
    parts: tuple["Term", ...]
    text: str
    height: int


_TOKEN = re.compile(
    r"(?P<space>(?:\s|//[^\n]*)+)"
    r"|(?P<text>[rR]?(?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}])"
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_CONSTANTS = ("true", "false", "null")


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def parse(source: str) -> Term:
    """The shape of an expression. Raises Unreadable."""
    reader = _Reader(source)
    term = reader.expression()
    if reader.at.kind != "end":
        raise Unreadable(f"cannot be read from {reader.at.text!r} on")
    return term


def _tokens(source: str) -> Iterator[_Token]:
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise Unreadable(f"cannot be read from {source[at : at + 10]!r} on")
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], at, match.end())
        at = match.end()
    yield _Token("end", "", at, at)


class _Reader:
    """Reads one expression, from the loosest operator to the closest."""

    def __init__(self, source: str) -> None:
        self.source, self.depth = source, 0
        self.tokens, self.place = list(_tokens(source)), 0

    @property
    def at(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        token = self.at
        self.place += token.kind != "end"
        return token

    def sees(self, *signs: str) -> bool:
        return self.at.kind in ("sign", "name") and self.at.text in signs

    def passes(self, sign: str) -> bool:
        if self.sees(sign):
            self.place += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.passes(sign):
            raise Unreadable(f"lacks {sign!r} before {self.at.text!r}")

    def term(self, kind: str, name: str, parts: tuple[Term, ...], start: int) -> Term:
        height = 1 + max((part.height for part in parts), default=0)
        if height > TALLEST:
            raise Unreadable(f"joins more than {TALLEST} parts in a row")
        return Term(kind, name, parts, self.source[start : self.tokens[self.place - 1].end], height)

    def expression(self) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("is nested too deeply")
        start = self.at.start
        term = self.binary(0)
        if self.passes("?"):
            then = self.binary(0)
            self.expect(":")
            term = self.term("choose", "?", (term, then, self.expression()), start)
        self.depth -= 1
        return term

    def binary(self, level: int) -> Term:
        if level == len(_LEVELS):
            return self.unary()
        start = self.at.start
        term = self.binary(level + 1)
        while self.sees(*_LEVELS[level]):
            sign = self.take().text
            term = self.term("op", sign, (term, self.binary(level + 1)), start)
        return term

    def unary(self) -> Term:
        signs = []
        while self.sees("!", "-"):
            signs.append(self.take())
        term = self.member()
        for sign in reversed(signs):
            term = self.term("op", sign.text, (term,), sign.start)
        return term

    def member(self) -> Term:
        start = self.at.start
        term = self.primary()
        while self.sees(".", "["):
            if self.take().text == "[":
                by = self.expression()
                self.expect("]")
                term = self.term("index", "", (term, by), start)
            elif (name := self.take()).kind != "name":
                raise Unreadable(f"lacks a name after the dot before {name.text!r}")
            elif self.passes("("):
                term = self.term("method", name.text, (term, *self.listed(")")), start)
            else:
                term = self.term("member", name.text, (term,), start)
        return term

    def primary(self) -> Term:
        token = self.take()
        if token.kind in ("text", "number") or token.text in _CONSTANTS:
            return self.term("literal", token.text, (), token.start)
        if token.kind == "name":
            if self.passes("("):
                return self.term("call", token.text, self.listed(")"), token.start)
            return self.term("name", token.text, (), token.start)
        if token.text == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if token.text == "[":
            return self.term("list", "", self.listed("]"), token.start)
        if token.text == "{":
            return self.term("map", "", self.entries(), token.start)
        raise Unreadable(f"cannot be read from {token.text!r} on" if token.text else "ends too early")

    def listed(self, closing: str) -> tuple[Term, ...]:
        parts: list[Term] = []
        while not self.passes(closing):
            parts.append(self.expression())
            if not self.passes(","):
                self.expect(closing)
                break
        return tuple(parts)

    def entries(self) -> tuple[Term, ...]:
        parts: list[Term] = []
        while not self.passes("}"):
            parts.append(self.expression())
            self.expect(":")
            parts.append(self.expression())
            if not self.passes(","):
                self.expect("}")
                break
        return tuple(parts)
