"""Accounts, refresh tokens, keys and the instance's own secrets."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class User(Base):
    """A person who signs in. `id` is the login name: short, lower case, stable."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('agent', 'supervisor', 'administrator')", name="role_known"),
        CheckConstraint("id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="id_form"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class RefreshToken(Base):
    """One issued refresh token (only its hash). Used once: using it again revokes the whole `family`."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index(None, "user_id"),
        Index(None, "family"),
        Index("ix_refresh_tokens_revoked", "family", postgresql_where=text("revoked_at is not null")),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    family: Mapped[str]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiKey(Base):
    """A key of another system (role integration); only its hash is kept, it is shown once. Of the sources that are
    named by whoever writes it may name those in `sources`; None: any. One that is `read_only` writes nothing at all. It
    is worth nothing from `expires_at` on; None: until it is revoked."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("cardinality(sources) > 0", name="sources_some"),
        CheckConstraint("not read_only or sources is null", name="looks_or_feeds"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    sources: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    read_only: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class InstanceSecret(Base):
    """A secret shared by all processes of one database, such as the key that signs access tokens."""

    __tablename__ = "instance_secrets"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
