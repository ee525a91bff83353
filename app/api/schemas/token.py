"""Signing in."""

from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.common import PRINTABLE, Input, Output


class Credentials(Input):
    """Who signs in."""

    login: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    password: Annotated[str, Field(max_length=1024)]


class RefreshRequest(Input):
    """A refresh token, used once."""

    refresh_token: Annotated[str, Field(max_length=200)]


class TokenOut(Output):
    """A pair of tokens. `expires_in` is the life of the access token in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: Literal["Bearer"]


class MeOut(Output):
    """Who the caller is."""

    id: str
    name: str
    role: Literal["agent", "supervisor", "administrator", "integration"]
