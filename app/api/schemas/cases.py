"""Cases as they are sent and told."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints, field_serializer

from app.api.schemas.common import PRINTABLE, Input, Instant, Output, Slug
from app.api.schemas.customer_parts import Other, Text
from app.api.schemas.customers import Moment, Version
from app.api.schemas.seen import SeenNote, SeenText, Whole, seen_fields
from app.api.schemas.usage import Login
from app.customers.masking import Field as Masking
from app.desk.cases.models import CaseEntry
from app.desk.cases.opening import ForAlert, NewCase
from app.desk.cases.queries import Listed
from app.desk.cases.queries import Whole as WholeCase

Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Category = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE),
    Field(description="what kind of case it is, in words of the house such as card.lost; no place for names"),
    Whole,
]
Subject = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE), Whole
]
DueAt = Annotated[
    Moment, Field(description="until when; left out: what an agreement of the customer promises, or never")
]

WRITTEN: dict[str, Masking] = {"subject": "note", "description": "note", "resolution": "note", "category": "attribute"}
"""What people wrote among the fields of a case."""


class CaseIn(Input):
    """A case as it is to be, opened from the contact `contact_id`, or following the closed case `follows_id`."""

    customer_id: Other
    subject: Subject
    description: Text | None = None
    category: Category | None = None
    priority: Priority = "normal"
    owner: Login | None = None
    team: Slug | None = None
    due_at: DueAt | MISSING | None = MISSING
    contact_id: Other | None = None
    follows_id: Other | None = None

    def given(self) -> NewCase:
        """As the service takes it."""
        return NewCase(**self.model_dump())


class AlertCaseIn(Input):
    """The case that an alert opens. What is left out the alert tells: its title, its severity, and, where no agreement
    promises anything, until when it is due; the owner is the alert's, else who asks."""

    subject: Subject | None = None
    description: Text | None = None
    category: Category | None = None
    priority: Priority | None = None
    owner: Login | None = None
    team: Slug | None = None
    due_at: DueAt | MISSING | None = MISSING

    def given(self) -> ForAlert:
        """As the service takes it."""
        return ForAlert(**self.model_dump())


class CaseActIn(Input):
    """Of which version it is done, unless `If-Match` says that, and what there is to say about it."""

    version: Version | None = None
    note: Text | None = None


class CaseChangeIn(CaseActIn):
    """What is to be written anew; what is left out stays."""

    category: Category | MISSING | None = MISSING
    subject: Subject | MISSING = MISSING
    description: Text | MISSING | None = MISSING
    priority: Priority | MISSING = MISSING
    due_at: Moment | MISSING | None = MISSING

    def values(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude={"version", "note"})


class CaseOwnerIn(CaseActIn):
    """Whose the case is from now on: a login's, a team's, both, or nobody's."""

    owner: Login | None
    team: Slug | None = None


class CaseSolvedIn(Input):
    """What came of it."""

    version: Version | None = None
    resolution: Text


class CaseNoteIn(Input):
    """What there is to say."""

    text: Text


class CaseContactIn(Input):
    """A contact that is about the case."""

    contact_id: Other


class CaseOut(Output):
    """A case. `customer_id` is whom it was opened for, also when somebody else stands for them now. `due_because` tells
    by what it is due: `hand`, `alert`, or the clause of an agreement."""

    id: UUID
    number: str
    customer_id: UUID
    customer_name: str
    category: SeenText | None
    subject: SeenNote
    description: SeenNote | None
    priority: str
    status: str
    owner: str | None
    team: str | None
    due_at: Instant | None
    due_because: str | None
    overdue: bool
    resolution: SeenNote | None
    contact_id: UUID | None
    alert_id: UUID | None
    follows_id: UUID | None
    opened_at: Instant
    opened_by: str | None
    changed_at: Instant
    solved_at: Instant | None
    closed_at: Instant | None
    version: int

    @classmethod
    def fields_of(cls, listed: Listed, now: datetime) -> dict[str, Any]:
        """The fields, from the record."""
        row, name = listed
        own = {key: getattr(row, key) for key in CaseOut.model_fields if hasattr(row, key)}
        return {**own, "team": row.team_id, "customer_name": name, "overdue": row.is_overdue(now)}

    @classmethod
    def of(cls, listed: Listed, now: datetime) -> "CaseOut":
        """From the record."""
        return cls.model_validate(cls.fields_of(listed, now))


class CasePage(Output):
    """A page of the work list."""

    items: list[CaseOut]
    next: str | None


class CaseContactOut(Output):
    """That a contact is about the case, who said so and when."""

    contact_id: UUID
    at: Instant
    who: str | None


class CaseDetailOut(CaseOut):
    """A case with its contacts and the cases that follow it. What happened to it is at `/entries`."""

    contacts: list[CaseContactOut]
    followed_by: list[UUID]

    @classmethod
    def whole(cls, found: WholeCase, now: datetime) -> "CaseDetailOut":
        """From the record."""
        contacts = [CaseContactOut.model_validate(each) for each in found.contacts]
        more = {"contacts": contacts, "followed_by": list(found.followed_by)}
        return cls.model_validate({**cls.fields_of(found.listed, now), **more})


class CaseEntryOut(Output):
    """What was done about a case, by whom, how it stood then, and what changed: field -> [before, after]."""

    id: int
    at: Instant
    who: str | None
    act: str
    status: str
    text: SeenNote | None
    changes: dict[str, Any]

    @field_serializer("changes")
    def _seen(self, value: dict[str, Any]) -> dict[str, Any]:
        """As whoever asks may see them."""
        return seen_fields(WRITTEN, value)

    @classmethod
    def of(cls, entry: CaseEntry) -> "CaseEntryOut":
        """From the record."""
        return cls.model_validate(entry)


class CaseEntryPage(Output):
    """A page of what happened to a case."""

    items: list[CaseEntryOut]
    next: str | None
