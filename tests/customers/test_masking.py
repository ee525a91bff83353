"""What stands in place of what is not to be seen."""

from typing import Any

import pytest

from app.customers.masking import AS_AGENT, BLIND, KINDS, MASK, PEOPLE, USUAL, Sight, policy, tail, without_cards

OPEN = Sight(frozenset())


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("4111111111111111", "1111"),
        ("4111-1111-1111-1111", "1111"),
        ("6222 0212 3456 7890 128", "0128"),
        ("378282246310005", "0005"),
        ("30569309025904", "5904"),
    ],
)
def test_a_card_number_in_a_text_shows_its_last_four(value: str, masked: str) -> None:
    assert without_cards(f"paid with {value}, thanks") == f"paid with {MASK}{masked}, thanks"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4111111111111111.", f"{MASK}1111."),
        ("4111 1111 1111 1111 12/29", f"{MASK}1111 12/29"),
        ("4111 1111 1111 1111 123", f"{MASK}1111 123"),
        ("卡号４１１１１１１１１１１１１１１１", f"卡号{MASK}１１１１"),
    ],
)
def test_a_card_number_is_found_whatever_follows_and_in_any_digits(text: str, shown: str) -> None:
    assert without_cards(text) == shown


@pytest.mark.parametrize(
    "value",
    ["+8613800138000", "008613800138000", "1700000000000", "4111111111111112", "order 12345", "0.4111111111111111"],
)
def test_other_digits_stay(value: str) -> None:
    assert without_cards(value) == value


@pytest.mark.parametrize(
    ("value", "shown"), [("1234", MASK), ("12345", f"{MASK}2345"), ("", MASK), ("A-1b-2c", f"{MASK}1b2c")]
)
def test_of_what_is_short_nothing_is_shown(value: str, shown: str) -> None:
    assert tail(value) == shown


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("email", "wang@bank.cn", f"w{MASK}@bank.cn"),
        ("number", "+8613800138000", f"{MASK}8000"),
        ("address", "1 Main St", MASK),
        ("note", "angry", MASK),
    ],
)
def test_each_kind_has_a_form(kind: Any, value: str, shown: str) -> None:
    assert BLIND.show(kind, value) == shown
    assert OPEN.show(kind, value) == value


def test_json_is_looked_through() -> None:
    card = 4111111111111111
    value = {"a": [card, float(card), "4111111111111111", 7, True, None, 1.5], "4111111111111111": {"b": "x"}}
    assert OPEN.look("attribute", value) == {
        "a": [f"{MASK}1111", f"{MASK}1111", f"{MASK}1111", 7, True, None, 1.5],
        f"{MASK}1111": {"b": "x"},
    }


def test_of_numbers_that_are_hidden_the_last_digits_are_shown_and_what_is_none_stays() -> None:
    value = [12345.0, 1234.5, 123456, 7, True, None]
    assert BLIND.look("attribute", value) == [f"{MASK}2345", f"{MASK}2345", f"{MASK}3456", MASK, True, None]


def test_long_numbers_in_details_are_hidden_where_ids_of_holdings_are() -> None:
    text = "account 12345678901, branch 4411"
    assert AS_AGENT.show("detail", text) == f"account {MASK}8901, branch 4411"
    assert OPEN.show("detail", f"{text}, card 4111111111111111") == f"{text}, card {MASK}1111"


def test_an_id_of_our_own_that_looks_like_a_card_by_chance_is_shown() -> None:
    looks_like_one = "41111111-1111-4107-8abc-111111111111"
    assert without_cards(looks_like_one) != looks_like_one
    assert BLIND.show("plain", looks_like_one) == looks_like_one
    assert BLIND.show("plain", "4111111111111111") == f"{MASK}1111"


def test_a_telephone_number_is_whole_even_if_its_digits_are_those_of_a_card() -> None:
    assert OPEN.show("number", "4111111111111111") == "4111111111111111"


def test_unless_a_house_says_otherwise_people_see_all_but_ids_of_holdings_and_may_reveal_everything() -> None:
    assert {role: USUAL.sight(role).hidden for role in ("agent", "supervisor", "administrator", "integration")} == {
        "agent": {"holding"}, "supervisor": {"holding"}, "administrator": {"holding"}, "integration": set(),
    }  # fmt: skip
    assert set(USUAL.sight("stranger").hidden) == set(KINDS)
    assert all(USUAL.reveal[kind] == PEOPLE for kind in KINDS)


def test_a_house_says_of_some_kinds_who_sees_and_who_reveals_them_and_the_rest_stays_usual() -> None:
    own = policy({"note": frozenset({"supervisor"})}, {"holding": frozenset({"supervisor"})})
    assert own.sight("agent").hidden == {"holding", "note"}
    assert own.sight("supervisor").hidden == {"holding"}
    assert own.reveal["holding"] == {"supervisor"}
    assert own.reveal["note"] == PEOPLE
