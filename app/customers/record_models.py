"""What a customer's record consists of beside the customer's own row: parts that come from several systems.

A part says where it comes from (`source`: the name of the system that feeds it, null where somebody keeps it by hand)
and from when to when it is valid (null: no bound is known).
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
WHY = "NULLIF(current_setting('callfloor.why'::text, true), ''::text)"
"""On whose behalf a transaction works, and why (`app.audit.service`)."""

SOURCE = "NULLIF(current_setting('callfloor.source'::text, true), ''::text)"
"""Which feed a transaction works for; none for people."""

HOLDING_KINDS = ("account", "card", "loan", "fund", "insurance")
ATTRIBUTE_TYPES = ("text", "number", "whole_number", "boolean", "date", "choice")


def _owner() -> Mapped[UUID]:
    return mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)


class CustomerExternalId(Base):
    """By what id another system knows the customer. One system may know one customer by several ids."""

    __tablename__ = "customer_external_ids"

    system: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = _owner()


class CustomerEmail(Base):
    """An e-mail address, in lower case."""

    __tablename__ = "customer_emails"
    __table_args__ = (
        Index(None, "address"),
        Index("uq_customer_emails_address", "customer_id", "address", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    address: Mapped[str]
    kind: Mapped[str | None]
    source: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class CustomerAddress(Base):
    """A postal address; `country` is its ISO 3166 code."""

    __tablename__ = "customer_addresses"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = _owner()
    kind: Mapped[str | None]
    lines: Mapped[str]
    city: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    source: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class CustomerConsent(Base):
    """That the customer has allowed or forbidden a channel. Rows are only added: the latest of a channel counts."""

    __tablename__ = "customer_consents"
    __table_args__ = (Index(None, "customer_id", "channel", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    channel: Mapped[str]
    given: Mapped[bool]
    at: Mapped[datetime]
    origin: Mapped[str]
    recorded_by: Mapped[str | None] = mapped_column(server_default=sql(WHO))


class CustomerTie(Base):
    """That `customer_id` is the `kind` of `other_id`: spouse, employee, owner, household, ..."""

    __tablename__ = "customer_ties"
    __table_args__ = (
        CheckConstraint("customer_id <> other_id", name="two"),
        Index("uq_customer_ties_kind", "customer_id", "other_id", "kind", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    other_id: Mapped[UUID] = _owner()
    kind: Mapped[str]
    source: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class CustomerHolding(Base):
    """Something that the customer has at the bank, as the system `source` tells it. Of a card only `last_four`.
    `created_by` is who told of it first."""

    __tablename__ = "customer_holdings"
    __table_args__ = (
        CheckConstraint(f"kind in {HOLDING_KINDS}", name="kind_known"),
        CheckConstraint("last_four ~ '^[0-9]{4}$'", name="last_four_digits"),
        Index("uq_customer_holdings_external_id", "source", "external_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sql("uuidv7()"))
    customer_id: Mapped[UUID] = _owner()
    kind: Mapped[str]
    source: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str | None]
    status: Mapped[str | None]
    last_four: Mapped[str | None]
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    created_by: Mapped[str | None] = mapped_column(server_default=sql(WHO))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class CustomerNote(Base):
    """What somebody wrote about the customer. A `pinned` one is a warning that whoever serves them sees first, to the
    instant `until`. `changed_by` is who has written it anew last."""

    __tablename__ = "customer_notes"
    __table_args__ = (
        Index(None, "customer_id", "written_at", "id"),
        Index("ix_customer_notes_words", sql("history_words(customer_id, text)"), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sql("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    text: Mapped[str]
    pinned: Mapped[bool] = mapped_column(server_default=sql("false"))
    until: Mapped[datetime | None]
    written_by: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]


class AttributeDefinition(Base):
    """What a free attribute of that name must be. `limits`: minimum, maximum, max_length, choices, as its type has."""

    __tablename__ = "attribute_definitions"
    __table_args__ = (CheckConstraint(f"type in {ATTRIBUTE_TYPES}", name="type_known"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    type: Mapped[str]
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))


class CustomerVersion(Base):
    """One part of one change of a customer, written by triggers (migration 0023) in the change's transaction.

    `part` is the customer's own row or what kind of part, `item` names the part, `changes` maps each field that differs
    to [before, after]. Partitioned by month of `at`.
    """

    __tablename__ = "customer_versions"
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sql("now()"))
    part: Mapped[str]
    item: Mapped[str | None]
    who: Mapped[str | None] = mapped_column(server_default=sql(WHO))
    why: Mapped[str | None] = mapped_column(server_default=sql(WHY))
    changes: Mapped[dict[str, Any]]
