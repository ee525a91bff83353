"""The 360 view of a customer as it is told. Any part may be unavailable by itself."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from app.api.schemas.common import Input, Instant, Output
from app.api.schemas.customers import (
    CandidateOut,
    CreditBriefOut,
    IdentityOut,
    OpenAlertOut,
    OpenCaseOut,
    OpenContactOut,
    PastContactOut,
    UnavailableOut,
    Why,
)
from app.api.schemas.entitled import EntitledNowOut
from app.customers.masking import Kind


class HeldOut(Output):
    """Something that the customer has at the bank."""

    customer_id: UUID
    kind: str
    source: str
    external_id: str
    name: str | None
    status: str | None
    last_four: str | None
    opened_on: date | None
    closed_on: date | None
    details: dict[str, Any]


class RelatedOut(Output):
    """Somebody whom the customer is tied to; `back`: the other said it of them."""

    customer_id: UUID
    name: str
    kind: str
    back: bool


class IdElsewhereOut(Output):
    """By what id another system knows the customer."""

    system: str
    external_id: str


class EmailBriefOut(Output):
    """An e-mail address."""

    address: str
    kind: str | None


class AddressBriefOut(Output):
    """A postal address."""

    kind: str | None
    lines: str
    city: str | None
    postal_code: str | None
    country: str | None


class ConsentBriefOut(Output):
    """What the customer last said of a channel."""

    channel: str
    given: bool
    origin: str
    at: datetime


class RecordedOut(Output):
    """A recording of one of the last contacts; `href` is where its audio is."""

    id: str
    contact_id: UUID
    started_at: datetime
    seconds: float
    href: str


class NextVisitOut(Output):
    """A field visit that is not over, the next one first: what for (the beginning of it), where, when (null while there
    is no appointment) and who comes."""

    id: UUID
    status: str
    purpose: str
    site: str
    city: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    time_zone: str | None
    engineer: str | None
    engineer_name: str | None
    case_id: UUID | None


class ProfileOut(Output):
    """Everything there is to see of a customer: identity, up to ten alerts, the gravest first, up to five open cases,
    those due first, the last ten contacts newest first, what is open now, the next five field visits, the credit
    standing if there is one, what they are entitled to, how they want to be served and how up to ten of their holdings
    are set up (as sentences by language), what they have, whom they are tied to, how they are reached, what they allow,
    and the recordings of those contacts. Lists end after a hundred. A part that could not be read says why, and the
    others are there."""

    customer: IdentityOut | UnavailableOut | None
    alerts: list[OpenAlertOut] | UnavailableOut
    cases: list[OpenCaseOut] | UnavailableOut
    interactions: list[PastContactOut] | UnavailableOut
    open: list[OpenContactOut] | UnavailableOut
    visits: list[NextVisitOut] | UnavailableOut
    credit: CreditBriefOut | UnavailableOut | None
    entitlement: EntitledNowOut | UnavailableOut | None
    wishes: list[dict[str, str]] | UnavailableOut
    products: list[dict[str, str]] | UnavailableOut
    holdings: list[HeldOut] | UnavailableOut
    ties: list[RelatedOut] | UnavailableOut
    external_ids: list[IdElsewhereOut] | UnavailableOut
    emails: list[EmailBriefOut] | UnavailableOut
    addresses: list[AddressBriefOut] | UnavailableOut
    consents: list[ConsentBriefOut] | UnavailableOut
    recordings: list[RecordedOut] | UnavailableOut
    candidates: list[CandidateOut]


class RevealIn(Input):
    """Which kind of field is to be shown whole, and why. `shown` is what stands in its place for you; without it all
    values of that kind are meant."""

    field: Kind
    shown: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] | None = None
    reason: Why


class RevealedOut(Output):
    """Whole values; that you have seen them is in the audit log."""

    field: Kind
    values: list[str]


class ReadOut(Output):
    """One read of a customer's data. `what` is what was shown, such as profile, record, history or credit; pop is the
    screen pop of a call, socket a profile that was kept open. `contact_id` is for whose sake, `in_hand` that the reader
    was on that contact, `why` the reason that they gave."""

    at: Instant
    who: str
    role: str
    customer_id: UUID
    what: str
    contact_id: UUID | None
    in_hand: bool
    why: str | None


class ReadPage(Output):
    """A page of reads."""

    items: list[ReadOut]
    next: str | None
