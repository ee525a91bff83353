"""What rules may ask of a customer, from what is kept of them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from app.customers.products.model import ATTRIBUTE

BORN = "birth_date"


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


def _age(born: Any, today: date) -> int | None:
    """In whole years. Who was born on a 29 February grows older on 1 March."""
    try:
        birth = date.fromisoformat(born)
    except (TypeError, ValueError):
        return None
    years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    return years if 0 <= years <= 150 else None
