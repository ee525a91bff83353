"""Wishes of customers as they are sent and told."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.schemas.common import Instant, Output
from app.api.schemas.customers import Change, Moment, Source
from app.customers.preferences.service import Told


class WishKindOut(Output):
    """One kind of wish: what it may be, and how it is called by language."""

    name: str
    kind: str
    title: dict[str, str]
    values: dict[str, dict[str, str]]


class WishKindsOut(Output):
    """Every kind of wish that can be recorded."""

    items: list[WishKindOut]


class WishIn(Change):
    """What the customer wishes, as the kind of the wish has it; when they said it (now, if left out), and which system
    tells of it."""

    value: Annotated[
        Any, Field(description="true, a text, a list, or {time_zone, weekly}: see GET /customer-preferences")
    ]
    at: Moment | None = None
    source: Source | None = None


class WishOut(Output):
    """A wish, in words by language. `overruled` are channels of it that the customer has not consented to (any more):
    there the consent counts. It is on the row of the customer `customer_id`: the one that was asked for, or somebody
    merged into them."""

    customer_id: UUID
    name: str
    value: Any
    said: dict[str, str] | None
    overruled: list[str]
    source: str | None
    at: Instant
    recorded_by: str | None

    @classmethod
    def of(cls, told: Told) -> "WishOut":
        """From the row."""
        own = {name: getattr(told.row, name) for name in cls.model_fields if name != "overruled"}
        return cls(**own, overruled=list(told.overruled))


class WishesOut(Output):
    """All wishes of a customer."""

    items: list[WishOut]


class SummaryOut(Output):
    """What an agent should know before they serve the customer, in sentences; `text` is all of it."""

    language: str
    serving: list[str]
    products: list[str]
    text: str
