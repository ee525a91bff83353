"""Matching and merging customers as it is asked and told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_serializer

from app.api.schemas.common import Input, Instant, Name, Output
from app.api.schemas.customer_parts import Email, ExternalIdIn, Other
from app.api.schemas.customers import Change, CustomerOut, ExternalId, Kind, RawNumber, Why
from app.api.schemas.seen import seen_as
from app.customers import masking
from app.customers.duplicates.scoring import Probe

_REASONS: dict[str, masking.Field] = {
    "same_external_id": "external_id",
    "same_number": "number",
    "same_switchboard": "number",
    "shared_number": "number",
    "same_email": "email",
    "shared_email": "email",
}
"""Of what kind the detail of a reason is; of others it is names and kinds of customers."""


class ProbeIn(Input):
    """What is known of somebody who may be a customer. The more, the surer."""

    name: Name | None = None
    latin_name: Name | None = None
    kind: Kind | None = None
    external_id: ExternalId | None = None
    numbers: Annotated[list[RawNumber], Field(max_length=10)] = Field(default_factory=list)
    emails: Annotated[list[Email], Field(max_length=10)] = Field(default_factory=list)
    external_ids: Annotated[list[ExternalIdIn], Field(max_length=10)] = Field(default_factory=list)

    def probe(self) -> Probe:
        """As the service takes it."""
        return Probe(
            names=tuple(name for name in (self.name, self.latin_name) if name),
            kind=self.kind,
            external_id=self.external_id,
            numbers=tuple(self.numbers),
            emails=tuple(email.lower() for email in self.emails),
            external_ids=tuple((each.system, each.external_id) for each in self.external_ids),
        )


class ReasonOut(Output):
    """One thing that speaks for a match; `weight` (0 to 1; below 0 it speaks against) is what it alone would score."""

    kind: str
    detail: str
    weight: float

    @field_serializer("detail")
    def _seen(self, value: str) -> str:
        """As whoever asks may see it."""
        return seen_as(_REASONS.get(self.kind, "plain"), value)


class MatchOut(Output):
    """A customer who may be meant, how likely that is (0 to 1), and why."""

    customer: CustomerOut
    score: float
    reasons: list[ReasonOut]


class MatchesOut(Output):
    """Who may be meant, the likeliest first. `more`: others have been left out, so ask with more."""

    matches: list[MatchOut]
    more: bool


class MergeIn(Change):
    """Into whom the customer is merged; that one's version, if it was read, as `into_version`."""

    into: Other
    into_version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    though_open: Annotated[bool, Field(description="though both have contacts that have not ended")] = False


class UnmergeIn(Change):
    """That the last merge of the customer is taken back."""


class MergeOut(Output):
    """A merge, and whether it was taken back."""

    id: UUID
    merged_id: UUID
    survivor_id: UUID
    at: Instant
    who: str | None
    why: str | None
    undone_at: Instant | None
    undone_by: str | None
    undone_because: str | None


class MergePage(Output):
    """A page of merges."""

    items: list[MergeOut]
    next: str | None


class ProposalOut(Output):
    """That two customers may be one, and why. Nothing has been merged."""

    id: UUID
    one_id: UUID
    other_id: UUID
    score: float
    reasons: list[ReasonOut]
    status: Literal["open", "dismissed", "merged"]
    found_at: Instant
    decided_at: Instant | None
    decided_by: str | None
    why: str | None


class ProposalPage(Output):
    """A page of proposals."""

    items: list[ProposalOut]
    next: str | None


class DismissIn(Input):
    """Why the two are not one."""

    why: Why | None = None


class SearchIn(Input):
    """Where a search for duplicates goes on: `next` of the one before, null from the beginning; and how many customers
    are looked at."""

    after: Other | None = None
    customers: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class SearchOut(Output):
    """How many pairs were proposed, and where to go on; null: all customers have been looked at."""

    proposed: int
    next: UUID | None
