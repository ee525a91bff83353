"""Recordings as they are told."""

from uuid import UUID

from pydantic import Field

from app.api.schemas.common import Instant, Output


class PauseOut(Output):
    """A time that is silence in the recording."""

    from_: Instant = Field(validation_alias="from", serialization_alias="from")
    until: Instant


class RecordingOut(Output):
    """A recording of a contact. Second n of the audio is `started_at` + n, pauses included. `retain_until` is null for
    one that stays for ever; once the audio is deleted, `deleted_because` says why, and who did it, if anybody did."""

    id: str
    contact_id: UUID
    queue: str | None = Field(validation_alias="queue_id")
    agents: list[str]
    started_at: Instant
    seconds: float
    pauses: list[PauseOut]
    media_type: str
    bytes: int
    sha256: str
    kept_at: Instant
    retain_until: Instant | None
    deleted_at: Instant | None
    deleted_by: str | None
    deleted_because: str | None


class RecordingPage(Output):
    """All recordings of a contact, in order."""

    items: list[RecordingOut]
