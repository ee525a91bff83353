"""The parts of a profile as a role sees them. Pure; a part in which nothing is to be masked is not taken apart."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.customers.masking import Field, Sight, may_hold_card


class Masked(msgspec.Struct, frozen=True):
    """Which fields of a part are of which kind; "" is an item that is no object. Others are told as they are."""

    kinds: Mapping[str, Field]


MASKED: Mapping[str, Masked] = {
    "customer": Masked({"external_id": "external_id", "attributes": "attribute"}),
    "numbers": Masked({"raw": "number", "e164": "number"}),
    "warnings": Masked({"": "note"}),
    "interactions": Masked({"note": "note"}),
    "holdings": Masked({"external_id": "holding", "name": "attribute", "details": "detail"}),
    "external_ids": Masked({"external_id": "external_id"}),
    "emails": Masked({"address": "email"}),
    "addresses": Masked({"lines": "address", "city": "address", "postal_code": "address"}),
}
"""Of a part that is not named nothing is masked."""


def seen(sight: Sight, part: str, text: str) -> str:
    """A part's JSON as somebody with this sight sees it."""
    masked = MASKED.get(part)
    if masked is None or text in ("[]", "null"):
        return text
    if not (sight.hidden.intersection(masked.kinds.values()) or may_hold_card(text)):
        return text
    value = msgspec.json.decode(text)
    told = _look(sight, masked, value)
    return text if told == value else msgspec.json.encode(told).decode()


def _look(sight: Sight, masked: Masked, value: Any) -> Any:
    if isinstance(value, list):
        return [_look(sight, masked, each) for each in value]
    if isinstance(value, dict):
        return {
            name: sight.look(masked.kinds[name], inner) if name in masked.kinds else inner
            for name, inner in value.items()
        }
    return sight.look(masked.kinds[""], value) if "" in masked.kinds else value
