"""How customers want to be served, and how their products are set up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import SOURCE, WHO
from app.db.base import Base


class CustomerPreference(Base):
    """One wish of a customer, by its name in the catalogue (`app.customers.preferences.catalogue`).

    `at` is when it was said, `source` the system that tells of it (null: somebody recorded it by hand). `said` is the
    wish in a few words by language, for the profile that pops; null where it is of no use there.
    """

    __tablename__ = "customer_preferences"
    __table_args__ = (Index("uq_customer_preferences_name", "customer_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    name: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    said: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str | None] = mapped_column(server_default=sql(SOURCE))
    at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    recorded_by: Mapped[str | None] = mapped_column(server_default=sql(WHO))


class Product(Base):
    """Something that holdings can be set up as. `names` are by language, `name` is for every other one. A withdrawn one
    is not given to anybody any more. `version` grows with every change of it or its draft; a writer names the one it
    read."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("(withdrawn_at is null) = (withdrawn_because is null)", name="withdrawal_whole"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    names: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ProductVersion(Base):
    """A version of a product's model (`app.customers.products.model`). Once published it stays as it is: a trigger
    holds that."""

    __tablename__ = "product_versions"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'published', 'retired')", name="state_known"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "(state = 'draft') = (published_at is null) and (state = 'retired') = (retired_at is not null)",
            name="times_fit",
        ),
        Index("uq_product_versions_draft", "product_id", unique=True, postgresql_where=sql("state = 'draft'")),
        Index("uq_product_versions_published", "product_id", unique=True, postgresql_where=sql("state = 'published'")),
    )

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default=sql("'draft'"))
    model: Mapped[dict[str, Any]]
    author: Mapped[str]
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]


class ProductConfiguration(Base):
    """How a holding is set up, by version `number` of its product's model.

    `choices` are what somebody chose, `values` every option that is on or has a value; both were checked against the
    model in the transaction that wrote them. `brief` says it in one sentence by language.
    """

    __tablename__ = "product_configurations"
    __table_args__ = (
        ForeignKeyConstraint(["product_id", "number"], ["product_versions.product_id", "product_versions.number"]),
        Index(None, "product_id", "number", "id"),
        Index(None, "customer_id"),
        Index("uq_product_configurations_holding", "holding_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sql("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    holding_id: Mapped[UUID] = mapped_column(ForeignKey("customer_holdings.id", ondelete="CASCADE"))
    product_id: Mapped[str]
    number: Mapped[int]
    choices: Mapped[dict[str, Any]]
    values: Mapped[dict[str, Any]]
    brief: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_by: Mapped[str | None] = mapped_column(server_default=sql(WHO))
