"""What rules may ask of a customer, from what is kept of them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from app.core.wire import fault
from app.customers.products.model import ATTRIBUTE, NUMBER_FACTS, SET_FACTS, TEXT_FACTS

BORN = "birth_date"
OLDEST = 150


class Held(NamedTuple):
    """A holding: its kind, and from when to when."""

    kind: str
    closed_on: date | None


def facts_of(
    *,
    kind: str,
    tier: str | None,
    language: str | None,
    segments: Iterable[str],
    holdings: Iterable[Held],
    attributes: Mapping[str, Any],
    today: date,
) -> dict[str, Any]:
    """What is known, by the names that rules use; what is not known is left out. Of an attribute only a text, a number
    or a truth is a fact; an age comes from the attribute `birth_date` (ISO 8601)."""
    held = {one.kind for one in holdings if one.closed_on is None or one.closed_on > today}
    facts: dict[str, Any] = {
        "customer.kind": kind,
        "customer.tier": tier,
        "customer.language": language,
        "customer.segments": tuple(sorted(set(segments))),
        "customer.holdings": tuple(sorted(held)),
        "customer.age": _age(attributes.get(BORN), today),
    }
    facts |= {
        ATTRIBUTE + name: value for name, value in attributes.items() if isinstance(value, bool | int | float | str)
    }
    return {name: value for name, value in facts.items() if value not in (None, ())}


def fact_faults(facts: Mapping[str, Any], where: str) -> list[dict[str, str]]:
    """What is wrong with facts that are only thought of, as they were sent: sets as lists."""
    found = []
    for name, value in facts.items():
        accepted = _accepted(name)
        if accepted is None:
            known = ", ".join((*TEXT_FACTS, *SET_FACTS, *NUMBER_FACTS, ATTRIBUTE + "<name>"))
            found.append(fault(f"{where}.{name}", "is no fact of a customer", known))
        elif not _fits(name, value):
            found.append(fault(f"{where}.{name}", "is no value of this fact", accepted))
    return found


def _accepted(name: str) -> str | None:
    if name == "customer.kind":
        return "person or company"
    if name in TEXT_FACTS:
        return "a text"
    if name in SET_FACTS:
        return "a list of texts"
    if name in NUMBER_FACTS:
        return f"a number from 0 to {OLDEST}"
    return "a text, a number, true or false" if name.startswith(ATTRIBUTE) else None


def _fits(name: str, value: Any) -> bool:
    if name == "customer.kind":
        return value in ("person", "company")
    if name in SET_FACTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if name in NUMBER_FACTS:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= OLDEST
    return isinstance(value, str if name in TEXT_FACTS else bool | int | float | str)


def _age(born: Any, today: date) -> int | None:
    """In whole years. Who was born on a 29 February grows older on 1 March."""
    try:
        birth = date.fromisoformat(born)
    except (TypeError, ValueError):
        return None
    years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    return years if 0 <= years <= OLDEST else None
