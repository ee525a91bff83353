"""The parts of a profile as a role sees them. Pure; a part in which nothing is to be masked is not taken apart."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.customers.masking import Field, Sight, may_hold_card


class Masked(msgspec.Struct, frozen=True):
    """Which fields of a part are of which kind; "" is an item that is no object, "*" each field that is not named.
    Others are told as they are: ids of ours, instants, and words of our own."""

    kinds: Mapping[str, Field]


MASKED: Mapping[str, Masked] = {
    "customer": Masked(
        {
            "external_id": "external_id",
            "name": "plain",
            "latin_name": "plain",
            "attributes": "attribute",
            "relationship_manager": "plain",
        }
    ),
    "numbers": Masked({"raw": "number", "e164": "number", "label": "plain"}),
    "warnings": Masked({"": "note"}),
    "alerts": Masked({"title": "plain", "advice": "plain"}),
    "cases": Masked({"subject": "note", "category": "attribute"}),
    "interactions": Masked({"note": "note"}),
    "open": Masked({}),
    "visits": Masked({"purpose": "note", "site": "address", "city": "address", "engineer_name": "plain"}),
    "credit": Masked({}),
    "entitlement": Masked({"agreements": "plain", "due": "plain"}),
    "wishes": Masked({"*": "plain"}),
    "products": Masked({"*": "plain"}),
    "holdings": Masked({"external_id": "holding", "name": "attribute", "status": "plain", "details": "detail"}),
    "ties": Masked({"name": "plain", "kind": "plain"}),
    "external_ids": Masked({"external_id": "external_id"}),
    "emails": Masked({"address": "email"}),
    "addresses": Masked({"lines": "address", "city": "address", "postal_code": "address"}),
    "consents": Masked({"origin": "plain"}),
    "recordings": Masked({}),
}
"""Every part, by its name; one in which there is nothing to mask says so."""


def seen(sight: Sight, part: str, text: str) -> str:
    """A part's JSON as somebody with this sight sees it. Raises KeyError for a part that nobody has thought about."""
    masked = MASKED[part]
    if not masked.kinds or text in ("[]", "null"):
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
        kinds = masked.kinds
        of = {name: kinds.get(name, kinds.get("*")) for name in value}
        return {name: inner if (kind := of[name]) is None else sight.look(kind, inner) for name, inner in value.items()}
    return sight.look(masked.kinds[""], value) if "" in masked.kinds else value
