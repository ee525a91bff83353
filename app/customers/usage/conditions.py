"""Conditions of rules: CEL over windows of a customer's usage. Read and checked once, held against what was measured.

Times are given by windows alone, so a condition is a function of what was measured up to an instant. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import isnan
from typing import Any, NamedTuple

import cel

from app.core.expressions.kinds import faults_of
from app.core.expressions.reading import ExpressionFailed, compiled, evaluate
from app.core.expressions.syntax import Term
from app.core.wire import fault
from app.customers.usage.windows import ACCEPTED, EMPTY, NOTHING, Measured, Window, seconds_of

LONGEST_CONDITION = 1_000
MOST_WINDOWS = 12
KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
EXAMPLE = "a condition in CEL, such as count('login.failed', '1h') >= 3"


def _or_nothing(value: float | None) -> float:
    return NOTHING if value is None else value


class _Function(NamedTuple):
    """What a function gives: a sample of it, how many windows far it looks back, and the value."""

    sample: Any
    reach: float
    of: Callable[[Measured], Any]


FUNCTIONS: Mapping[str, _Function] = {
    "count": _Function(1, 1, lambda it: it.events),
    "sum": _Function(1.0, 1, lambda it: it.total),
    "average": _Function(1.0, 1, lambda it: _or_nothing(it.average)),
    "least": _Function(1.0, 1, lambda it: _or_nothing(it.least)),
    "most": _Function(1.0, 1, lambda it: _or_nothing(it.most)),
    "last": _Function(1.0, 1, lambda it: _or_nothing(it.last)),
    "trend": _Function(1.0, 1, lambda it: it.trend),
    "absent": _Function(True, 2, lambda it: it.events > 0 and it.late_events == 0),
}
"""`absent` means: none within the window, but some within as long before it. Who never had any is missed by nobody."""

CUSTOMER: Mapping[str, Any] = {"tier": "1", "kind": "1", "language": "1", "segments": ["1"]}
"""A sample of what conditions may ask of the customer beside their usage; '' where it is not known."""


class Call(NamedTuple):
    """One use of a function: `written` as in the condition."""

    function: str
    kind: str
    seconds: float
    written: str

    @property
    def window(self) -> Window:
        """What must be measured for it."""
        return Window(self.kind, self.seconds * FUNCTIONS[self.function].reach)


class Condition(NamedTuple):
    """A condition that was read. `crossings` are the ages at which an event may make it true by growing older: such a
    condition must be looked at when nothing arrives, too."""

    source: str
    calls: tuple[Call, ...]
    windows: frozenset[Window]
    kinds: frozenset[str]
    crossings: tuple[Window, ...]


def condition_faults(source: str, where: str = "body.condition") -> list[dict[str, str]]:
    """Everything that is wrong with a condition: where, what, and what would be right."""
    if not 0 < len(source) <= LONGEST_CONDITION:
        return [fault(where, f"is {len(source)} characters long", f"1 to {LONGEST_CONDITION} characters")]
    further = dict.fromkeys(FUNCTIONS, checked)
    found = faults_of(source, {"customer": dict(CUSTOMER)}, "flag", further)
    if not found:
        windows = read(source).windows
        if not windows:
            found = [f"looks at no usage: {source}"]
        elif len(windows) > MOST_WINDOWS:
            found = [f"looks at {len(windows)} windows, more than {MOST_WINDOWS}"]
    return [fault(where, what, EXAMPLE) for what in found]


@lru_cache(maxsize=10_000)
def read(source: str) -> Condition:
    """A condition that has no faults."""
    term = compiled(source).term
    calls = tuple(dict.fromkeys(_calls(term)))
    crossings = set(_crossings(term))
    windows = frozenset(call.window for call in calls)
    return Condition(source, calls, windows, frozenset(call.kind for call in calls), tuple(sorted(crossings)))


def holds(condition: Condition, measured: Mapping[Window, Measured], customer: Mapping[str, Any]) -> bool:
    """Whether a condition holds. Where what it asks cannot be told (no balance yet, nothing to divide by) it does not,
    nor where all its windows are empty: who uses nothing of what it asks for is no concern of it.

    `measured` lacks what is empty; `customer` has what CUSTOMER names.
    """
    if condition.windows.isdisjoint(measured):
        return False

    def function(name: str) -> Callable[[str, str], Any]:
        reach, of = FUNCTIONS[name].reach, FUNCTIONS[name].of
        return lambda kind, written: of(measured.get(Window(kind, (seconds_of(written) or 0.0) * reach), EMPTY))

    functions = {name: function(name) for name in {call.function for call in condition.calls}}
    try:
        known = {"customer": {name: customer[name] for name in CUSTOMER}}
        return evaluate(condition.source, known, functions) is True
    except ExpressionFailed:  # its types were checked: this is a comparison with nothing, or a division by zero
        return False


def told(condition: Condition, measured: Mapping[Window, Measured]) -> dict[str, Any]:
    """What each use of a function came to, as it is written in the condition; None where it cannot be told."""
    values = {call.written: FUNCTIONS[call.function].of(measured.get(call.window, EMPTY)) for call in condition.calls}
    return {written: None if isinstance(value, float) and isnan(value) else value for written, value in values.items()}


def checked(term: Term) -> tuple[Any, str | None]:
    """A sample of what a use of a function gives, and what is wrong with it."""
    sample = FUNCTIONS[term.name].sample
    given = [literal(part) for part in term.parts]
    if len(given) != 2:
        return sample, f"{term.name} needs a kind of event and a window, such as {term.name}('card.used', '30d')"
    kind, window = given
    if kind is None or not KIND.fullmatch(kind):
        return sample, f"{term.name} needs a kind of event, written out in a-z, 0-9, . _ and -, such as 'card.used'"
    if window is None or seconds_of(window) is None:
        return sample, f"{term.name} needs a window: {ACCEPTED}"
    return sample, None


def literal(term: Term) -> str | None:
    if term.kind != "literal":
        return None
    value = cel.evaluate(term.text)
    return value if isinstance(value, str) else None


def _calls(term: Term) -> Iterator[Call]:
    if term.kind == "call" and term.name in FUNCTIONS:
        kind, window = (str(literal(part)) for part in term.parts)
        yield Call(term.name, kind, seconds_of(window) or 0.0, term.text)
        return
    for part in term.parts:
        yield from _calls(part)


def _crossings(term: Term) -> Iterator[Window]:
    """The ages at which an event may make the condition true without anything arriving."""
    if term.kind == "op" and term.name in ("&&", "||"):
        for part in term.parts:
            yield from _crossings(part)
    elif not _only_rises(term):
        for call in _calls(term):
            yield Window(call.kind, call.seconds)
            if call.function == "trend":
                yield Window(call.kind, call.seconds / 2)
            if term.kind != "call":  # an absence by itself can only end there
                yield call.window


def _only_rises(term: Term) -> bool:
    """Whether a comparison asks for at least so many events: events that grow older only make that less true."""
    if term.kind != "op" or term.name not in (">", ">=", "<", "<="):
        return False
    more, limit = term.parts if term.name in (">", ">=") else reversed(term.parts)
    return more.kind == "call" and more.name == "count" and not any(_calls(limit))
