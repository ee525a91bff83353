"""What is known of one customer at an instant, as rules ask for it. Pure."""

from collections.abc import Callable, Mapping
from functools import partial
from math import isnan
from typing import Any, NamedTuple

from app.customers.segments.words import NEVER, Condition, Use, window_of
from app.customers.usage.conditions import FUNCTIONS as USAGE
from app.customers.usage.windows import EMPTY, Measured, Window, seconds_of


class Facts(NamedTuple):
    """`customer`, `attributes` and `score` by name, what is not known left out. Holdings by kind, balances by kind and
    currency, contacts by channel and seconds, recency by channel: '' is all kinds, all channels."""

    customer: Mapping[str, Any]
    attributes: Mapping[str, Any] = {}
    score: Mapping[str, int] = {}
    holdings: Mapping[str, int] = {}
    balances: Mapping[tuple[str, str], float] = {}
    contacts: Mapping[tuple[str, float], int] = {}
    recency: Mapping[str, float] = {}
    usage: Mapping[Window, Measured] = {}


def value_of(facts: Facts, use: Use) -> Any:
    """What a use of a function comes to."""
    return functions_of(facts, (use,))[use.function](*use.given)


def functions_of(facts: Facts, uses: tuple[Use, ...]) -> dict[str, Callable[..., Any]]:
    """The functions that are used, over these facts."""
    return {use.function: partial(_FUNCTIONS[use.function], facts) for use in uses}


def variables_of(facts: Facts, condition: Condition) -> dict[str, Any]:
    """The variables that a condition refers to, and no others: handing them over is what judging costs most."""
    found: dict[str, Any] = {}
    for path in condition.paths:
        whole: Mapping[str, Any] = getattr(facts, path[0])
        here = found.setdefault(path[0], {})
        if len(path) == 1:
            here.update(whole)
        elif path[1] in whole:
            here[path[1]] = whole[path[1]]
    return found


def told(facts: Facts, condition: Condition) -> dict[str, Any]:
    """What each variable and each use of a function came to, as written in the condition; None: it is not known."""
    values = {use.written: value_of(facts, use) for use in condition.uses}
    for path in condition.paths:
        whole: Mapping[str, Any] = getattr(facts, path[0])
        values[".".join(path)] = whole.get(path[1]) if len(path) > 1 else dict(whole)
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}


def _holdings(facts: Facts, kind: str = "") -> int:
    return facts.holdings.get(kind, 0)


def _balance(facts: Facts, *given: str) -> float:
    *kind, currency = given
    return facts.balances.get((kind[0] if kind else "", currency), 0.0)


def _contacts(facts: Facts, window: str, channel: str = "") -> int:
    return facts.contacts.get((channel, seconds_of(window) or 0.0), 0)


def _recency(facts: Facts, channel: str = "") -> float:
    return facts.recency.get(channel, NEVER)


def _usage(name: str) -> Callable[..., Any]:
    of = USAGE[name].of
    return lambda facts, *given: of(facts.usage.get(window_of(Use(name, given, "")), EMPTY))


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "holdings": _holdings,
    "balance": _balance,
    "contacts": _contacts,
    "recency": _recency,
    **{name: _usage(name) for name in USAGE},
}
