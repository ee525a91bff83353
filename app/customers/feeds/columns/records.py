"""A row of a feed that has been checked. Pure.

A field that no column is mapped to keeps its default and is not told by the feed; a mapped one that is empty in the
file is None, or an empty tuple or mapping. They are
made by the million and never in circles, so that the collector of circles need not look at them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec


class Phone(msgspec.Struct, frozen=True, gc=False):
    """A telephone number as the file has it, in E.164 where it is a valid one, and what it is (mobile, home, ...)."""

    raw: str
    e164: str | None = None
    label: str | None = None


class Email(msgspec.Struct, frozen=True, gc=False):
    """An e-mail address."""

    address: str
    label: str | None = None


class Address(msgspec.Struct, frozen=True, gc=False):
    """A postal address; `country` is its ISO 3166 code."""

    label: str
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None


class Consent(msgspec.Struct, frozen=True, gc=False):
    """Whether the customer agreed to be reached on a channel, and when they said so."""

    channel: str
    given: bool
    at: datetime | None = None


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount in the smallest unit of its currency (ISO 4217): 1 yuan is 100."""

    minor: int
    currency: str


class CustomerRow(msgspec.Struct, frozen=True, gc=False):
    """A customer: a person or a company. `manager` is the agent who looks after them, `relationship_manager` whom the
    bank's systems name."""

    external_id: str
    name: str | None = None
    latin_name: str | None = None
    kind: str | None = None
    language: str | None = None
    tier: str | None = None
    manager: str | None = None
    relationship_manager: str | None = None
    birth_date: date | None = None
    household: str | None = None
    company: str | None = None
    segments: tuple[str, ...] | None = None
    active: bool | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    consents: tuple[Consent, ...] = ()
    other_ids: dict[str, str] = {}
    attributes: dict[str, Any] = {}


class HoldingRow(msgspec.Struct, frozen=True, gc=False):
    """Something that a customer has with the bank. `customer` is their external id."""

    external_id: str
    customer: str | None = None
    kind: str | None = None
    product: str | None = None
    name: str | None = None
    number: str | None = None
    status: str | None = None
    opened: date | None = None
    closed: date | None = None
    balance: Money | None = None
    limit: Money | None = None
    attributes: dict[str, Any] = {}


class UsageRow(msgspec.Struct, frozen=True, gc=False):
    """Something that a customer did or that befell their holding. `external_id` is the event's own."""

    external_id: str
    customer: str | None = None
    kind: str | None = None
    at: datetime | None = None
    holding: str | None = None
    channel: str | None = None
    quantity: Decimal | None = None
    amount: Money | None = None
    attributes: dict[str, Any] = {}


class AgreementRow(msgspec.Struct, frozen=True, gc=False):
    """What a contract promises a customer; `response` and `resolution` are in seconds, `counted` always or within the
    service hours. `hours` names business hours; `per` is the period of visits and allowances."""

    external_id: str
    customer: str | None = None
    plan: str | None = None
    title: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    status: str | None = None
    time_zone: str | None = None
    covers: tuple[str, ...] | None = None
    hours: str | None = None
    channels: tuple[str, ...] | None = None
    response: int | None = None
    resolution: int | None = None
    counted: str | None = None
    manager: str | None = None
    per: str | None = None
    visits: int | None = None
    waivers: tuple[str, ...] | None = None
    allowances: dict[str, int] = {}
    attributes: dict[str, Any] = {}


Row = CustomerRow | HoldingRow | UsageRow | AgreementRow
