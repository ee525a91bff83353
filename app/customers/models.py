"""Customers: who they are, how they are classed, by which numbers they are known, how they prove who they are."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers import agreement_models as agreement_models  # so that whoever loads this file knows all tables
from app.customers import erased_models as erased_models
from app.customers import feed_models as feed_models
from app.customers import merge_models as merge_models
from app.customers import segment_models as segment_models
from app.customers import serving_models as serving_models
from app.customers.record_models import SOURCE, WHO, WHY
from app.db.base import Base


class Tier(Base):
    """A class of customers. `bonus_seconds` is how much earlier than they did they are taken to have arrived."""

    __tablename__ = "tiers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    rank: Mapped[int]
    bonus_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    colour: Mapped[str] = mapped_column(server_default=text("'#888888'"))


class Customer(Base):
    """One customer, a person or a company. `version` grows with every change of the record, its parts included; a
    writer names the one it read.

    `external_id` is the id in the leading system of the bank, other systems' ids are `CustomerExternalId`.
    `preferred_agent` looks after the customer on the telephone, `relationship_manager` is whom the bank's own systems
    name, who need not be an agent. A `provisional` customer is a number that has called and belongs to nobody known.
    Who made the row, and why, are its own columns: that costs a bulk load nothing. `merged_into` is who stands for a
    customer that has been merged. `source` is the feed that made the row, `origins` (written by a trigger) names the
    fields that somebody else has set since, each with who: another source, or `hand`. `segments` are told by people and
    feeds, `computed_segments` given by rules (`app.customers.segments`).
    `search` is what the names are found by; null while that is still to be made. `fed` tells whether the row is as its
    source's feed wrote it last: a hash of what the feed said, mixed with the version that it made. That `tier_id` is a
    tier is checked by triggers, once a statement where rows are new; its key is not enforced.
    """

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("kind in ('person', 'company')", name="kind_known"),
        CheckConstraint("merged_into <> id", name="not_into_itself"),
        Index("ix_customers_merged_into", "merged_into", postgresql_where=text("merged_into is not null")),
        Index("ix_customers_provisional", "id", postgresql_where=text("provisional")),
        Index("ix_customers_inactive", "id", postgresql_where=text("not active")),
        Index("ix_customers_search", "search", postgresql_using="gin", postgresql_where=text("search is not null")),
        Index(
            "ix_customers_computed_segments",
            "computed_segments",
            postgresql_using="gin",
            postgresql_where=text("computed_segments <> '{}'"),
        ),
        Index("ix_customers_unnamed", "id", postgresql_where=text("search is null")),
        Index("ix_customers_preferred_agent", "preferred_agent", postgresql_where=text("preferred_agent is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    external_id: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    latin_name: Mapped[str | None]
    tier_id: Mapped[str | None] = mapped_column(ForeignKey("tiers.id"))
    language: Mapped[str | None]
    preferred_agent: Mapped[str | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    search: Mapped[list[str] | None] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    kind: Mapped[str] = mapped_column(server_default=text("'person'"))
    relationship_manager: Mapped[str | None]
    segments: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    computed_segments: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str | None] = mapped_column(server_default=text(SOURCE))
    origins: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    fed: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    created_because: Mapped[str | None] = mapped_column(server_default=text(WHY))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CustomerNumber(Base):
    """A telephone number of a customer: as it was given (`raw`) and, where it is a valid one, in E.164, by which it is
    found then; others are found by `raw`. `label` is its kind (mobile, home, ...). A `shared` one is known to be
    answered by others, too: it identifies nobody."""

    __tablename__ = "customer_numbers"
    __table_args__ = (
        Index(None, "e164"),
        Index(None, "raw", postgresql_where=text("e164 is null")),
        Index("uq_customer_numbers_raw", "customer_id", "raw", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    raw: Mapped[str]
    e164: Mapped[str | None]
    label: Mapped[str | None]
    extension: Mapped[str | None]
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    source: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class CustomerIdentifier(Base):
    """An id or card number of a customer. It is found by a keyed hash of it (`digest`) and shown by its last digits
    (`ending`); the number itself is not kept."""

    __tablename__ = "customer_identifiers"
    __table_args__ = (
        CheckConstraint("kind in ('id_number', 'card_number')", name="kind_known"),
        Index("uq_customer_identifiers_digest", "kind", "digest", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    ending: Mapped[str]


class CustomerPin(Base):
    """The hash of a customer's telephone PIN. A table of its own, so that nothing reads it by the way."""

    __tablename__ = "customer_pins"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str]
    set_at: Mapped[datetime]


class PinAttempts(Base):
    """Attempts at a PIN that have not succeeded: of a customer, or (so that the answer does not tell who is a customer)
    of a number that nobody has. `locks` is how often it has been locked since the last success."""

    __tablename__ = "pin_attempts"
    __table_args__ = (Index(None, "last_at"),)

    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locks: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    last_at: Mapped[datetime]
