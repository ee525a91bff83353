"""The audit log as it is told."""

from typing import Annotated, Any

from pydantic import AfterValidator

from app.api.schemas.common import Instant, Output
from app.core.addresses import shown

_URLS = ("command_url", "public_url", "url")


def _as_shown(told: dict[str, Any] | None) -> dict[str, Any] | None:
    # what the log holds stays, also a token that is part of an address
    if told is None:
        return None
    hidden: dict[str, Any] = {name: shown(told[name]) for name in _URLS if isinstance(told.get(name), str)}
    if isinstance(how := told.get("how"), dict):  # of a credit bureau
        hidden["how"] = _as_shown(how)
    return told | hidden


Fields = Annotated[dict[str, Any] | None, AfterValidator(_as_shown)]


class AuditEntryOut(Output):
    """One change: who (null: nobody was signed in), what was done, to what kind of thing and which, what differs."""

    id: int
    at: Instant
    who: str | None
    action: str
    kind: str
    thing: str
    before: Fields
    after: Fields


class AuditPage(Output):
    """A page of the audit log, the newest first."""

    items: list[AuditEntryOut]
    next: str | None
