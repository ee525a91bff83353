"""What was chosen, held against the options: what is no value of its option is told before any rule is asked. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError

from app.core.errors import one_of
from app.core.wire import fault
from app.customers.cards import card_numbers_in
from app.customers.products.model import Choice, Choices, Chosen, Model, Number, Option, Switch, Text, Values, exact

Faults = list[dict[str, str]]


class BadPattern(ValueError):
    """A regular expression that cannot be read."""


def read(model: Model, given: Mapping[str, Any], where: str) -> tuple[Values, Faults]:
    """What was chosen, in the order of the options, and what is wrong with it; null is no choice."""
    known = {option.id: option for option in model.options}
    faults = [
        fault(f"{where}.{name}", "is no option of this product", _some(known)) for name in given if name not in known
    ]
    chosen: dict[str, Chosen] = {}
    for option in model.options:
        value = given.get(option.id)
        if value is None:
            continue
        if not fits(option, value):
            faults.append(fault(f"{where}.{option.id}", f"is {_brief(value)}", accepted(option)))
        elif isinstance(value, str) and list(card_numbers_in(value, "")):
            faults.append(fault(f"{where}.{option.id}", "holds a whole card number", "a text without one"))
        elif isinstance(option, Choices):
            chosen[option.id] = tuple(each.id for each in option.values if each.id in value)
        else:
            chosen[option.id] = value
    return chosen, faults


def fits(option: Option, value: Any) -> bool:
    """Whether it is a value of the option, whatever the rules say."""
    match option:
        case Switch():
            return isinstance(value, bool)
        case Choice():
            return isinstance(value, str) and any(each.id == value for each in option.values)
        case Choices():
            ids = {each.id for each in option.values}
            listed = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
            return listed and len(set(value)) == len(value) and ids.issuperset(value)
        case Number():
            return _is_number(value) and on_grid(option, exact(value))
        case Text():
            return isinstance(value, str) and _is_text(option, value)


def on_grid(option: Number, value: Decimal) -> bool:
    """Whether the number is within the range, and on a step."""
    least = exact(option.minimum)
    return least <= value <= exact(option.maximum) and (value - least) % exact(option.step) == 0


def accepted(option: Option) -> str:
    """In words: what fits."""
    match option:
        case Switch():
            return "true or false"
        case Choice():
            return one_of(each.id for each in option.values)
        case Choices():
            return "a list of different ones of " + ", ".join(each.id for each in option.values)
        case Number():
            step = "" if option.step == 1 else f" in steps of {option.step}"
            whole = "a whole number" if option.step == 1 and option.minimum == int(option.minimum) else "a number"
            return f"{whole} from {option.minimum} to {option.maximum}{step}"
        case Text():
            says = option.pattern_says or (option.pattern and f"one that matches {option.pattern}")
            return f"1 to {option.max_length} printable characters" + (f": {says}" if says else "")


@lru_cache(maxsize=256)
def pattern_of(pattern: str) -> TypeAdapter[str]:
    """A reader that accepts what the whole pattern matches. Its time is linear in the text, whatever the pattern: who
    writes one cannot hold the server up. Raises BadPattern."""
    try:
        reader: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])
        _matches(reader, "")
    except Exception as error:
        raise BadPattern(str(error).strip().splitlines()[-1]) from error
    return reader


def _is_text(option: Text, value: str) -> bool:
    if not 1 <= len(value) <= option.max_length or not all(char.isprintable() for char in value):
        return False
    return option.pattern is None or _matches(pattern_of(option.pattern), value)


def _matches(reader: TypeAdapter[str], value: str) -> bool:
    try:
        reader.validate_python(value)
    except ValidationError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _some(known: Mapping[str, Option]) -> str:
    shown: Iterator[str] = iter(sorted(known))
    told = ", ".join(name for name, _ in zip(shown, range(20), strict=False))
    return told + (", …" if len(known) > 20 else "")


def _brief(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= 40 else f"{told[:40]}…"
