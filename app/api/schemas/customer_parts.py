"""The parts of a customer's record as they are sent and told."""

import re
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.api.schemas.common import (
    ATTRIBUTE,
    COUNTRY,
    EMAIL,
    LINES,
    PRINTABLE,
    SLUG,
    Input,
    Instant,
    Name,
    Output,
    Slug,
    WrittenOut,
)
from app.api.schemas.customers import (
    Attributes,
    Change,
    ExternalId,
    Label,
    Moment,
    SourcedIn,
    Version,
    Why,
)
from app.api.schemas.seen import (
    SeenAddress,
    SeenDetails,
    SeenEmail,
    SeenHolding,
    SeenId,
    SeenNote,
    SeenNumber,
    SeenText,
    Whole,
)
from app.customers.record.attributes import Definition
from app.customers.record.holdings import GivenHolding
from app.customers.record.parts import GivenAddress, GivenConsent, GivenEmail, GivenExternalId, GivenNote, GivenTie

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL),
    Field(description="an address as name@host; kept in lower case"),
    Whole,
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=LINES),
    Whole,
]
Lines = Annotated[Text, Field(description="street and house as they are written there")]
Country = Annotated[str, StringConstraints(pattern=COUNTRY), Field(description="ISO 3166, e.g. CN")]
Other = Annotated[UUID, Field(strict=False)]
Day = Annotated[date, Field(strict=False), WrittenOut]
HoldingKind = Literal["account", "card", "loan", "fund", "insurance"]
AttributeType = Literal["text", "number", "whole_number", "boolean", "date", "choice"]
AttributeName = Annotated[str, StringConstraints(pattern=ATTRIBUTE)]


def _as(kind: type[Any], given: Input) -> Any:
    return kind(**given.model_dump(include=set(kind.__struct_fields__)))


class EmailIn(SourcedIn):
    """An e-mail address and what it is (work, private, ...)."""

    address: Email
    kind: Label | None = None


class EmailsIn(Change):
    """All e-mail addresses that the customer is to have from now on."""

    emails: Annotated[list[EmailIn], Field(max_length=50)]

    def given(self) -> list[GivenEmail]:
        """As the service takes them."""
        return [_as(GivenEmail, each) for each in self.emails]


class AddressIn(SourcedIn):
    """A postal address and what it is (home, work, ...)."""

    lines: Lines
    kind: Label | None = None
    city: Name | None = None
    postal_code: Label | None = None
    country: Country | None = None


class AddressesIn(Change):
    """All postal addresses that the customer is to have from now on."""

    addresses: Annotated[list[AddressIn], Field(max_length=50)]

    def given(self) -> list[GivenAddress]:
        """As the service takes them."""
        return [_as(GivenAddress, each) for each in self.addresses]


class ExternalIdIn(Input):
    """By what id another system knows the customer."""

    system: Slug
    external_id: ExternalId


class ExternalIdsIn(Change):
    """All ids by which other systems are to know the customer from now on."""

    external_ids: Annotated[list[ExternalIdIn], Field(max_length=50)]

    def given(self) -> list[GivenExternalId]:
        """As the service takes them."""
        return [_as(GivenExternalId, each) for each in self.external_ids]


class TieIn(SourcedIn):
    """That the customer is the `kind` of another: spouse, employee, owner, household, ..."""

    other_id: Other
    kind: Slug


class TiesIn(Change):
    """All ties to others that the customer is to have from now on."""

    ties: Annotated[list[TieIn], Field(max_length=200)]

    def given(self) -> list[GivenTie]:
        """As the service takes them."""
        return [_as(GivenTie, each) for each in self.ties]


class ConsentIn(Input):
    """What the customer has said of a channel (voice, sms, email, post, ...), when, and how that is known: the source
    that tells it, or a few words (`branch 12, form 7`)."""

    channel: Slug
    given: bool
    at: Moment
    origin: Name
    why: Why | None = None

    def system(self) -> str | None:
        """The source that is named as origin; what lacks the form of one can be none."""
        return self.origin if re.fullmatch(SLUG, self.origin) else None

    def consent(self) -> GivenConsent:
        """As the service takes it."""
        consent: GivenConsent = _as(GivenConsent, self)
        return consent


