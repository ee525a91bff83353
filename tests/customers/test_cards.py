"""Whole card numbers are found wherever they hide, and nothing else is taken for one."""

from typing import Any

import pytest

from app.customers.cards import card_numbers_in, card_spans, is_issued, last_four, without_card_numbers

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    "value",
    [CARD, "4111111111111111", "no 4111-1111-1111-1111.", 4111111111111111, 4111111111111111.0, "4222222222222"],
)
def test_a_card_number_is_found(value: Any) -> None:
    assert list(card_numbers_in({"a": [None, {"b": value}]}, "details")) == ["details.a.1.b"]


def test_a_card_number_that_is_a_name_is_found_and_not_repeated() -> None:
    assert list(card_numbers_in({"a": {CARD: CARD}}, "details")) == ["details.a"]


@pytest.mark.parametrize(
    "value", ["4111111111111112", "411111111111", "18 1111 1111 1111", "1" * 30, "0" * 20, "", True, 1.5, None, "1111"]
)
def test_what_is_none_is_left_alone(value: Any) -> None:
    assert list(card_numbers_in(value, "details")) == []


def test_only_the_last_four_digits_are_kept() -> None:
    assert last_four(CARD) == "1111"
    assert last_four("…9876") == "9876"
    assert last_four("12") is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"card {CARD}, valid", "card …1111, valid"),
        ("4111111111111111/5555-5555-5555-4444", "…1111/…4444"),
        ("4111 1111 1111 1111 5555 5555 5555 4444", "…1111 …4444"),
        ("+4111111111111111", "+…1111"),
        ("0.4111 1111 1111 1111", "0.…1111"),
        ("4111 1111 1111 1111 12/27 cvv 123", "…1111 12/27 cvv 123"),
        ("4111111111111111 123", "…1111 123"),
        ("call 2 4111111111111111", "call 2 …1111"),
        ("６２２２０２１２３４５６７８９０１２８", "…0128"),
        ("amex 378282246310005", "amex …0005"),
    ],
)
def test_of_a_card_number_in_a_text_four_digits_are_kept(text: str, kept: str) -> None:
    assert without_card_numbers(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "+49 1511 2345 678",
        "+621234567890128",
        "+378282246310005",
        "0086 138 0013 8000",
        "4111111111111112",
        "DE02 1203 0000 0000 2020 51",
        "610101199003071236",
        "610101199003070079",
        "1700000000000 2026-11-29 10:00",
        "0.4111111111111111",
        "1" * 40,
        "",
    ],
)
def test_telephone_identity_and_account_numbers_in_a_text_stay(text: str) -> None:
    assert without_card_numbers(text) == text


def test_of_digits_in_groups_each_is_judged_with_as_many_as_a_card_has_and_no_more() -> None:
    judged: list[str] = []

    def keep(digits: str) -> bool:
        judged.append(digits)
        return False

    assert list(card_spans("1 2" * 1000, keep)) == []
    assert {len(digits) for digits in judged} == set(range(13, 20))
    assert len(judged) <= 7 * 2000


def test_a_text_full_of_card_numbers_keeps_what_stands_between() -> None:
    assert without_card_numbers(f"a {CARD}, {CARD} b {CARD}" * 2) == "a …1111, …1111 b …1111" * 2


def test_an_account_whose_number_passes_the_check_digit_by_chance_is_no_card() -> None:
    assert list(card_numbers_in({"iban": "1234567812345670"}, "details", is_issued)) == []
    assert list(card_numbers_in({"iban": "1234567812345670"}, "details")) == ["details.iban"]
