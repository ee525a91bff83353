"""What a model allows, found by trying everything: the yardstick of the engine. It shares no code with it."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, combinations, product
from typing import Any

from app.customers.products.model import (
    AtLeast,
    AtMost,
    Choice,
    Choices,
    Condition,
    Counts,
    Every,
    Excludes,
    Has,
    Is,
    Model,
    Not,
    Number,
    OneOf,
    Option,
    Requires,
    Rule,
    Some,
    Switch,
    Text,
)

Whole = dict[str, Any]
SOME_TEXT = "some text"


def values_of(option: Option) -> list[Any]:
    """Everything that an option can be; None: no value."""
    match option:
        case Switch():
            return [False, True]
        case Choice():
            return [None, *(value.id for value in option.values)]
        case Choices():
            ids = [value.id for value in option.values]
            return [None, *chain.from_iterable(combinations(ids, n) for n in range(1, len(ids) + 1))]
        case Number():
            numbers, one = [], Decimal(str(option.minimum))
            while one <= Decimal(str(option.maximum)):
                numbers.append(int(one) if one == int(one) else float(one))
                one += Decimal(str(option.step))
            return [None, *numbers]
        case Text():
            return [None, SOME_TEXT]


def allowed(model: Model, facts: Mapping[str, Any]) -> list[Whole]:
    """Every whole configuration that the model allows a customer of whom these facts are known."""
    names = [option.id for option in model.options]
    every = (dict(zip(names, one, strict=True)) for one in product(*map(values_of, model.options)))
    return [one for one in every if _within_limits(model, one) and all(_follows(r, one, facts) for r in model.rules)]


def beside(wholes: Iterable[Whole], choices: Mapping[str, Any]) -> Iterator[Whole]:
    """Those in which the choices stand."""
    for one in wholes:
        if all(
            (one[name] == SOME_TEXT if isinstance(value, str) and one[name] == SOME_TEXT else one[name] == value)
            for name, value in choices.items()
        ):
            yield one


def _within_limits(model: Model, whole: Whole) -> bool:
    for option in model.options:
        value = whole[option.id]
        if isinstance(option, Choices):
            most = len(option.values) if option.at_most is None else option.at_most
            if not option.at_least <= len(value or ()) <= most:
                return False
        elif not isinstance(option, Switch) and option.required and value is None:
            return False
    return True


def _follows(rule: Rule, whole: Whole, facts: Mapping[str, Any]) -> bool:
    def so(condition: Condition) -> bool:
        return fulfilled(condition, {**whole, **facts})

    match rule:
        case Requires():
            return (rule.when is not None and not so(rule.when)) or so(rule.needs)
        case Excludes():
            return (rule.when is not None and not so(rule.when)) or not any(map(so, rule.forbids))
        case Counts():
            most = len(rule.conditions) if rule.at_most is None else rule.at_most
            return rule.at_least <= sum(map(so, rule.conditions)) <= most


def fulfilled(condition: Condition, known: Mapping[str, Any]) -> bool:
    """Whether a condition is fulfilled by what is known."""
    match condition:
        case Has():
            return known.get(condition.of) not in (None, False, ())
        case Is():
            return _is(known.get(condition.of), condition.value)
        case OneOf():
            return any(_is(known.get(condition.of), value) for value in condition.values)
        case AtLeast() | AtMost():
            return _compares(condition, known)
        case Every():
            return all(fulfilled(each, known) for each in condition.conditions)
        case Some():
            return any(fulfilled(each, known) for each in condition.conditions)
        case Not():
            return not fulfilled(condition.condition, known)


def _is(value: Any, wanted: Any) -> bool:
    return wanted in value if isinstance(value, tuple) else value is not None and value == wanted


def _compares(condition: AtLeast | AtMost, known: Mapping[str, Any]) -> bool:
    one = known.get(condition.of)
    other = condition.value if condition.than is None else known.get(condition.than)
    if one is None or other is None:
        return False
    return bool(one >= other if isinstance(condition, AtLeast) else one <= other)
