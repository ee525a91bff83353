"""Numbers as people and systems write them, and amounts of money in the smallest unit of their currency. Pure."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from iso4217 import Currency

from app.customers.feeds.columns.records import Money
from app.customers.feeds.formats.cells import Cell, Unfit

LARGEST = 2**63 - 1
_CODE = re.compile(r"(?:([A-Z]{3})\s?)?(.*?)(?:\s?([A-Z]{3}))?")
_GROUPINGS = {",": (".", " ", "'", "\u00a0", "\u202f", "’"), ".": (",", " ", "'", "\u00a0", "\u202f", "’")}


class Amount(Decimal):
    """An amount whose cell names its currency, too."""

    currency: str


@lru_cache(maxsize=8)
def number_reader(decimal: str) -> Callable[[str], Decimal]:
    """What reads a number whose decimals stand behind `decimal`: 1.234,5 for a comma. A minus may stand behind the
    number, and brackets stand for one, as book-keeping writes it. The reader raises Unfit."""
    groupings = _GROUPINGS[decimal]
    point = re.escape(decimal)
    groups = "|".join(rf"\d{{1,3}}(?:{re.escape(each)}\d{{3}})+" for each in groupings)
    plain = re.compile(rf"[+-]?\d{{1,30}}(?:{point}\d{{1,15}})?", re.ASCII)
    grouped = re.compile(rf"[+-]?(?:\d{{1,30}}|{groups})(?:{point}\d{{1,15}})?", re.ASCII)
    dropped = dict.fromkeys(map(ord, "".join(groupings))) | {ord(decimal): "."}
    accepted = f"a number such as 1234{decimal}50 or 1{groupings[0]}234{decimal}50"

    def read(text: str) -> Decimal:
        if plain.fullmatch(text):
            return Decimal(text if decimal == "." else text.replace(",", "."))
        bare, negative = _unsigned(text)
        if grouped.fullmatch(bare) is None or (negative and bare[0] in "+-"):
            raise Unfit("number", "is no number", accepted)
        return Decimal(("-" if negative else "") + bare.translate(dropped))

    return read


def typed_number(cell: Cell) -> Decimal:
    """A number that the file already has as one. Of a fraction only the 15 digits that a spreadsheet shows count.

    Raises Unfit for another type.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        raise Unfit("number", "is no number", "a number")
    number = Decimal(f"{cell:.15g}") if isinstance(cell, float) else Decimal(cell)
    if not number.is_finite():
        raise Unfit("number", "is no number", "a number")
    return number


def amount_reader(decimal: str) -> Callable[[str], Decimal]:
    """What reads an amount of money, with or without the code of its currency beside it. The reader raises Unfit."""
    number = number_reader(decimal)

    def read(text: str) -> Decimal:
        if text[0].isalpha() or text[-1].isalpha():
            match = _CODE.fullmatch(text)
            before, bare, behind = match.groups() if match else (None, "", None)
            if not bare or (before and behind):
                raise Unfit("money", "is no amount of money", f"an amount such as 12{decimal}30 or 12{decimal}30 CNY")
            amount = Amount(number(bare))
            amount.currency = currency(before or behind or "")
            return amount
        return number(text)

    return read


def money(amount: Decimal, code: str | None) -> Money:
    """An amount in the smallest unit of its currency: of `code`, unless the amount names one. Raises Unfit."""
    named = getattr(amount, "currency", None)
    if named and code and named != code:
        raise Unfit("currency", f"is in {named}, but the row is in {code}", "one currency")
    code = named or code
    if code is None:
        raise Unfit("currency", "has no currency", "a column of currencies, or one for the file in the mapping")
    digits = exponent(code)
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        raise Unfit("money", f"has more decimals than {code} has", f"at most {digits} decimals")
    if abs(minor) > LARGEST:
        raise Unfit("money", "is too large", "an amount below 9 223 372 036 854 775 808 of the smallest unit")
    return Money(int(minor), code)


@lru_cache(maxsize=512)
def currency(text: str) -> str:
    """The code of a currency (ISO 4217). Raises Unfit."""
    try:
        return str(Currency(text.upper()).code)
    except ValueError:
        raise Unfit("currency", "is no currency", "a code of ISO 4217 such as CNY") from None


@lru_cache(maxsize=512)
def exponent(code: str) -> int:
    """How many decimals amounts of a currency have; of gold and its like none are kept."""
    return Currency(code).exponent or 0


def _unsigned(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text.endswith("-"):
        return text[:-1].strip(), True
    return text, False
