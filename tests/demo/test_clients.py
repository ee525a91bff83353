"""The demo bank's customers."""

from collections import Counter

import phonenumbers
import pytest

from app.demo.bank import TIERS
from app.demo.clients import DemoCustomer, demo_customers


@pytest.fixture(scope="module")
def customers() -> list[DemoCustomer]:
    return demo_customers(2000)


def test_a_longer_list_begins_with_the_shorter_one(customers: list[DemoCustomer]) -> None:
    assert demo_customers(50) == customers[:50]


def test_every_tier_and_both_scripts_are_there(customers: list[DemoCustomer]) -> None:
    tiers = Counter(customer.tier for customer in customers)
    assert set(tiers) == {tier.id for tier in TIERS}
    assert tiers["standard"] > tiers["silver"] > tiers["gold"] > tiers["private"] > 20
    assert {customer.name.isascii() for customer in customers} == {True, False}


def test_numbers_are_valid_and_mean_what_was_written(customers: list[DemoCustomer]) -> None:
    for number in (number for customer in customers for number in customer.numbers):
        parsed = phonenumbers.parse(number.raw, "CN")
        assert phonenumbers.is_valid_number(parsed), number
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number.dialled


def test_some_families_share_a_number_and_nobody_else_does(customers: list[DemoCustomer]) -> None:
    owners = Counter(number.dialled for customer in customers for number in customer.numbers)
    shared = [number for number, count in owners.items() if count > 1]
    assert 10 < len(shared) < 60
    labels = [n.label for c in customers for n in c.numbers if n.dialled in shared]
    assert "home" in labels


def test_ids_are_unique(customers: list[DemoCustomer]) -> None:
    assert len({customer.id for customer in customers}) == len({c.external_id for c in customers}) == 2000
