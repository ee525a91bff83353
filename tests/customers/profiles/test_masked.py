"""Every part of a profile says what in it is masked, and no card number is whole in any."""

from typing import Any

import msgspec
import pytest

from app.customers.masking import AS_AGENT, BLIND, MASK, Sight
from app.customers.profiles.masked import MASKED, seen
from app.customers.profiles.parts import PARTS

CARD = "4111 1111 1111 1111"
SHORT = f"{MASK}1111"
OURS = "41111111-1111-7111-8111-111111111111"
OPEN = Sight(frozenset())


def told(sight: Sight, part: str, value: Any) -> Any:
    return msgspec.json.decode(seen(sight, part, msgspec.json.encode(value).decode()))


def test_every_part_says_what_in_it_is_masked() -> None:
    assert set(MASKED) == {part.name for part in PARTS}


def test_a_part_that_nobody_has_thought_about_is_not_told() -> None:
    with pytest.raises(KeyError):
        seen(OPEN, "secrets", '[{"pan": "x"}]')


@pytest.mark.parametrize(
    ("part", "value", "shown"),
    [
        ("customer", {"id": OURS, "name": CARD}, {"id": OURS, "name": f"{MASK}1111"}),
        (
            "customer",
            {"latin_name": CARD, "relationship_manager": CARD},
            {"latin_name": SHORT, "relationship_manager": SHORT},
        ),
        ("numbers", [{"raw": "+8613800138000", "label": CARD}], [{"raw": "+8613800138000", "label": f"{MASK}1111"}]),
        ("cases", [{"id": OURS, "subject": CARD}], [{"id": OURS, "subject": f"{MASK}1111"}]),
        ("cases", [{"category": CARD}], [{"category": SHORT}]),
        ("alerts", [{"id": OURS, "title": CARD, "advice": CARD}], [{"id": OURS, "title": SHORT, "advice": SHORT}]),
        ("visits", [{"id": OURS, "purpose": CARD}], [{"id": OURS, "purpose": SHORT}]),
        ("visits", [{"site": CARD, "engineer_name": CARD}], [{"site": SHORT, "engineer_name": SHORT}]),
        ("holdings", [{"name": CARD, "status": CARD}], [{"name": SHORT, "status": SHORT}]),
        (
            "entitlement",
            {"covered": True, "agreements": [{"id": OURS, "promises": [{"text": CARD}]}], "due": [{"text": CARD}]},
            {
                "covered": True,
                "agreements": [{"id": OURS, "promises": [{"text": f"{MASK}1111"}]}],
                "due": [{"text": f"{MASK}1111"}],
            },
        ),
        ("wishes", [{"en": CARD, "zh": "好"}], [{"en": f"{MASK}1111", "zh": "好"}]),
        ("products", [{"en": f"pays from {CARD}"}], [{"en": f"pays from {MASK}1111"}]),
        (
            "ties",
            [{"customer_id": OURS, "name": CARD, "kind": CARD}],
            [{"customer_id": OURS, "name": SHORT, "kind": SHORT}],
        ),
        ("consents", [{"channel": "sms", "origin": CARD}], [{"channel": "sms", "origin": f"{MASK}1111"}]),
    ],
)
def test_a_card_number_is_whole_in_no_part(part: str, value: Any, shown: Any) -> None:
    for sight in (OPEN, AS_AGENT):
        assert told(sight, part, value) == shown


HIDDEN: dict[str, tuple[Any, Any]] = {
    "customer": (
        {"name": "Li", "external_id": "C-778899", "attributes": {"employer": "Bank of Hunan"}},
        {"name": "Li", "external_id": f"{MASK}8899", "attributes": {"employer": f"{MASK}unan"}},
    ),
    "numbers": ([{"raw": "13800138000", "e164": "+8613800138000"}], [{"raw": f"{MASK}8000", "e164": f"{MASK}8000"}]),
    "warnings": (["shouts"], [MASK]),
    "cases": ([{"subject": "lost a ring", "category": "complaint"}], [{"subject": MASK, "category": f"{MASK}aint"}]),
    "interactions": ([{"note": "shouts", "queue": "cards"}], [{"note": MASK, "queue": "cards"}]),
    "visits": (
        [{"purpose": "new lock", "site": "1 Main St", "city": "Yiyang", "engineer_name": "Hu"}],
        [{"purpose": MASK, "site": MASK, "city": MASK, "engineer_name": "Hu"}],
    ),
    "holdings": (
        [{"external_id": "DE-ACC-0001", "name": "Savings", "details": {"iban": "account 12345678901"}}],
        [{"external_id": f"{MASK}0001", "name": f"{MASK}ings", "details": {"iban": f"account {MASK}8901"}}],
    ),
    "external_ids": (
        [{"system": "crm", "external_id": "C-778899"}],
        [{"system": "crm", "external_id": f"{MASK}8899"}],
    ),
    "emails": ([{"address": "wang@bank.example"}], [{"address": f"w{MASK}@bank.example"}]),
    "addresses": (
        [{"lines": "1 Main St", "city": "Yiyang", "postal_code": "413000", "country": "CN"}],
        [{"lines": MASK, "city": MASK, "postal_code": MASK, "country": "CN"}],
    ),
}


@pytest.mark.parametrize("part", HIDDEN)
def test_who_sees_nothing_whole_sees_it_masked_in_every_part_and_who_sees_all_sees_it(part: str) -> None:
    value, masked = HIDDEN[part]
    assert told(BLIND, part, value) == masked
    assert told(OPEN, part, value) == value


def test_agents_do_not_see_by_what_numbers_accounts_are_kept() -> None:
    held = [{"external_id": "DE-ACC-0001", "name": "Savings", "details": {"iban": "account 12345678901"}}]
    [shown] = told(AS_AGENT, "holdings", held)
    assert shown == {
        "external_id": f"{MASK}0001",
        "name": "Savings",
        "details": {"iban": f"account {MASK}8901"},
    }


def test_what_has_nothing_to_mask_is_told_to_everybody() -> None:
    value = [{"id": OURS, "state": "queued", "queue": "cards", "arrived_at": "2026-11-29T05:37:08.123Z"}]
    assert told(BLIND, "open", value) == value
