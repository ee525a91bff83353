"""Fields of customers that are told as whoever asks may see them. The masking is part of the field's type, so that no
endpoint can forget it; where nobody is known to ask, everything is masked."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Annotated, Any

from pydantic import AfterValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from app.customers.masking import BLIND, MASK, Field, Kind, Sight, without_cards

SIGHT: ContextVar[Sight] = ContextVar("sight", default=BLIND)
"""What the one who asks may see; set as soon as they are known."""


def _seen(kind: Field) -> PlainSerializer:
    def tell(value: Any) -> Any:
        return SIGHT.get().look(kind, value)

    return PlainSerializer(tell, return_type=str)


def _looked_through(kind: Field) -> PlainSerializer:
    def tell(value: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = SIGHT.get().look(kind, value)
        return told

    return PlainSerializer(tell)


SeenNumber = Annotated[str, _seen("number")]
SeenEmail = Annotated[str, _seen("email")]
SeenAddress = Annotated[str, _seen("address")]
SeenId = Annotated[str, _seen("external_id")]
SeenHolding = Annotated[str, _seen("holding")]
SeenNote = Annotated[str, _seen("note")]
SeenText = Annotated[str, _seen("attribute")]
SeenPlainText = Annotated[str, _seen("plain")]
SeenAttributes = Annotated[dict[str, Any], _looked_through("attribute")]
SeenDetails = Annotated[dict[str, Any], _looked_through("detail")]
SeenPlain = Annotated[dict[str, Any], _looked_through("plain")]
SeenData = Annotated[dict[str, Any], _looked_through("note")]


def _decided(value: dict[str, Any]) -> dict[str, Any]:
    return {name: SIGHT.get().look(_kind_of_evidence(name), inner) for name, inner in value.items()}


def _kind_of_evidence(name: str) -> Field:
    if name == "reason":  # of an override; of rules there are names of variables and uses of functions
        return "note"
    return "attribute" if name.partition(".")[0] == "attributes" else "plain"


SeenEvidence = Annotated[dict[str, Any], PlainSerializer(_decided)]
"""The values by which rules or an override decided about a customer, by what they are of."""

_OF_PARTS: dict[str, dict[str, Field]] = {
    "customer": {"external_id": "external_id"},
    "number": {"raw": "number", "e164": "number"},
    "email": {"address": "email"},
    "address": {"lines": "address", "city": "address", "postal_code": "address"},
    "external_id": {"external_id": "external_id"},
    "holding": {"external_id": "holding", "details": "detail"},
    "note": {"text": "note"},
    "agreement": {"external_id": "holding", "details": "detail", "clauses": "detail"},
}
_ITEMS: dict[str, Kind] = {
    "number": "number",
    "email": "email",
    "address": "address",
    "external_id": "external_id",
    "holding": "holding",
}


def seen_as(kind: Field, value: str) -> str:
    """A value of this kind as whoever asks may see it."""
    return SIGHT.get().show(kind, value)


def seen_fields(kinds: Mapping[str, Field], value: dict[str, Any], other: Field = "plain") -> dict[str, Any]:
    """Fields of these kinds, and those that are of the `other` one, as whoever asks may see them."""
    sight = SIGHT.get()
    return {without_cards(name): sight.look(kinds.get(name, other), inner) for name, inner in value.items()}


def seen_changes(part: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What a version says of the fields of a part, as whoever asks may see it."""
    kinds, sight = _OF_PARTS.get(part, {}), SIGHT.get()
    return {name: sight.look(kinds.get(name, "attribute"), value) for name, value in changes.items()}


def seen_item(part: str, item: str | None) -> str | None:
    """The name of the item that a version is about, as whoever asks may see it."""
    return item if item is None else SIGHT.get().show(_ITEMS.get(part, "attribute"), item)


def _whole(value: str) -> str:
    if MASK in value:
        raise PydanticCustomError("masked", "is masked", {"expected": "the whole value; what you leave out stays"})
    return value


Whole = AfterValidator(_whole)
"""Of what is written: a masked value that was read must not replace the real one."""
