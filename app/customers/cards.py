"""Card numbers must not be kept: finding them, and what may be kept in their place. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Any

SHOWN = 4
_SHORTEST, _LONGEST = 13, 19
RUN = re.compile(rf"\d(?:[ -]?\d){{{_SHORTEST - 1},}}")
"""As many digits as a card number has or more, of any script, in groups."""

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""A text that may look like a card number by chance, and is none."""

_GROUP = re.compile(r"\d+")
_POINT = re.compile(r"(?<!\d)0\.\Z")
_ISSUED = re.compile(
    r"4\d{15}(\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|35\d{14,17}|(5[06-8]|6\d)\d{14,17}"
)
_BORN = re.compile(r"\d{6}(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])\d{4}")
_E164 = 15


def last_four(number: str) -> str | None:
    """What is kept of a card number: its last four digits, None where it has fewer."""
    digits = _plain(number)
    return digits[-SHOWN:] if len(digits) >= SHOWN else None


def is_card_number(run: str) -> bool:
    """Whether the check digit of a run of digits is right (Luhn, ISO/IEC 7812)."""
    digits = [int(char) for char in reversed(run) if char.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


def is_issued(run: str) -> bool:
    """Whether a run of digits is such as cards have: length and first digits of those that are issued, and the check
    digit. Where other long numbers stand, one in ten would pass by its check digit alone; an identity number, in which
    a day of birth stands, is none."""
    digits = _plain(run)
    return bool(_ISSUED.fullmatch(digits)) and not _BORN.fullmatch(digits) and is_card_number(digits)


def without_card_numbers(text: str) -> str:
    """The text with an ellipsis and the last four digits in place of each card number."""
    for start, end in reversed(list(card_spans(text))):
        text = f"{text[:start]}…{last_four(text[start:end])}{text[end:]}"
    return text


def card_spans(text: str, judge: Callable[[str], bool] = is_issued) -> Iterator[tuple[int, int]]:
    """From where to where card numbers stand: of digits in groups, those groups that make one, whatever follows. What
    follows the point of a fraction is none."""
    for run in RUN.finditer(text):
        groups = [found.span() for found in _GROUP.finditer(text, *run.span())]
        if text[: run.start()].endswith("+") and sum(end - start for start, end in groups) <= _E164:
            continue  # a telephone number
        if len(groups) == 1 and _POINT.search(text[max(0, run.start() - 3) : run.start()]):
            continue
        first = 0
        while first < len(groups):
            last = next(_ends(text, groups, first, judge), None)
            if last is not None:
                yield groups[first][0], groups[last][1]
            first = first + 1 if last is None else last + 1


def card_numbers_in(value: Any, where: str, judge: Callable[[str], bool] = is_card_number) -> Iterator[str]:
    """The places (`where.key.0`) of a JSON-like value in which a whole card number stands; of one that is a name, the
    place of what it names something in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if any(card_spans(str(key), judge)):
                yield where
                continue
            yield from card_numbers_in(inner, f"{where}.{key}", judge)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from card_numbers_in(inner, f"{where}.{place}", judge)
    elif isinstance(value, float) and value.is_integer():
        yield from card_numbers_in(int(value), where, judge)
    elif isinstance(value, str | int) and any(card_spans(str(value), judge)):
        yield where


def _plain(number: str) -> str:
    """The digits alone, those of other scripts and of full width too."""
    return "".join(str(int(char)) for char in number if char.isdecimal())


def _ends(text: str, groups: list[tuple[int, int]], first: int, judge: Callable[[str], bool]) -> Iterator[int]:
    """With which groups a card number that begins with the first may end."""
    length = 0
    for last in range(first, len(groups)):
        length += groups[last][1] - groups[last][0]
        if length > _LONGEST:
            return
        if length >= _SHORTEST and judge(text[groups[first][0] : groups[last][1]]):
            yield last
