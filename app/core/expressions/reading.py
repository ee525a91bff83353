"""Expressions in CEL: read once, then evaluated against what is known. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import cel

from app.core.expressions.syntax import Term, Unreadable, parse

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
"""What binds a name of its own and goes through a list."""

DEEPEST_MACROS = 2

Functions = Mapping[str, Callable[..., Any]]


class ExpressionFaulty(Exception):
    """The text is no expression; says in one sentence why."""


class ExpressionFailed(Exception):
    """The expression could not be evaluated against what is known; says in one sentence why."""


class Expression(NamedTuple):
    """An expression that was read. `paths` is what it refers to, from the root on: ("customer", "tier"). Behind an
    index that is not written there, the path ends: `queues[vars.x].open` refers to ("queues",) and ("vars", "x").
    `roots` are the names at the beginning of its paths."""

    source: str
    run: Callable[[Any], Any]
    term: Term
    paths: frozenset[tuple[str, ...]]
    roots: frozenset[str]


@lru_cache(maxsize=10_000)
def compiled(source: str) -> Expression:
    """The expression that a text says. Raises ExpressionFaulty."""
    try:
        term = parse(source)
        program = cel.compile(source)
    except Unreadable as error:
        raise ExpressionFaulty(str(error)) from error
    except BaseException as error:
        raise ExpressionFaulty(_in_a_line(_unless_stopping(error))) from error
    _measure(term, 0)
    paths = frozenset(_paths(term, frozenset()))
    return Expression(source, program.execute, term, paths, frozenset(path[0] for path in paths))


def evaluate(source: str, known: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """The value of an expression: text, number, flag, or a list or mapping of them; `functions` are those that a room
    adds. Raises ExpressionFailed."""
    try:
        expression = compiled(source)
        given = {root: known[root] for root in expression.roots if root in known}
        return expression.run(cel.Context(given, dict(functions)) if functions else given)
    except ExpressionFaulty as error:
        raise ExpressionFailed(f"{source!r} {error}") from error
    except BaseException as error:
        raise ExpressionFailed(f"{source!r} fails: {_in_a_line(_unless_stopping(error))}") from error


def _unless_stopping(error: BaseException) -> BaseException:
    """The library's own panic is no Exception, and must not end more than its expression."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    return error


def _in_a_line(error: BaseException) -> str:
    name = "nothing is known of " if isinstance(error, KeyError) else ""
    return name + " ".join(str(error).split("\n")[0].split())[:200]


def _measure(term: Term, macros: int) -> None:
    """A macro in a macro in a macro could take for ever."""
    macros += is_macro(term)
    if macros > DEEPEST_MACROS:
        raise ExpressionFaulty(f"goes through lists within lists more than {DEEPEST_MACROS} deep")
    for part in term.parts:
        _measure(part, macros)


def is_macro(term: Term) -> bool:
    """Whether a term goes through a list with a name of its own."""
    return term.kind == "method" and term.name in MACROS and len(term.parts) > 2 and term.parts[1].kind == "name"


def path_of(term: Term) -> tuple[str, ...] | None:
    """The path that a term is, where it is nothing else: of `queues["cards"].open` all three names."""
    if term.kind == "name":
        return (term.name,)
    if term.kind == "member":
        return _longer(path_of(term.parts[0]), term.name)
    if term.kind == "index" and term.parts[1].kind == "literal" and term.parts[1].name[-1] in "'\"":
        return _longer(path_of(term.parts[0]), str(cel.evaluate(term.parts[1].text)))
    return None


def _longer(path: tuple[str, ...] | None, name: str) -> tuple[str, ...] | None:
    return None if path is None else (*path, name)


def _paths(term: Term, bound: frozenset[str]) -> Iterator[tuple[str, ...]]:
    path = path_of(term)
    if path is not None:
        if path[0] not in bound:
            yield path
        return
    if is_macro(term):
        yield from _paths(term.parts[0], bound)
        for part in term.parts[2:]:
            yield from _paths(part, bound | {term.parts[1].name})
        return
    for part in term.parts:
        yield from _paths(part, bound)
