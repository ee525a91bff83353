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
        ("numbers", [{"raw": "+8613800138000", "label": CARD}], [{"raw": "+8613800138000", "label": f"{MASK}1111"}]),
        ("cases", [{"id": OURS, "subject": CARD}], [{"id": OURS, "subject": f"{MASK}1111"}]),
        ("alerts", [{"id": OURS, "advice": CARD}], [{"id": OURS, "advice": f"{MASK}1111"}]),
        ("visits", [{"id": OURS, "purpose": CARD}], [{"id": OURS, "purpose": SHORT}]),
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
        ("ties", [{"customer_id": OURS, "name": CARD}], [{"customer_id": OURS, "name": f"{MASK}1111"}]),
        ("consents", [{"channel": "sms", "origin": CARD}], [{"channel": "sms", "origin": f"{MASK}1111"}]),
    ],
)
def test_a_card_number_is_whole_in_no_part(part: str, value: Any, shown: Any) -> None:
    for sight in (OPEN, AS_AGENT):
        assert told(sight, part, value) == shown


def test_what_has_nothing_to_mask_is_told_to_everybody() -> None:
    value = [{"id": OURS, "state": "queued", "queue": "cards", "arrived_at": "2026-11-29T05:37:08.123Z"}]
    assert told(BLIND, "open", value) == value
