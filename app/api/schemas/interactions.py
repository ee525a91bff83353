"""The history as it is told."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from app.api.schemas.common import NO_NUL, Input, Instant, Output
from app.api.schemas.seen import SeenData, SeenNote, SeenNumber
from app.interactions.queries import InteractionRecord

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=NO_NUL)]


class NoteIn(Input):
    """A note to be added to a contact's timeline; it cannot be changed afterwards."""

    text: Note


class EntryOut(Output):
    """Something that happened in a contact, or was added to it."""

    id: int
    at: Instant
    kind: str
    data: SeenData


class InteractionOut(Output):
    """A contact that has ended. Seconds are sums over its legs; each leg has its own."""

    id: UUID
    started_at: Instant
    ended_at: Instant
    channel: str
    direction: str
    source: str = Field(validation_alias="source_id")
    call_id: str
    from_: SeenNumber | None = Field(validation_alias="from_raw", serialization_alias="from")
    to: SeenNumber | None = Field(validation_alias="to_raw")
    customer_id: UUID | None
    tier: str | None = Field(validation_alias="tier_id")
    queue: str | None = Field(validation_alias="queue_id")
    agent: str | None = Field(validation_alias="agent_id")
    outcome: str
    cause: str | None
    wait_seconds: float
    talk_seconds: float
    hold_seconds: float
    wrap_up_seconds: float
    wrap_up_code: str | None
    note: SeenNote | None
    legs: list[Any]


class InteractionPage(Output):
    """A page of contacts, newest first."""

    items: list[InteractionOut]
    next: str | None


class InteractionDetailOut(Output):
    """A contact with everything that happened in it, in order."""

    interaction: InteractionOut
    timeline: list[EntryOut]

    @classmethod
    def of(cls, record: InteractionRecord) -> "InteractionDetailOut":
        """From the record."""
        return cls(
            interaction=InteractionOut.model_validate(record.interaction),
            timeline=[EntryOut.model_validate(entry) for entry in record.timeline],
        )
