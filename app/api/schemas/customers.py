"""Customers as they are sent and told."""

from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import (
    MISSING,
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.api.schemas.common import EXTENSION, PRINTABLE, Input, Instant, Name, Output, Slug, WrittenOut
from app.api.schemas.seen import SeenAttributes, SeenId, SeenNumber, Whole
from app.customers.masking import MASK
from app.customers.record.finding import CustomerRecord
from app.customers.service import GivenNumber, NewCustomer

ATTRIBUTES_BYTES = 65_536
ATTRIBUTES_DEPTH = 16


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse by name what the records, or a reader of them, could not hold."""
    _look_through(value, ATTRIBUTES_DEPTH)
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise _fault("holds half of a surrogate pair", "whole characters") from error
    if b"\\u0000" in encoded:
        raise _fault("holds a NUL character", "text without it")
    if MASK.encode() in encoded:
        raise _fault("holds a masked value", "whole values")
    if len(encoded) > ATTRIBUTES_BYTES:
        raise _fault("is too large", f"at most {ATTRIBUTES_BYTES} bytes as JSON")
    return value


def _look_through(value: Any, levels: int) -> None:
    if levels < 0:
        raise _fault("is nested too deeply", f"at most {ATTRIBUTES_DEPTH} levels")
    if isinstance(value, float) and not isfinite(value):
        raise _fault("holds a number that JSON has not", "finite numbers")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _look_through(inner, levels - 1)


def _fault(what: str, accepted: str) -> PydanticCustomError:
    return PydanticCustomError("attributes", what, {"expected": accepted})


Attributes = Annotated[dict[str, Any], AfterValidator(_storable), Field(description="free JSON object")]
ExternalId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE), Whole
]
RawNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PRINTABLE), Whole
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50, pattern=PRINTABLE)]
Agent = Annotated[
    Slug, Field(description="the id of the agent who looks after the customer; queues may let a call wait for them")
]
Version = Annotated[
    int,
    Field(ge=1, le=2**31 - 1, description="the version that you read; 409 if it has changed. `If-Match` says the same"),
]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE),
    Field(description="why; kept with the versions of the customer"),
]
Kind = Literal["person", "company"]
Manager = Annotated[Name, Field(description="who looks after the customer, as the bank's other systems name them")]
Segments = Annotated[list[Slug], Field(max_length=50)]
Source = Annotated[Slug, Field(description="the system that this comes from; null: somebody gave it by hand")]
EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The database keeps what lies outside, and then nobody can read the list in which it stands."""
# limits behind a validator are told in the description as `ge` and `le`, which no reader of schemas knows
Moment = Annotated[AwareDatetime, Field(strict=False, ge=EARLIEST, le=LATEST), WrittenOut]
Numbers = Annotated[list["NumberIn"], Field(max_length=50)]


class Change(Input):
    """Base of a change: which version it is of, unless `If-Match` says that, and why."""

    version: Version | None = None
    why: Why | None = None


class SourcedIn(Input):
    """Base of a part: the system that it comes from, and from when to when it is valid (null: no bound is known)."""

    source: Source | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None

    @field_validator("valid_until")
    @classmethod
    def _after_it_begins(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        begins = info.data.get("valid_from")
        if until is not None and begins is not None and until < begins:
            raise PydanticCustomError(
                "validity", "is before valid_from", {"expected": f"{begins.isoformat()} or later"}
            )
        return until


class NumberIn(SourcedIn):
    """A telephone number in any spelling, and what it is (mobile, home, ...). A `shared` one identifies nobody; an
    extension is read from the number where it is not given."""

    raw: RawNumber
    label: Label | None = None
    extension: Annotated[str, StringConstraints(pattern=EXTENSION)] | None = None
    shared: bool = False

    def given(self) -> GivenNumber:
        """As the service takes it."""
        return GivenNumber(**self.model_dump(include=set(GivenNumber.__struct_fields__)))


class NumbersIn(Change):
    """All numbers that the customer is to have from now on."""

    numbers: Numbers


class CustomerIn(Input):
    """A new customer. `external_id` is the id in your own systems; no two customers share one."""

    name: Name
    external_id: ExternalId | None = None
    latin_name: Name | None = None
    tier: Slug | None = None
    language: Slug | None = None
    preferred_agent: Agent | None = None
    kind: Kind = "person"
    relationship_manager: Manager | None = None
    segments: Segments = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)
    numbers: Numbers = Field(default_factory=list)
    source: Source | None = None
    why: Why | None = None

    def new(self) -> NewCustomer:
        """As the service takes it."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name not in ("numbers", "why")}
        given["segments"] = tuple(self.segments)
        return NewCustomer(**given, numbers=tuple(number.given() for number in self.numbers))


class CustomerPatch(Change):
    """What to change; what is left out stays, null clears. `attributes` are replaced as a whole. A provisional customer
    who is known now is made an ordinary one with `provisional`: false. What a `source` tells is changed where its rank
    lets it, as by a feed (409 `fields-kept`)."""

    name: Name | MISSING = MISSING
    external_id: ExternalId | MISSING | None = MISSING
    latin_name: Name | MISSING | None = MISSING
    tier: Slug | MISSING | None = MISSING
    language: Slug | MISSING | None = MISSING
    preferred_agent: Agent | MISSING | None = MISSING
    kind: Kind | MISSING = MISSING
    relationship_manager: Manager | MISSING | None = MISSING
    segments: Segments | MISSING = MISSING
    provisional: Literal[False] | MISSING = MISSING
    attributes: Attributes | MISSING = MISSING
    active: bool | MISSING = MISSING
    source: Source | None = None

    def changes(self) -> dict[str, Any]:
        """The columns to set."""
        given = self.model_dump(exclude_unset=True, exclude={"version", "why", "source"})
        return {"tier_id" if name == "tier" else name: value for name, value in given.items()}


class NumberOut(Output):
    """A number as it was given, and in E.164 if it is one."""

    raw: SeenNumber
    e164: SeenNumber | None
    label: str | None


class CustomerOut(Output):
    """A customer. One that is not active is no longer recognised, but stays in the history; for one that was merged
    speaks `merged_into`. `segments` are as people and feeds tell them, `computed_segments` those that rules give."""

    id: UUID
    external_id: SeenId | None
    name: str
    latin_name: str | None
    tier: str | None
    language: str | None
    preferred_agent: str | None
    kind: str
    relationship_manager: str | None
    segments: list[str]
    computed_segments: list[str]
    provisional: bool
    merged_into: UUID | None
    attributes: SeenAttributes
    active: bool
    version: int
    numbers: list[NumberOut]
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, record: CustomerRecord) -> "CustomerOut":
        """From the record."""
        row = record.customer
        own = {name: getattr(row, name) for name in cls.model_fields if name not in ("tier", "numbers")}
        return cls(**own, tier=row.tier_id, numbers=[NumberOut.model_validate(number) for number in record.numbers])


class CustomerPage(Output):
    """A page of customers."""

    items: list[CustomerOut]
    next: str | None


class TierBriefOut(Output):
    """A customer's tier as an agent sees it."""

    id: str
    name: str
    rank: int
    colour: str


class AgentBriefOut(Output):
    """The agent who looks after a customer."""

    id: str
    name: str


class UnavailableOut(Output):
    """A part of a profile that could not be told, and why; the others are there."""

    unavailable: str


class IdentityOut(Output):
    """Who the customer is, the agent who looks after them, and what was pinned to them as warnings. `segments` are
    those that were told and those that rules give."""

    id: UUID
    external_id: str | None
    name: str
    latin_name: str | None
    tier: TierBriefOut | None
    language: str | None
    agent: AgentBriefOut | None
    attributes: dict[str, Any]
    provisional: bool
    kind: str
    segments: list[str]
    relationship_manager: str | None
    version: int
    numbers: list[NumberOut] | UnavailableOut
    warnings: list[str] | UnavailableOut


class CandidateOut(Output):
    """One of several customers with the same number."""

    id: UUID
    name: str
    tier: str | None
    language: str | None


class PastContactOut(Output):
    """A contact that has ended, in short."""

    id: UUID
    started_at: datetime
    ended_at: datetime
    channel: str
    direction: str
    queue: str | None
    agent: str | None
    outcome: str
    wrap_up_code: str | None
    note: str | None
    talk_seconds: float


class OpenContactOut(Output):
    """A contact that has not ended."""

    id: UUID
    source: str
    call_id: str
    channel: str
    direction: str
    state: str
    queue: str | None
    arrived_at: datetime
    agents: list[str]


class OpenAlertOut(Output):
    """An alert that nobody has finished: `title` says what of, `advice` what to do."""

    id: UUID
    rule: str
    title: str
    advice: str | None
    severity: str
    state: str
    owner: str | None
    opened_at: datetime
    due_at: datetime
    count: int


class OpenCaseOut(Output):
    """A case that is not solved."""

    id: UUID
    number: str
    subject: str
    category: str | None
    priority: str
    status: str
    owner: str | None
    team: str | None
    opened_at: datetime
    due_at: datetime | None


class CreditBriefOut(Output):
    """Credit standing as a bureau answered last; how old that was when the profile was made, and whether it had
    expired."""

    standing: str | None
    source: str
    answered_at: datetime
    age_seconds: float
    expired: bool
