"""Whole card numbers are found wherever they hide, and nothing else is taken for one."""

from typing import Any

import pytest

from app.customers.cards import card_numbers_in, last_four

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    "value", [CARD, "4111111111111111", "no 4111-1111-1111-1111.", 4111111111111111, 4111111111111111.0]
)
def test_a_card_number_is_found(value: Any) -> None:
    assert list(card_numbers_in({"a": [None, {"b": value}]}, "details")) == ["details.a.1.b"]


def test_a_card_number_that_is_a_name_is_found_and_not_repeated() -> None:
    assert list(card_numbers_in({"a": {CARD: 1}}, "details")) == ["details.a"]


@pytest.mark.parametrize("value", ["4111111111111112", "411111111111", "1" * 30, "", True, 1.5, None, "1111"])
def test_what_is_none_is_left_alone(value: Any) -> None:
    assert list(card_numbers_in(value, "details")) == []


def test_only_the_last_four_digits_are_kept() -> None:
    assert last_four(CARD) == "1111"
    assert last_four("…9876") == "9876"
    assert last_four("12") is None
