"""What free attributes must be, as an administrator declares it. Attributes that nobody declared are free. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from math import isfinite
from typing import Any

import msgspec

from app.core.errors import one_of
from app.core.wire import fault
from app.customers.cards import card_numbers_in, is_issued

LONGEST = 4_000


class Definition(msgspec.Struct, frozen=True):
    """One attribute: `type` is text, number, whole_number, boolean, date or choice.

    `limits` may hold `max_length` of a text (characters), `minimum` and `maximum` of numbers and dates (dates as
    ISO 8601), and must hold `choices` of a choice.
    """

    name: str
    title: str
    type: str
    limits: dict[str, Any] = {}


ALLOWED: dict[str, tuple[str, ...]] = {
    "text": ("max_length",),
    "number": ("minimum", "maximum"),
    "whole_number": ("minimum", "maximum"),
    "boolean": (),
    "date": ("minimum", "maximum"),
    "choice": ("choices",),
}


def faults_of(definitions: Iterable[Definition], attributes: Mapping[str, Any], where: str) -> list[dict[str, str]]:
    """Every declared attribute whose value does not fit, and every one that holds the whole number of a card: where it
    is, what is wrong, what would be right.

    null always fits: nothing is known.
    """
    found = []
    for definition in definitions:
        value = attributes.get(definition.name)
        if value is not None and not _fits(definition, value):
            told = fault(f"{where}.{definition.name}", f"{_brief(value)} is not what is declared", accepted(definition))
            found.append(told)
    cards = card_numbers_in(attributes, where, is_issued)
    return [*found, *(fault(place, "holds a whole card number", "only its last four digits") for place in cards)]


def limit_faults(definition: Definition, where: str) -> list[dict[str, str]]:
    """What is wrong with the limits of a declaration."""
    limits, allowed = definition.limits, ALLOWED[definition.type]
    known = ", ".join(allowed) or f"none: a {definition.type} has no limits"
    found = [fault(f"{where}.{name}", "is no limit of this type", known) for name in limits if name not in allowed]
    bound = Definition("", "", definition.type if "minimum" in allowed else "whole_number")
    bounds = [name for name in ("minimum", "maximum") if name in allowed and name in limits]
    unfit = [name for name in bounds if not _fits(bound, limits[name])]
    found += [fault(f"{where}.{name}", "is no bound of this type", accepted(bound)) for name in unfit]
    if not found and "minimum" in limits and "maximum" in limits and limits["minimum"] > limits["maximum"]:
        found.append(fault(f"{where}.minimum", "is above the maximum", f"at most {limits['maximum']}"))
    if "max_length" in allowed and not 1 <= _whole(limits.get("max_length", 1)) <= LONGEST:
        found.append(fault(f"{where}.max_length", "is out of range", f"a whole number from 1 to {LONGEST}"))
    if "choices" in allowed and not _choices(limits.get("choices")):
        found.append(
            fault(f"{where}.choices", "is no list of texts", "1 to 200 different texts of 1 to 200 characters")
        )
    return found


def accepted(definition: Definition) -> str:
    """In words: what fits."""
    limits = definition.limits
    if definition.type == "choice":
        return one_of(limits["choices"])
    if definition.type == "text":
        return f"a text of at most {limits.get('max_length', LONGEST)} characters"
    words = {"number": "a number", "whole_number": "a whole number", "boolean": "true or false"}
    told = words.get(definition.type, "a date as YYYY-MM-DD")
    bounds = [f"{word} {limits[name]}" for name, word in (("minimum", "from"), ("maximum", "to")) if name in limits]
    return " ".join([told, *bounds])


def _fits(definition: Definition, value: Any) -> bool:
    limits = definition.limits
    if definition.type == "choice":
        return value in limits["choices"]
    if definition.type == "boolean":
        return isinstance(value, bool)
    if definition.type == "text":
        return isinstance(value, str) and len(value) <= limits.get("max_length", LONGEST)
    measured = _date(value) if definition.type == "date" else _number(value, definition.type == "whole_number")
    if measured is None:
        return False
    least, most = limits.get("minimum", measured), limits.get("maximum", measured)
    return bool(least <= measured <= most)


def _number(value: Any, whole: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return None
    return value if isinstance(value, int) or isfinite(value) else None


def _date(value: Any) -> str | None:
    """ISO dates in full compare as texts."""
    try:
        return value if isinstance(value, str) and date.fromisoformat(value).isoformat() == value else None
    except ValueError:
        return None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _choices(given: Any) -> bool:
    return (
        isinstance(given, list)
        and 1 <= len(given) <= 200
        and all(isinstance(each, str) and 1 <= len(each) <= 200 for each in given)
        and len(set(given)) == len(given)
    )


def _brief(value: Any) -> str:
    told = msgspec.json.encode(value).decode()
    return told if len(told) <= 40 else f"{told[:40]}…"
