"""The audit log as it is told."""

from typing import Any

from app.api.schemas.common import Instant, Output


class AuditEntryOut(Output):
    """One change: who (null: nobody was signed in), what was done, to what kind of thing and which, what differs."""

    id: int
    at: Instant
    who: str | None
    action: str
    kind: str
    thing: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(Output):
    """A page of the audit log, the newest first."""

    items: list[AuditEntryOut]
    next: str | None
