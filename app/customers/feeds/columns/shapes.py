"""From a cell to the value of its field: what each shape of field accepts. Pure."""

import difflib
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from functools import lru_cache
from typing import Any

import langcodes
from phonenumbers import SUPPORTED_REGIONS

from app.customers.feeds.columns.records import Email
from app.customers.feeds.formats.cells import Cell, Unfit

LONGEST = {"id": 200, "text": 500, "long": 2000}
"""Characters that a field of text may have."""

SECONDS_PER = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_SECONDS = 10 * 366 * 86400
FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1", "t", "是"), True),
    **dict.fromkeys(("false", "no", "n", "0", "f", "否"), False),
}
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
_DURATION = re.compile(r"(\d{1,9})\s?([smhd])", re.ASCII)
_COUNT = re.compile(r"\d{1,18}", re.ASCII)

Parse = Callable[[str], Any]


def text_parser(longest: int) -> Parse:
    """Any text that is not longer than that."""

    def parse(text: str) -> str:
        if len(text) > longest:
            raise Unfit("too-long", f"has {len(text)} characters", f"at most {longest}")
        return text

    return parse


def choice_parser(choices: Collection[str]) -> Parse:
    """One of a few words, in upper or lower case."""

    def parse(text: str) -> str:
        word = text.lower()
        if word not in choices:
            raise Unfit("choice", "is not among the choices", close_to(word, choices))
        return word

    return parse


def known_parser(known: Collection[str], what: str) -> Parse:
    """The id of a thing that there is."""

    def parse(text: str) -> str:
        if text not in known:
            raise Unfit("unknown", f"is no {what}", close_to(text[: LONGEST["id"]], known))
        return text

    return parse


def list_parser(separator: str, choices: Collection[str]) -> Parse:
    """Several texts in one cell, each once; with choices only those."""
    one = choice_parser(choices) if choices else text_parser(LONGEST["id"])

    def parse(text: str) -> tuple[str, ...]:
        parts = (part.strip() for part in text.split(separator))
        return tuple(dict.fromkeys(one(part) for part in parts if part))

    return parse


def email_parser(label: str | None) -> Parse:
    """An e-mail address; whether anybody reads it is not told by its form."""

    def parse(text: str) -> Email:
        if len(text) > 254 or _EMAIL.fullmatch(text) is None:
            raise Unfit("email", "is no e-mail address", "an address such as wang@example.com")
        return Email(text, label)

    return parse


def flag(text: str) -> bool:
    """Yes or no. Raises Unfit."""
    found = FLAGS.get(text.lower())
    if found is None:
        raise Unfit("flag", "is neither yes nor no", "true or false, yes or no, 1 or 0; or values in the mapping")
    return found


@lru_cache(maxsize=4096)
def language(text: str) -> str:
    """A language tag (BCP 47) as it is usually written. Raises Unfit."""
    try:
        if langcodes.tag_is_valid(text):
            return langcodes.standardize_tag(text)
    except ValueError:
        pass
    raise Unfit(
        "language", "is no language tag", "a tag of BCP 47 such as zh, zh-Hant or en-GB; or values in the mapping"
    )


def country(text: str) -> str:
    """The code of a country (ISO 3166, two letters). Raises Unfit."""
    code = text.upper()
    if code not in SUPPORTED_REGIONS:
        raise Unfit("country", "is no country", "a code of two letters such as CN; or values in the mapping")
    return code


def count(text: str) -> int:
    """A whole number from 0. Raises Unfit."""
    if _COUNT.fullmatch(text) is None:
        raise Unfit("number", "is no whole number from 0", "a number such as 4")
    return int(text)


def seconds(text: str) -> int:
    """A duration (30m, 4h, 2d, or a number of seconds) in seconds. Raises Unfit."""
    match = _DURATION.fullmatch(text)
    found = int(match[1]) * SECONDS_PER[match[2]] if match else int(text) if _COUNT.fullmatch(text) else None
    if found is None or found > MOST_SECONDS:
        raise Unfit("duration", "is no duration", "a duration such as 30m, 4h, 2d, or a number of seconds")
    return found


def whole(number: Decimal) -> int:
    """A number that the file has as one, where a whole one from 0 is asked for. Raises Unfit."""
    if number != number.to_integral_value() or not 0 <= number < 10**18:
        raise Unfit("number", "is no whole number from 0", "a number such as 4")
    return int(number)


def typed_flag(cell: Cell) -> bool:
    """Yes or no that the file has as such, or as 1 and 0. Raises Unfit."""
    if isinstance(cell, bool) or (isinstance(cell, int | float | Decimal) and cell in (0, 1)):
        return bool(cell)
    raise Unfit("flag", "is neither yes nor no", "true or false")


def close_to(given: str, there: Collection[str]) -> str:
    """What may have been meant; if nothing is close, what there is."""
    close = difflib.get_close_matches(given, there, n=1)
    if close:
        return f"{close[0]}?"
    told = ", ".join(sorted(there)[:20])
    return (f"{told}, ..." if len(there) > 20 else told) or "none: there is none yet"
