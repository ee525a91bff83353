"""Accounts and API keys."""

from typing import Annotated, Any, Literal

from pydantic import MISSING, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.api.schemas.common import Input, Instant, Name, Output, Slug
from app.api.schemas.customers import Moment

PersonRole = Literal["agent", "supervisor", "administrator"]
KeySources = Annotated[
    list[Slug],
    Field(
        min_length=1,
        max_length=100,
        description="the sources of which one is named by whatever it writes (403 for others, and for none); null: any",
    ),
]
Password = Annotated[str, Field(max_length=1024, description="8 to 256 characters")]


class UserIn(Input):
    """A new account. `id` is the login."""

    id: Slug
    name: Name
    role: PersonRole
    password: Password


class UserPatch(Input):
    """What to change; what is left out stays."""

    name: Name | MISSING = MISSING
    role: PersonRole | MISSING = MISSING
    active: bool | MISSING = MISSING


class PasswordIn(Input):
    """A new password."""

    password: Password


class OwnPasswordIn(PasswordIn):
    """A new password for oneself, and the present one."""

    present_password: Password


class UserOut(Output):
    """An account."""

    id: str
    name: str
    role: PersonRole
    active: bool
    created_at: Instant


class UserPage(Output):
    """A page of accounts."""

    items: list[UserOut]
    next: str | None


class KeyIn(Input):
    """A new API key; `name` says which system has it, `sources` as which it may feed. With `read_only` it changes
    nothing, and has no sources. It is good until `expires_at`, or until it is revoked."""

    name: Name
    sources: KeySources | None = None
    read_only: bool = False
    expires_at: Moment | None = None

    @field_validator("read_only")
    @classmethod
    def _looks_or_feeds(cls, given: bool, info: ValidationInfo) -> bool:
        if given and info.data.get("sources"):
            raise PydanticCustomError(
                "read_only",
                "is true beside sources, though a key feeds them by writing",
                {"expected": "either read_only or sources"},
            )
        return given

    @field_validator("sources", mode="before")
    @classmethod
    def _some(cls, given: Any) -> Any:
        if given == []:
            raise PydanticCustomError(
                "sources", "names no source", {"expected": "at least one source; null for a key of any"}
            )
        return given


class KeyOut(Output):
    """An API key without its secret part. `sources` are those that it may name; null: any."""

    id: str
    name: str
    sources: list[str] | None
    read_only: bool
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None


class KeyCreated(KeyOut):
    """A new API key; `key` is never shown again."""

    key: str


class KeyPage(Output):
    """A page of API keys."""

    items: list[KeyOut]
    next: str | None
