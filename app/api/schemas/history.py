"""The timeline as it is told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import StringConstraints, field_serializer

from app.api.schemas.common import PRINTABLE, Input, Instant, Output
from app.api.schemas.seen import SeenNote, seen_changes, seen_fields, seen_item
from app.customers.masking import Field
from app.history.kinds import CASES, PROMISES, VERSIONS
from app.history.timeline import Entry, Found

_MORE = {
    "contacts": "/api/v1/interactions/{thing}",
    "contact_notes": "/api/v1/interactions/{thing}",
    "promises": "/api/v1/interactions/{thing}",
    "alerts": "/api/v1/alerts/{thing}",
    "cases": "/api/v1/cases/{thing}",
    "visits": "/api/v1/visits/{thing}",
    "versions": "/api/v1/customers/{thing}/versions",
}
"""Where there is more about an entry, by its source."""

_NOTED: dict[str, dict[str, Field]] = {
    **{kind: {"note": "note"} for kind in PROMISES.kinds},
    **{kind: {"subject": "note", "changes": "attribute"} for kind in CASES.kinds},
}
"""What people wrote among the details, by the kind of entry."""


class TimelineEntryOut(Output):
    """Something that happened. `what` says it in a word, as its kind has them; `text` is what somebody wrote, `found`
    where in it the words are that were looked for, as [first, end) in characters (code points); `customer_id` whose it
    was recorded as; `link` where there is more."""

    at: Instant
    kind: str
    id: str
    what: str
    customer_id: UUID | None
    agent: str | None
    channel: str | None
    text: SeenNote | None
    found: list[tuple[int, int]]
    details: dict[str, Any]
    link: str | None

    @field_serializer("details")
    def _seen(self, value: dict[str, Any]) -> dict[str, Any]:
        """As whoever asks may see them: a change as the versions of its part tell it."""
        told = seen_fields(_NOTED.get(self.kind, {}), value)
        if self.kind in VERSIONS.kinds:
            part = self.what
            told |= {"item": seen_item(part, value["item"]), "changes": seen_changes(part, value["changes"])}
        return told

    @classmethod
    def fields_of(cls, entry: Entry) -> dict[str, Any]:
        """From the entry; numbers as ids lose the zeros that put them in order."""
        link = _MORE.get(entry.source)
        return {
            "at": entry.at,
            "kind": entry.kind,
            "id": entry.id.lstrip("0") if entry.id.isdigit() else entry.id,
            "what": entry.what,
            "customer_id": entry.customer_id,
            "agent": entry.agent,
            "channel": entry.channel,
            "text": entry.text,
            "found": list(entry.found),
            "details": entry.details,
            "link": None if link is None else link.format(thing=entry.thing),
        }


class TimelinePage(Output):
    """A page of entries, newest first."""

    items: list[TimelineEntryOut]
    next: str | None


class CustomerFoundOut(Output):
    """Who stands for the customer of an entry now."""

    id: UUID
    name: str


class FoundOut(TimelineEntryOut):
    """An entry in which words were found."""

    customer: CustomerFoundOut | None

    @classmethod
    def of(cls, found: Found) -> "FoundOut":
        """From what was found."""
        who = None
        if found.customer_id is not None and found.customer_name is not None:
            who = CustomerFoundOut(id=found.customer_id, name=found.customer_name)
        return cls(**TimelineEntryOut.fields_of(found.entry), customer=who)


class FoundPage(Output):
    """A page of what was found, newest first."""

    items: list[FoundOut]
    next: str | None


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE)]


class ExportIn(Input):
    """In what form, and why: the reason is kept in the audit log."""

    format: Literal["json", "pdf"]
    reason: Reason
