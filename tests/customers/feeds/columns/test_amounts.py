"""Numbers and money as systems write them; what could be read in two ways is read in neither."""

from decimal import Decimal

import pytest

from app.customers.feeds.columns.amounts import amount_reader, currency, money, number_reader, typed_number
from app.customers.feeds.columns.records import Money
from app.customers.feeds.formats.cells import Unfit


@pytest.mark.parametrize(
    ("decimal", "text", "number"),
    [
        (".", "1234.5", "1234.5"),
        (".", "1,234.50", "1234.50"),
        (".", "1 234", "1234"),
        (".", "12'345'678", "12345678"),
        (".", "-7", "-7"),
        (".", "7-", "-7"),
        (".", "(1,234.50)", "-1234.50"),
        (",", "1.234,5", "1234.5"),
        (",", "1234,5", "1234.5"),
        (",", "1\u00a0234,5", "1234.5"),
        (",", "0", "0"),
    ],
)
def test_a_number(decimal: str, text: str, number: str) -> None:
    assert number_reader(decimal)(text) == Decimal(number)


@pytest.mark.parametrize(
    ("decimal", "text"),
    [
        *[
            (".", text)
            for text in ("1,5", "1,23.4", "1,2345", "1.2.3", "1e5", "NaN", "Infinity", "１２", "--1", "(-1)", "x")
        ],
        *[(",", text) for text in ("1,234.5", "1.5", "1.23", "0x10", "1,,2", ",5", "5,", "-", "()")],
        (".", "9" * 31),
    ],
)
def test_what_is_no_number(decimal: str, text: str) -> None:
    with pytest.raises(Unfit, match="is no number") as unfit:
        number_reader(decimal)(text)
    assert f"1234{decimal}50" in unfit.value.accepted


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("12.30", "CNY", 1230),
        ("1,234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("-0.01", "EUR", -1),
        ("CNY 12.30", None, 1230),
        ("12.30 CNY", "CNY", 1230),
        ("12.300", "CNY", 1230),
    ],
)
def test_money_is_kept_in_the_smallest_unit(text: str, code: str | None, minor: int) -> None:
    assert money(amount_reader(".")(text), code) == Money(minor, code or "CNY")


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("12.301", "CNY", "has more decimals than CNY has"),
        ("1.5", "JPY", "has more decimals than JPY has"),
        ("12.30", None, "has no currency"),
        ("12.30 EUR", "CNY", "is in EUR, but the row is in CNY"),
        ("CNY 12.30 CNY", None, "is no amount of money"),
        ("12.30 XQX", None, "is no currency"),
        ("12.30 Yuan", "CNY", "is no"),
        ("99999999999999999999", "CNY", "is too large"),
        ("=1+1", "CNY", "is no number"),
    ],
)
def test_what_is_no_money(text: str, code: str | None, what: str) -> None:
    with pytest.raises(Unfit, match=what):
        money(amount_reader(".")(text), code)


def test_a_currency() -> None:
    assert currency("cny") == "CNY"
    with pytest.raises(Unfit, match="is no currency"):
        currency("RMB")


def test_a_number_of_a_spreadsheet_counts_as_it_shows() -> None:
    assert typed_number(0.1 + 0.2) == Decimal("0.3")
    assert typed_number(12) == typed_number(Decimal(12)) == 12
    for wrong in (True, float("nan"), float("inf"), "1"):
        with pytest.raises(Unfit):
            typed_number(wrong)
