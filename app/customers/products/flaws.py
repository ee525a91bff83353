"""What is wrong with the text of a model, before any solver is asked: where, what, and what would be right. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from app.core.wire import fault
from app.customers.products.choices import BadPattern, accepted, fits, on_grid, pattern_of
from app.customers.products.model import (
    ATTRIBUTE,
    FACT,
    HOLDING_KINDS,
    NUMBER_FACTS,
    SET_FACTS,
    TEXT_FACTS,
    AtLeast,
    AtMost,
    Choice,
    Choices,
    Condition,
    Counts,
    Every,
    Is,
    Model,
    Number,
    OneOf,
    Option,
    Rule,
    Scalar,
    Some,
    Text,
    conditions_of,
    exact,
    is_fact,
    within,
)

DEEPEST = 12
LARGEST = 10**12
PLACES = 6
"""Numbers are below a billion thousands, and have no more than so many decimal places."""
MOST_STEPS = 10**9
KINDS = ("person", "company")
_FACTS = ", ".join((*TEXT_FACTS, *SET_FACTS, *NUMBER_FACTS, ATTRIBUTE + "<name>"))

Faults = Iterator[dict[str, str]]


def flaws(model: Model, where: str) -> Faults:
    """Everything that is wrong; `where` is the way to the model."""
    for place, kind in enumerate(model.holding_kinds):
        if kind not in HOLDING_KINDS:
            yield fault(f"{where}.holding_kinds.{place}", f"{kind!r} is no kind of holding", ", ".join(HOLDING_KINDS))
    if not model.holding_kinds:
        yield fault(f"{where}.holding_kinds", "is empty", "the kinds of holdings that may have the product")
    yield from _twice([option.id for option in model.options], f"{where}.options")
    for place, option in enumerate(model.options):
        yield from _option_flaws(option, f"{where}.options.{place}")
    yield from _twice([rule.id for rule in model.rules], f"{where}.rules")
    options = {option.id: option for option in model.options}
    used: dict[str, str] = {}
    for place, rule in enumerate(model.rules):
        yield from _rule_flaws(rule, options, used, f"{where}.rules.{place}")


def _option_flaws(option: Option, where: str) -> Faults:
    if is_fact(option.id):
        yield fault(f"{where}.id", f"begins with {FACT!r} like a fact of the customer", "another id")
    if isinstance(option, Choice | Choices):
        yield from _twice([value.id for value in option.values], f"{where}.values")
        if not option.values:
            yield fault(f"{where}.values", "is empty", "one value at least")
    if isinstance(option, Choices):
        most = len(option.values) if option.at_most is None else option.at_most
        if not 0 <= option.at_least <= most <= len(option.values) or most == 0:
            allowed = f"at_least up to at_most, which is from 1 to {len(option.values)}, the count of its values"
            yield fault(f"{where}.at_most", "does not fit", allowed)
    if isinstance(option, Text) and option.pattern is not None:
        try:
            pattern_of(option.pattern)
        except BadPattern as error:
            yield fault(f"{where}.pattern", f"cannot be read: {error}", "a regular expression without look-around")
            return
    if isinstance(option, Number) and (wrong := list(_number_flaws(option, where))):
        yield from wrong
        return
    if option.default is not None and not fits(option, option.default):
        yield fault(f"{where}.default", "is no value of the option", accepted(option))


def _number_flaws(option: Number, where: str) -> Faults:
    for name in ("minimum", "maximum", "step"):
        if not _sane(getattr(option, name)):
            yield fault(f"{where}.{name}", "is too large, or too fine", f"below {LARGEST}, at most {PLACES} places")
            return
    if option.step <= 0:
        yield fault(f"{where}.step", "is not above 0", "the distance of two numbers that can be chosen")
    elif option.maximum < option.minimum:
        yield fault(f"{where}.maximum", "is below the minimum", f"{option.minimum} or more")
    elif not on_grid(option, exact(option.maximum)):
        yield fault(f"{where}.maximum", "is not on a step", f"{option.minimum} and a multiple of {option.step}")
    elif (exact(option.maximum) - exact(option.minimum)) / exact(option.step) > MOST_STEPS:
        yield fault(f"{where}.step", "is too fine for the range", f"at most {MOST_STEPS} steps")


def _rule_flaws(rule: Rule, options: Mapping[str, Option], used: dict[str, str], where: str) -> Faults:
    if isinstance(rule, Counts):
        most = len(rule.conditions) if rule.at_most is None else rule.at_most
        if not 0 <= rule.at_least <= most <= len(rule.conditions):
            allowed = f"at_least up to at_most, which is at most {len(rule.conditions)}, the count of its conditions"
            yield fault(f"{where}.at_most", "does not fit", allowed)
    for path, top in conditions_of(rule):
        for inner, condition in within(top):
            steps = (*path, *inner)
            at = ".".join([where, *map(str, steps)])
            if len(inner) > 2 * DEEPEST:
                yield fault(at, "stands too deep in others", f"at most {DEEPEST} levels")
                break
            yield from _condition_flaws(condition, options, used, at)


def _condition_flaws(condition: Condition, options: Mapping[str, Option], used: dict[str, str], where: str) -> Faults:
    if isinstance(condition, Every | Some):
        if not condition.conditions:
            yield fault(f"{where}.conditions", "is empty", "one condition at least")
        return
    of = getattr(condition, "of", None)
    if of is None:
        return
    if (unknown := _unknown(of, options)) is not None:
        yield fault(f"{where}.of", *unknown)
    elif isinstance(condition, AtLeast | AtMost):
        yield from _compared_flaws(condition, options, used, where)
    elif isinstance(condition, Is):
        yield from _value_flaws(of, condition.value, options, used, f"{where}.value")
    elif isinstance(condition, OneOf):
        if not condition.values:
            yield fault(f"{where}.values", "is empty", "one value at least")
        for place, value in enumerate(condition.values):
            yield from _value_flaws(of, value, options, used, f"{where}.values.{place}")


def _compared_flaws(
    condition: AtLeast | AtMost, options: Mapping[str, Option], used: dict[str, str], where: str
) -> Faults:
    if (condition.value is None) == (condition.than is None):
        yield fault(where, "names not one of `value` and `than`", "a number as `value`, or what has one as `than`")
        return
    if condition.value is not None and not _sane(condition.value):
        yield fault(f"{where}.value", "is too large, or too fine", f"below {LARGEST}, at most {PLACES} places")
    for field in ("of", "than"):
        name = getattr(condition, field)
        if name is None:
            continue
        if (unknown := _unknown(name, options)) is not None:
            yield fault(f"{where}.{field}", *unknown)
        elif not _is_numeric(name, options, used):
            numbers = [option.id for option in options.values() if isinstance(option, Number)]
            allowed = ", ".join([*numbers, *NUMBER_FACTS, ATTRIBUTE + "<name>"])
            yield fault(f"{where}.{field}", f"{name!r} is no number", allowed)


def _value_flaws(of: str, value: Scalar, options: Mapping[str, Option], used: dict[str, str], where: str) -> Faults:
    if not is_fact(of):
        option = options[of]
        if isinstance(option, Text):
            yield fault(where, "is compared with a text, of which rules know only whether it is there", "`has`")
            return
        given = (value,) if isinstance(option, Choices) else value
        if not fits(option, given):
            yield fault(where, f"{value!r} is no value of {of!r}", accepted(option))
        return
    wanted = _kind_of(value)
    allowed = _fact_kind(of, used, wanted)
    if wanted != allowed:
        yield fault(where, f"is a {wanted}, but {of!r} is compared as a {allowed}", f"a {allowed}")
    elif of == "customer.kind" and value not in KINDS:
        yield fault(where, f"{value!r} is no kind of customer", " or ".join(KINDS))
    elif of == "customer.holdings" and value not in HOLDING_KINDS:
        yield fault(where, f"{value!r} is no kind of holding", ", ".join(HOLDING_KINDS))
    elif wanted == "number" and isinstance(value, int | float) and not _sane(value):
        yield fault(where, "is too large, or too fine", f"below {LARGEST}, at most {PLACES} places")


def _unknown(name: str, options: Mapping[str, Option]) -> tuple[str, str] | None:
    if not is_fact(name):
        if name in options:
            return None
        near = get_close_matches(name, options, n=3) or sorted(options)[:20]
        return f"there is no option {name!r}", ", ".join(near) or "none: there are no options"
    attribute = name.removeprefix(ATTRIBUTE)
    if name in (*TEXT_FACTS, *SET_FACTS, *NUMBER_FACTS) or (name.startswith(ATTRIBUTE) and attribute):
        return None
    return f"there is no fact {name!r}", _FACTS


def _is_numeric(name: str, options: Mapping[str, Option], used: dict[str, str]) -> bool:
    if not is_fact(name):
        return isinstance(options[name], Number)
    return _fact_kind(name, used, "number") == "number"


def _fact_kind(name: str, used: dict[str, str], wanted: str) -> str:
    """What a fact is compared as; an attribute is what the first rule takes it for."""
    if name.startswith(ATTRIBUTE):
        return used.setdefault(name, wanted)
    return "number" if name in NUMBER_FACTS else "text"


def _kind_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "switch"
    return "text" if isinstance(value, str) else "number"


def _sane(number: float | int) -> bool:
    written = exact(number)
    if not written.is_finite():
        return False
    exponent = written.normalize().as_tuple().exponent
    return abs(written) < LARGEST and isinstance(exponent, int) and exponent >= -PLACES


def _twice(ids: Sequence[str], where: str) -> Faults:
    first: dict[str, Any] = {}
    for place, each in enumerate(ids):
        if first.setdefault(each, place) != place:
            yield fault(f"{where}.{place}.id", f"{each!r} is the id of {where}.{first[each]} too", "an id of its own")
