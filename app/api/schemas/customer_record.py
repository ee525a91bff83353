"""The whole record of a customer, and who changed what of it."""

from typing import Any
from uuid import UUID

from pydantic import Field, FieldSerializationInfo, field_serializer

from app.api.schemas.common import Instant, Output
from app.api.schemas.customer_parts import (
    AddressOut,
    ConsentOut,
    CustomerNoteOut,
    EmailOut,
    ExternalIdOut,
    HoldingOut,
    NumberDetailOut,
    TieOut,
)
from app.api.schemas.customers import CustomerOut
from app.api.schemas.seen import SeenNote, seen_changes, seen_item
from app.customers.record.whole import WholeRecord


class PreferenceBriefOut(Output):
    """A wish of the customer."""

    customer_id: UUID
    name: str
    value: Any
    source: str | None
    at: Instant
    recorded_by: str | None


class ConfigurationBriefOut(Output):
    """What a holding is set up as; `brief` says it in one sentence by language."""

    customer_id: UUID
    product: str = Field(validation_alias="product_id")
    number: int
    values: dict[str, Any]
    brief: dict[str, str]
    updated_at: Instant


class RecordOut(Output):
    """The whole record of a customer, with the parts of those merged into them."""

    customer: CustomerOut
    merged: list[UUID]
    numbers: list[NumberDetailOut]
    emails: list[EmailOut]
    addresses: list[AddressOut]
    external_ids: list[ExternalIdOut]
    consents: list[ConsentOut]
    ties: list[TieOut]
    holdings: list[HoldingOut]
    warnings: list[CustomerNoteOut]
    notes: list[CustomerNoteOut]
    preferences: list[PreferenceBriefOut]
    configurations: list[ConfigurationBriefOut]

    @classmethod
    def of(cls, whole: WholeRecord) -> "RecordOut":
        """From the record."""
        parts = {name: getattr(whole, name) for name in cls.model_fields if name != "customer"}
        return cls.model_validate({"customer": CustomerOut.of(whole.record), **parts})


class VersionOut(Output):
    """One part of one change: each field that differs, as [before, after]. Without `who` it was the command line."""

    version: int
    at: Instant
    part: str
    item: str | None
    who: str | None
    why: SeenNote | None
    changes: dict[str, Any]

    @field_serializer("item", "changes")
    def _seen(self, value: Any, field: FieldSerializationInfo) -> Any:
        """As whoever asks may see it."""
        return seen_item(self.part, value) if field.field_name == "item" else seen_changes(self.part, value)


class VersionPage(Output):
    """A page of changes, and how the customer came to be: that ends the last page."""

    items: list[VersionOut]
    created_at: Instant
    created_by: str | None
    created_because: SeenNote | None
    next: str | None
