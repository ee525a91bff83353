"""Alerts as they are told, and what may be done about them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, field_serializer

from app.api.schemas.common import Input, Instant, Output, Slug
from app.api.schemas.customer_parts import Text
from app.api.schemas.seen import seen_as
from app.api.schemas.supervision import Dialled
from app.api.schemas.usage import Login
from app.customers.usage.alerts import Listed


class AlertNoteIn(Input):
    """What there is to say about it."""

    note: Text | None = None


class AlertOwnerIn(AlertNoteIn):
    """Whose the alert is from now on; null: nobody's."""

    owner: Login | None


class AlertCallbackIn(Input):
    """In which queue the customer waits to be called, and at what number (theirs if left out), through which platform
    (the only one if left out); with `though_unwished` also against a wish of theirs (`call_hours`, `not_at_work`)."""

    queue: Slug
    number: Dialled | None = None
    source: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(default=None)
    though_unwished: bool = False


class AlertOut(Output):
    """That a rule holds for a customer: `count` tells how often news made it hold. `evidence` is what its windows came
    to at `matched_at`, `callback` the contact by which they are called back, `case_id` the case that was opened."""

    id: UUID
    customer_id: UUID
    customer_name: str
    rule: str
    title: str
    advice: str | None
    severity: str
    state: str
    owner: str | None
    opened_at: Instant
    matched_at: Instant
    due_at: Instant
    expires_at: Instant
    closed_at: Instant | None
    count: int
    evidence: dict[str, Any]
    callback: UUID | None
    case_id: UUID | None

    @classmethod
    def of(cls, listed: Listed) -> "AlertOut":
        """From the record."""
        row, title, advice, name = listed
        own = {key: getattr(row, key) for key in cls.model_fields if hasattr(row, key)}
        return cls.model_validate({**own, "rule": row.rule_id, "title": title, "advice": advice, "customer_name": name})


class AlertPage(Output):
    """A page of the work list."""

    items: list[AlertOut]
    next: str | None


class AlertEntryOut(Output):
    """What was done about an alert, by whom (null: by itself), and how it stood then. The note of a callback is the
    contact's id, that of a case opened the case's."""

    at: Instant
    who: str | None
    act: str
    state: str
    owner: str | None
    note: str | None

    @field_serializer("note")
    def _seen(self, value: str | None) -> str | None:
        """As whoever asks may see it."""
        return None if value is None else seen_as("plain" if self.act in ("call_back", "open_case") else "note", value)


class AlertEntryPage(Output):
    """A page of what happened to an alert."""

    items: list[AlertEntryOut]
    next: str | None
