"""Whether an expression fits the types of what it refers to, told in plain words. Pure.

CEL is strict and the library checks nothing before it evaluates. So each operation of an expression is evaluated here
by itself, over a sample of each type that could stand there: all operands of `&&` and `||` and both ways of `? :` are
visited, and what the library refuses is a fault of exactly that operation.
"""

import difflib
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Literal, NamedTuple

import cel

from app.core.expressions.reading import MACROS, ExpressionFaulty, compiled, is_macro, path_of
from app.core.expressions.syntax import Term

FUNCTIONS = frozenset({"size", "int", "double", "string", "contains", "startsWith", "endsWith", "matches", "has"})

Kind = Literal["text", "number", "flag"]

UNKNOWN = object()
"""The sample of what may be anything."""

NUMBER = object()
"""The sample of what is a whole number one time and a number with decimals another."""


class Each(NamedTuple):
    """A mapping that may have any key; what each value is like."""

    value: Any


Further = Mapping[str, Callable[[Term], tuple[Any, str | None]]]
"""Functions that a room adds: of a call, a sample of what it gives, and what is wrong with the call if anything is."""


def faults_of(
    source: str, known: Mapping[str, Any], wanted: Kind | None = None, further: Further | None = None
) -> list[str]:
    """What is wrong with an expression over these samples; `wanted` is what it must give, None: what can be spoken."""
    try:
        term = compiled(source).term
    except ExpressionFaulty as error:
        return [f"{source!r} {error}"]
    look = _Look(known, further or {})
    kind = kind_of(look.at(term))
    if not look.found and not _fits(kind, wanted):
        look.found.append(f"gives {_a(kind)}, and {_a(wanted or 'text')} is needed: {source}")
    return look.found


def kind_of(sample: Any) -> str:
    """The type of a sample in plain words."""
    if sample is UNKNOWN:
        return "anything"
    if sample is NUMBER:
        return "number"
    if isinstance(sample, bool):
        return "flag"
    words = {str: "text", int: "whole number", float: "number", list: "list", dict: "mapping", Each: "mapping"}
    return words.get(type(sample), "nothing" if sample is None else "other thing")


def _fits(kind: str, wanted: Kind | None) -> bool:
    if wanted is None:
        return kind in ("anything", "text", "number", "whole number", "flag")
    return kind in ("anything", wanted) or (wanted == "number" and kind == "whole number")


def _a(kind: str) -> str:
    return {"flag": "true or false", "anything": "anything", "nothing": "nothing"}.get(kind, f"a {kind}")


