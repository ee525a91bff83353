"""Agreements, what contacts were entitled to, and what is due, as they are sent and told."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from pydantic import Field, StringConstraints

from app.api.schemas.common import PRINTABLE, Input, Instant, Name, Output, Slug
from app.api.schemas.customer_parts import Day, Text
from app.api.schemas.customers import Change, Moment
from app.api.schemas.seen import SeenDetails, SeenHolding, SeenNote, SeenPlain
from app.customers.agreements.clauses import TIME, Clause
from app.customers.agreements.queries import Decided
from app.customers.agreements.service import GivenAgreement

YEAR = 366 * 86_400

ClauseId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PRINTABLE),
    Field(description="the clause's number in the contract"),
]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE)]
Duration = Annotated[int, Field(ge=1, le=YEAR, description="seconds")]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Slugs = Annotated[list[Slug], Field(max_length=50)]
Time = Annotated[str, StringConstraints(pattern=TIME)]
Status = Literal["draft", "active", "suspended", "ended"]
DueKind = Literal["response", "resolution", "follow_up", "manager_notice"]
Per = Annotated[Literal["month", "quarter", "year"], Field(description="of the calendar, in the agreement's time zone")]
Counted = Annotated[
    Literal["always", "service_hours"], Field(description="service_hours: only while it is open is time counted")
]


class ClauseIn(Input):
    """What all clauses have: the number and the words of the contract, and which contacts it is about (all of them)."""

    id: ClauseId
    text: Text
    only_channels: Slugs = Field(default_factory=list)
    only_queues: Slugs = Field(default_factory=list)


class OpenIn(Input):
    """Open from a time of day up to, not including, another."""

    opens: Time
    closes: Time


class ServiceHoursIn(ClauseIn):
    """When the customer is served."""

    kind: Literal["service_hours"]
    weekly: Annotated[
        dict[str, Annotated[list[OpenIn], Field(max_length=20)]],
        Field(max_length=7, description="monday to sunday; one that is left out is closed"),
    ]
    closed_on: Annotated[list[Day], Field(max_length=1_000)] = Field(default_factory=list)


class ChannelsIn(ClauseIn):
    """Over which channels the customer is served."""

    kind: Literal["channels"]
    channels: Annotated[list[Slug], Field(min_length=1, max_length=50)]


class ResponseTimeIn(ClauseIn):
    """How soon after a contact began somebody speaks with the customer."""

    kind: Literal["response_time"]
    seconds: Duration
    counted: Counted = "always"


class ResolutionTimeIn(ClauseIn):
    """How soon after a contact began its matter is settled."""

    kind: Literal["resolution_time"]
    seconds: Duration
    counted: Counted = "always"


class FollowUpIn(ClauseIn):
    """How soon after a contact's end the bank comes back to the customer."""

    kind: Literal["follow_up"]
    seconds: Duration
    after: Literal["every", "unanswered"] = "every"


class NamedManagerIn(ClauseIn):
    """Who is told of each contact, and how soon after its end."""

    kind: Literal["named_manager"]
    manager: Name
    seconds: Annotated[int, Field(ge=0, le=YEAR)] = 0


class FieldVisitsIn(ClauseIn):
    """How many visits are included."""

    kind: Literal["field_visits"]
    count: Count
    per: Per


class FeeWaiverIn(ClauseIn):
    """A fee that is not taken: `count` times a period, or always."""

    kind: Literal["fee_waiver"]
    fee: Name
    count: Count | None = None
    per: Per | None = None


class AllowanceIn(ClauseIn):
    """How many of something are included; of `contacts` each answered one uses one up."""

    kind: Literal["allowance"]
    of: Slug
    count: Count
    per: Per


AnyClauseIn = Annotated[
    ServiceHoursIn
    | ChannelsIn
    | ResponseTimeIn
    | ResolutionTimeIn
    | FollowUpIn
    | NamedManagerIn
    | FieldVisitsIn
    | FeeWaiverIn
    | AllowanceIn,
    Field(discriminator="kind"),
]


class AgreementIn(Change):
    """What the customer is promised, from the beginning of `valid_from` to the end of `valid_until` by the clocks of
    `time_zone`. `covers` names kinds of ties to the customer: who has one is covered, too."""

    product: Slug
    name: Name | None = None
    status: Status = "active"
    time_zone: Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)]
    valid_from: Day
    valid_until: Day | None = None
    covers: Slugs = Field(default_factory=list)
    clauses: Annotated[list[AnyClauseIn], Field(max_length=100)]

    def agreement(self) -> GivenAgreement:
        """As the service takes it."""
        clauses = [each.model_dump(mode="json") for each in self.clauses]
        return GivenAgreement(
            product=self.product,
            name=self.name,
            status=self.status,
            time_zone=self.time_zone,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            covers=tuple(self.covers),
            clauses=tuple(msgspec.convert(clauses, list[Clause])),
        )


class AgreementOut(Output):
    """An agreement as it is; `starts_at` and `ends_at` are the instants of its dates. It is on the row of the customer
    `customer_id`: the one that was asked for, or somebody merged into them. One that a feed keeps says which `source`
    knows it by which id, and what else that tells."""

    id: UUID
    customer_id: UUID
    product: str
    name: str | None
    status: str
    time_zone: str
    valid_from: date
    valid_until: date | None
    starts_at: Instant
    ends_at: Instant | None
    covers: list[str]
    clauses: list[SeenDetails]
    source: str | None
    external_id: SeenHolding | None
    details: SeenDetails | None
    updated_at: Instant


class AgreementsOut(Output):
    """All agreements of a customer, the newest first."""

    items: list[AgreementOut]


class AllowanceUseIn(Input):
    """That a visit was made, a fee waived, a thing handed out. The same `reference` counts once."""

    clause: ClauseId
    reference: Reference
    at: Moment | None = None


class AllowanceUseOut(Output):
    """Which of the period that began on `period` the use is, and of how many."""

    number: int
    count: int
    period: date
    within: bool


class DueOut(Output):
    """What is due until `due_at`, after which contact, by which clause; who did it, and in which contact."""

    id: UUID
    kind: str
    due_at: Instant
    customer_id: UUID
    interaction_id: UUID
    agreement_id: UUID
    clause: str = Field(validation_alias="clause_id")
    text: SeenNote = Field(validation_alias="clause_text")
    owner: str | None
    done_at: Instant | None
    done_by: str | None
    done_in: UUID | None
    note: SeenNote | None


class DuePage(Output):
    """A page of what is due, the most urgent first."""

    items: list[DueOut]
    next: str | None


class DoneIn(Input):
    """What is to be said of how it was done."""

    note: Text | None = None


class EntitlementOut(Output):
    """What one agreement said of the contact: whether it covers it, and each of its promises as it stood. `fault` says
    why an agreement could not be read."""

    agreement_id: UUID
    product: str
    covered: bool | None
    promises: list[SeenPlain]
    fault: str | None
    decided_at: Instant


class InteractionEntitlementOut(Output):
    """What was decided of a contact in the commit that recorded it; `covered` is null where no agreement was in force.
    `added` is what the agreements required, each with its clause."""

    covered: bool | None
    agreements: list[EntitlementOut]
    added: list[DueOut]

    @classmethod
    def of(cls, decided: Decided) -> "InteractionEntitlementOut":
        """From the rows."""
        return cls(
            covered=decided.covered,
            agreements=[EntitlementOut.model_validate(each) for each in decided.entitlements],
            added=[DueOut.model_validate(each) for each in decided.added],
        )
