"""Card numbers must not be kept: finding them, and what may be kept in their place. Pure."""

import re
from collections.abc import Iterator
from typing import Any

SHOWN = 4
_RUN = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def last_four(number: str) -> str | None:
    """What is kept of a card number: its last four digits, None where it has fewer."""
    digits = re.sub(r"[^0-9]", "", number)
    return digits[-SHOWN:] if len(digits) >= SHOWN else None


def card_numbers_in(value: Any, where: str) -> Iterator[str]:
    """The places (`where.key.0`) of a JSON-like value in which a whole card number stands; of one that is a name, the
    place of what it names something in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if _holds_one(str(key)):
                yield where
                continue
            yield from card_numbers_in(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from card_numbers_in(inner, f"{where}.{place}")
    elif isinstance(value, float) and value.is_integer():
        yield from card_numbers_in(int(value), where)
    elif isinstance(value, str | int) and _holds_one(str(value)):
        yield where


def _holds_one(value: str) -> bool:
    return any(map(_is_card_number, _RUN.findall(value)))


def _is_card_number(run: str) -> bool:
    """Whether the check digit is right (Luhn, ISO/IEC 7812)."""
    digits = [int(char) for char in reversed(run) if char.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0
