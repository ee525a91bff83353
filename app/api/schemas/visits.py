"""Field visits as they are sent and told."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_serializer

from app.api.schemas.common import PRINTABLE, Input, Instant, Name, Output
from app.api.schemas.customer_parts import Country, Lines, Other, Text
from app.api.schemas.customers import Label, Moment
from app.api.schemas.seen import SeenAddress, SeenNote, seen_fields
from app.api.schemas.usage import Login
from app.desk.visits.queries import Listed
from app.desk.visits.service import Booking
from app.desk.visits.sites import Site
from app.desk.visits.windows import Window

Status = Literal["requested", "scheduled", "dispatched", "en_route", "on_site", "completed", "cancelled", "no_access"]
Version = Annotated[
    int,
    Field(ge=1, le=2**31 - 1, description="the version that you read; 409 if it has changed. `If-Match` says the same"),
]
Zone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE),
    Field(description="by whose clocks it was agreed, as an IANA name such as Asia/Shanghai"),
]


class WindowIn(Input):
    """When somebody comes: from `starts_at` up to, not including, `ends_at`."""

    starts_at: Moment
    ends_at: Moment
    time_zone: Zone

    def window(self) -> Window:
        """As the service takes it."""
        return Window(self.starts_at, self.ends_at, self.time_zone)


class SiteIn(Input):
    """Where: an address (`lines` at least), or by its `kind` one of the customer's own; without either the only one
    that they have. It is kept as it is now."""

    kind: Label | None = None
    lines: Lines | None = None
    city: Name | None = None
    postal_code: Label | None = None
    country: Country | None = None


class VisitIn(Input):
    """A visit that the customer is to have. Without a `window` it is asked for, and an appointment follows. Of a card
    number in a text only the last four digits are kept."""

    customer_id: Other
    purpose: Text
    site: SiteIn = Field(default_factory=SiteIn)
    window: WindowIn | None = None
    case_id: Other | None = None

    def booking(self) -> Booking:
        """As the service takes it."""
        window = None if self.window is None else self.window.window()
        site = Site(**self.site.model_dump())
        return Booking(purpose=self.purpose, site=site, window=window, case_id=self.case_id)


class VisitActIn(Input):
    """What there is to say about it, and of which version of the visit it is."""

    note: Text | None = None
    version: Version | None = None


class VisitScheduleIn(VisitActIn):
    """The appointment from now on."""

    window: WindowIn


class VisitEngineerIn(VisitActIn):
    """Who goes; null: nobody."""

    engineer: Login | None


class VisitOutcomeIn(Input):
    """What was done, and of which version of the visit that is told."""

    outcome: Text
    version: Version | None = None


class VisitReasonIn(Input):
    """Why the visit is cancelled, and of which version of it."""

    reason: Text
    version: Version | None = None


class VisitNoteIn(Input):
    """Something to write down."""

    note: Text


class SiteOut(Output):
    """Where the visit is."""

    kind: str | None
    lines: SeenAddress
    city: SeenAddress | None
    postal_code: SeenAddress | None
    country: str | None


class VisitOut(Output):
    """A visit. Without an appointment `starts_at`, `ends_at` and `time_zone` are null. `engineer` is an agent,
    `outcome` what came of it once it is over."""

    id: UUID
    customer_id: UUID
    customer_name: str
    case_id: UUID | None
    status: str
    purpose: SeenNote
    site: SiteOut
    starts_at: Instant | None
    ends_at: Instant | None
    time_zone: str | None
    engineer: str | None
    engineer_name: str | None
    outcome: SeenNote | None
    version: int
    booked_at: Instant
    booked_by: str | None
    closed_at: Instant | None

    @classmethod
    def fields_of(cls, listed: Listed) -> dict[str, Any]:
        """The fields, from the record."""
        row, customer, engineer = listed
        own = {key: getattr(row, key) for key in VisitOut.model_fields if hasattr(row, key)}
        site = {key: getattr(row, f"site_{key}") for key in SiteOut.model_fields}
        return {**own, "site": site, "customer_name": customer, "engineer_name": engineer}

    @classmethod
    def of(cls, listed: Listed) -> "VisitOut":
        """From the record."""
        return cls.model_validate(cls.fields_of(listed))


class VisitPage(Output):
    """A page of visits."""

    items: list[VisitOut]
    next: str | None


class VisitUseOut(Output):
    """That a visit used up one of those that an agreement includes: by which clause, which of its period (`number`), of
    how many; null where `fault` says why it could not be counted."""

    agreement_id: UUID
    product: str
    clause_id: str
    text: SeenNote
    number: int | None
    count: int | None
    period: date | None
    fault: str | None


class VisitEntryOut(Output):
    """What was done about a visit, by whom, and how it stood then. `changes` are fields as [before, after],
    `allowances` what agreements counted; `note` is what was written: of one that was booked its purpose, of one that
    was completed what was done."""

    at: Instant
    who: str | None
    act: str
    status: str
    engineer: str | None
    changes: dict[str, list[Any]]
    allowances: list[VisitUseOut]
    note: SeenNote | None

    @field_serializer("changes")
    def _seen(self, value: dict[str, Any]) -> dict[str, Any]:
        """As whoever asks may see them."""
        return seen_fields({}, value)

    @classmethod
    def of(cls, entry: Any) -> "VisitEntryOut":
        """From the record."""
        changes = dict(entry.changes)
        allowances = changes.pop("allowances", [])
        own = {key: getattr(entry, key) for key in ("at", "who", "act", "status", "engineer", "note")}
        return cls.model_validate({**own, "changes": changes, "allowances": allowances})


class VisitEntryPage(Output):
    """A page of what happened to a visit."""

    items: list[VisitEntryOut]
    next: str | None
