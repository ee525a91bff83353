"""The part of a profile that says what the customer is entitled to."""

from typing import Any
from uuid import UUID

from app.api.schemas.common import Instant, Output


class EntitledDueOut(Output):
    """Something that is due, in short."""

    id: UUID
    kind: str
    clause: str
    text: str
    owner: str | None
    due_at: Instant


class EntitledOut(Output):
    """What one agreement promises at present, and what of that is used up."""

    id: UUID
    product: str
    name: str | None
    ends_at: Instant | None
    covered: bool
    promises: list[dict[str, Any]]


class EntitledNowOut(Output):
    """What the customer is entitled to at present, and what is due to them; `covered` is null where an agreement could
    not be read."""

    covered: bool | None
    agreements: list[EntitledOut]
    due: list[EntitledDueOut]
