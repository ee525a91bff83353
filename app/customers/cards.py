"""Card numbers must not be kept: finding them, and what may be kept in their place. Pure."""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate
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
_DOUBLED = str.maketrans("0123456789", "0246813579")
"""Each digit doubled, and of what has two digits then their sum."""

_BORN = re.compile(r"\d{6}(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])\d{4}")
_E164 = 15


def last_four(number: str) -> str | None:
    """What is kept of a card number: its last four digits, None where it has fewer."""
    digits = _plain(number)
    return digits[-SHOWN:] if len(digits) >= SHOWN else None


def is_card_number(run: str) -> bool:
    """Whether the check digit of a run of digits is right (Luhn, ISO/IEC 7812)."""
    digits = _plain(run)
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def is_issued(run: str) -> bool:
    """Whether a run of digits is such as cards have: length and first digits of those that are issued, and the check
    digit. Where other long numbers stand, one in ten would pass by its check digit alone; an identity number, in which
    a day of birth stands, is none."""
    digits = _plain(run)
    return bool(_ISSUED.fullmatch(digits)) and not _BORN.fullmatch(digits) and is_card_number(digits)


def without_card_numbers(text: str) -> str:
    """The text with an ellipsis and the last four digits in place of each card number."""
    return with_cards_as(text, lambda number: f"…{last_four(number)}")


def with_cards_as(text: str, shown: Callable[[str], str]) -> str:
    """The text with what is `shown` in place of each card number. Takes time by its length alone, whatever stands in
    it: texts come from outside."""
    parts, after = list[str](), 0
    for start, end in card_spans(text):
        parts += text[after:start], shown(text[start:end])
        after = end
    return "".join((*parts, text[after:]))


def card_spans(text: str, judge: Callable[[str], bool] = is_issued) -> Iterator[tuple[int, int]]:
    """From where to where card numbers stand, in order: of digits in groups, those groups that make one by the `judge`
    of their digits, whatever follows. What follows the point of a fraction is none."""
    for run in RUN.finditer(text):
        groups = [found.span() for found in _GROUP.finditer(text, *run.span())]
        digits = _plain(run.group())
        if text.endswith("+", 0, run.start()) and len(digits) <= _E164:
            continue  # a telephone number
        if len(groups) == 1 and _POINT.search(text[max(0, run.start() - 3) : run.start()]):
            continue
        offsets = list(accumulate((end - start for start, end in groups), initial=0))
        first = 0
        while first < len(groups):
            last = next(_ends(digits, offsets, first, judge), None)
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
    if number.isascii() and number.isdecimal():
        return number
    return "".join(str(int(char)) for char in number if char.isdecimal())


def _ends(digits: str, offsets: list[int], first: int, judge: Callable[[str], bool]) -> Iterator[int]:
    """With which groups a card number that begins with the first may end; each begins at its offset."""
    begins = offsets[first]
    for last in range(first, len(offsets) - 1):
        ends = offsets[last + 1]
        if ends - begins > _LONGEST:
            return
        if ends - begins >= _SHORTEST and judge(digits[begins:ends]):
            yield last