class CustomerNoteIn(Input):
    """A note; a `pinned` one is a warning that whoever serves the customer sees first, up to `until`. Of a card
    number in the text only the last four digits are kept."""

    text: Text
    pinned: bool = False
    until: Moment | None = None

    def note(self) -> GivenNote:
        """As the service takes it."""
        note: GivenNote = _as(GivenNote, self)
        return note


class CustomerNoteChange(CustomerNoteIn):
    """What a note is to be from now on, and of which version of the customer that is a change."""

    version: Version | None = None


class HoldingIn(Input):
    """A holding as another system tells it. Of `number` only the last four digits are kept."""

    kind: HoldingKind
    name: Name | None = None
    status: Slug | None = None
    number: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] | None = None
    opened_on: Day | None = None
    closed_on: Day | None = None
    details: Attributes = Field(default_factory=dict)

    def holding(self) -> GivenHolding:
        """As the service takes it."""
        holding: GivenHolding = _as(GivenHolding, self)
        return holding


class LimitsIn(Input):
    """The limits of an attribute, as its type has them."""

    max_length: int | None = None
    minimum: float | int | str | None = None
    maximum: float | int | str | None = None
    choices: list[Annotated[str, StringConstraints(pattern=PRINTABLE)]] | None = None


class AttributeIn(Input):
    """What an attribute must be."""

    title: Name
    type: AttributeType
    limits: LimitsIn = Field(default_factory=LimitsIn)

    def definition(self, name: str) -> Definition:
        """As the service takes it."""
        return Definition(name, self.title, self.type, self.limits.model_dump(exclude_none=True))


class AttributeOut(Output):
    """What an attribute must be; attributes that are not declared may be anything."""

    name: str
    title: str
    type: str
    limits: dict[str, Any]


class AttributePage(Output):
    """A page of declarations."""

    items: list[AttributeOut]
    next: str | None


class SourcedOut(Output):
    """Where a part comes from (null: somebody gave it by hand), from when to when it is valid, and on whose row it is:
    the customer's own or that of somebody merged into them."""

    customer_id: UUID
    source: str | None
    valid_from: Instant | None
    valid_until: Instant | None


class NumberDetailOut(SourcedOut):
    """A telephone number with everything that is kept of it."""

    raw: SeenNumber
    e164: SeenNumber | None
    extension: str | None
    label: str | None
    shared: bool


class EmailOut(SourcedOut):
    """An e-mail address."""

    address: SeenEmail
    kind: str | None


class AddressOut(SourcedOut):
    """A postal address."""

    kind: str | None
    lines: SeenAddress
    city: SeenAddress | None
    postal_code: SeenAddress | None
    country: str | None


class ExternalIdOut(Output):
    """By what id another system knows the customer."""

    customer_id: UUID
    system: str
    external_id: SeenId


class ConsentOut(Output):
    """What the customer has said of a channel."""

    customer_id: UUID
    channel: str
    given: bool
    at: Instant
    origin: str
    recorded_by: str | None


class ConsentPage(Output):
    """A page of what was ever said of channels."""

    items: list[ConsentOut]
    next: str | None


class TieOut(Output):
    """A tie; `back`: it was said of the other, e.g. that they are an employee of this customer."""

    other_id: UUID
    name: str
    kind: str
    back: bool
    source: str | None
    valid_from: Instant | None
    valid_until: Instant | None


class HoldingOut(Output):
    """Something that the customer has at the bank."""

    customer_id: UUID
    kind: str
    source: str
    external_id: SeenHolding
    name: SeenText | None
    status: str | None
    last_four: str | None
    opened_on: date | None
    closed_on: date | None
    details: SeenDetails
    created_by: str | None
    created_at: Instant
    updated_at: Instant


class CustomerNoteOut(Output):
    """A note of a customer."""

    id: UUID
    customer_id: UUID
    text: SeenNote
    pinned: bool
    until: Instant | None
    written_by: str
    written_at: Instant
    changed_by: str | None
    changed_at: Instant | None