class _Look:
    """One look at an expression: what is wrong so far. Each method gives a sample of the value of a term."""

    def __init__(self, known: Mapping[str, Any], further: Further) -> None:
        self.known, self.further, self.found = dict(known), further, list[str]()

    def wrong(self, what: str, term: Term) -> Any:
        self.found.append(f"{what}: {term.text}")
        return UNKNOWN

    def at(self, term: Term) -> Any:
        if (path := path_of(term)) is not None:
            return self.path(path, term)
        if is_macro(term):
            return self.macro(term)
        if term.kind in ("call", "method"):
            return self.function(term)
        if term.kind == "choose":
            return self.choice(term)
        parts = [self.at(part) for part in term.parts]
        if term.kind == "op":
            return self.operation(term, parts)
        if term.kind == "member":
            return self.field(parts[0], term.name, term)
        if term.kind == "index":
            return self.index(term, parts)
        return self.made(term, parts)

    def path(self, path: tuple[str, ...], term: Term) -> Any:
        if path[0] not in self.known:
            return self.wrong(f"refers to {path[0]!r}, which is none of {', '.join(self.known)}", term)
        here = self.known[path[0]]
        for name in path[1:]:
            here = self.field(here, name, term)
        return here

    def field(self, sample: Any, name: str, term: Term) -> Any:
        if isinstance(sample, Each):
            return sample.value
        if sample is UNKNOWN:
            return UNKNOWN
        if not isinstance(sample, dict):
            return self.wrong(f"asks for {name!r} of {_a(kind_of(sample))}", term)
        if name not in sample:
            close = difflib.get_close_matches(name, sample, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sample) or 'none'}"
            return self.wrong(f"refers to {name!r}, which there is not ({hint})", term)
        return sample[name]

    def index(self, term: Term, parts: list[Any]) -> Any:
        of, by = parts
        if isinstance(of, Each) and by is not UNKNOWN and not isinstance(by, str):
            return self.wrong(f"asks for {_a(kind_of(by))} where a text is needed", term)
        if isinstance(of, Each):
            return of.value
        if _is_plain(of):
            return self.wrong(f"asks for a part of {_a(kind_of(of))}", term)
        return self.tried("a[b]", {"a": of, "b": by}, "cannot be looked up", term)

    def operation(self, term: Term, parts: list[Any]) -> Any:
        if term.name in ("&&", "||") or (term.name == "!" and len(parts) == 1):
            for part, sample in zip(term.parts, parts, strict=True):
                self.needs_flag(sample, part)
            return True
        if len(parts) == 1:
            return self.tried("-a", {"a": parts[0]}, f"turns {_a(kind_of(parts[0]))} into its negative", term)
        one, other = (kind_of(each) for each in parts)
        if term.name in ("==", "!=", "<", "<=", ">", ">="):
            return self.comparison(term, one, other, parts)
        what = f"cannot be: {_a(one)} {term.name} {_a(other)}"
        if {one, other} == {"number", "whole number"} or (one == other and NUMBER in parts):
            what = "mixes a whole number and a number with decimals (write 1.0 for 1, or double(...))"
        value = self.tried(f"a {term.name} b", dict(zip("ab", parts, strict=True)), what, term)
        if term.name != "in":
            return value
        if isinstance(parts[1], list | dict | Each):
            self.comparison(term, one, kind_of(_element(parts[1])), parts)
        return True

    def comparison(self, term: Term, one: str, other: str, parts: list[Any]) -> Any:
        alike = {one.removeprefix("whole "), other.removeprefix("whole ")}
        if len(alike) > 1 and "anything" not in alike:
            one, other = one.removeprefix("whole "), other.removeprefix("whole ")
            self.wrong(f"{_a(one)} is compared with {_a(other)}", term)
        elif term.name[0] in "<>":
            self.tried(f"a {term.name} b", dict(zip("ab", parts, strict=True)), f"{_a(one)} has no order", term)
        return True

    def choice(self, term: Term) -> Any:
        asked, then, otherwise = (self.at(part) for part in term.parts)
        self.needs_flag(asked, term.parts[0])
        kinds = [kind_of(each) for each in (then, otherwise)]
        if "anything" in kinds:
            return UNKNOWN
        if kinds[0].removeprefix("whole ") != kinds[1].removeprefix("whole "):
            return self.wrong(f"gives {_a(kinds[0])} or {_a(kinds[1])}, as the case may be", term)
        return then if kinds[0] == kinds[1] and otherwise is not NUMBER else NUMBER

    def needs_flag(self, sample: Any, term: Term) -> None:
        if sample is not UNKNOWN and not isinstance(sample, bool):
            self.wrong(f"{_a(kind_of(sample))} stands where true or false is needed", term)

    def macro(self, term: Term) -> Any:
        within, name = self.at(term.parts[0]), term.parts[1].name
        if _is_plain(within):
            return self.wrong(f"goes through {_a(kind_of(within))} as if it were a list", term)
        inner = _Look(self.known | {name: _element(within)}, self.further)
        given = [inner.at(part) for part in term.parts[2:]]
        self.found += inner.found
        for part, sample in zip(term.parts[2:], given, strict=True):
            if term.name != "map" or part is not term.parts[-1]:
                self.needs_flag(sample, part)
        if term.name == "map":
            return [given[-1]]
        return within if term.name == "filter" else True

    def function(self, term: Term) -> Any:
        if term.name in self.further and term.kind == "call":
            sample, wrong = self.further[term.name](term)
            return sample if wrong is None else self.wrong(wrong, term)
        if term.name not in FUNCTIONS:
            there = ", ".join(sorted({*FUNCTIONS, *self.further}))
            macros = f", and on a list {', '.join(sorted(MACROS))}"
            return self.wrong(f"{term.name} is no function; there are {there}{macros}", term)
        if term.name == "has":
            return self.has(term)
        parts = [self.at(part) for part in term.parts]
        names = [f"a{number}" for number in range(len(parts))]
        receiver = f"{names.pop(0)}." if term.kind == "method" else ""
        kinds = " and ".join(_a(kind_of(each)) for each in parts) or "nothing"
        call = f"{receiver}{term.name}({', '.join(names)})"
        values = {f"a{number}": each for number, each in enumerate(parts)}
        value = self.tried(call, values, f"{term.name} cannot be used with {kinds}", term)
        sample = {"int": 1, "double": 1.0, "string": "1", "size": 1}.get(term.name, True)
        return sample if value is UNKNOWN else value

    def has(self, term: Term) -> Any:
        if len(term.parts) != 1 or term.parts[0].kind != "member":
            return self.wrong("has needs a field, such as has(customer.attributes.club)", term)
        self.at(term.parts[0])
        return True

    def made(self, term: Term, parts: list[Any]) -> Any:
        if term.kind == "list":
            return parts
        if term.kind == "map":
            return Each(parts[1] if len(parts) > 1 else UNKNOWN)
        return cel.evaluate(term.text)

    def tried(self, source: str, values: dict[str, Any], otherwise: str, term: Term) -> Any:
        """What an operation gives over samples; a value that does not fit (no number in a text) is no fault of type."""
        readings = [_readings(value) for value in values.values()]
        if [UNKNOWN] in readings:
            return UNKNOWN
        try:
            given = [compiled(source).run(dict(zip(values, each, strict=True))) for each in product(*readings)]
            return given[0] if len({type(each) for each in given}) == 1 else NUMBER
        except TypeError:
            return self.wrong(otherwise, term)
        except RuntimeError as error:
            return self.wrong(otherwise, term) if "Undefined" in str(error) else UNKNOWN
        except Exception:
            return UNKNOWN


def _element(within: Any) -> Any:
    if isinstance(within, list) and within:
        return within[0]
    return "1" if isinstance(within, dict | Each) else UNKNOWN


def _is_plain(sample: Any) -> bool:
    return sample is NUMBER or isinstance(sample, str | bool | int | float)


def _readings(sample: Any) -> list[Any]:
    """All that a sample may stand for, as the library takes it; UNKNOWN alone where anything is in it."""
    return list({repr(each): each for each in (_plain(sample, number) for number in (1, 1.0))}.values())


def _plain(sample: Any, number: float) -> Any:
    """A sample with this number for each NUMBER in it; UNKNOWN where anything is in it."""
    if sample is NUMBER:
        return number
    if isinstance(sample, Each):
        value = _plain(sample.value, number)
        return UNKNOWN if value is UNKNOWN else {"1": value}
    if isinstance(sample, list | dict):
        inner = [_plain(each, number) for each in (sample.values() if isinstance(sample, dict) else sample)]
        if UNKNOWN in inner:
            return UNKNOWN
        return dict(zip(sample, inner, strict=True)) if isinstance(sample, dict) else inner
    return sample
