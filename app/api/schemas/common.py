"""What the schemas share. Outputs have no defaults: clients may rely on every field being there."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
)
from pydantic_core import PydanticCustomError

# What texts must match; `app.api.http.accepted` has each in words.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"
LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
TEXT = r"^[^\x00-\x09\x0b-\x1f\x7f]*$"
NO_NUL = r"^[^\x00]*$"
VISIBLE = "^[!-~]+$"
SYSTEM = "^[a-z0-9][a-z0-9_-]*$"
ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
OPTION = r"^[a-z0-9][A-Za-z0-9._-]{0,99}$"
SCORE = r"^[a-z][a-z0-9_]{0,31}$"
TELEPHONE = r"^[^\x00-\x1f\x7f]*\d[^\x00-\x1f\x7f]*$"
EXTENSION = r"^\d{1,7}$"
DIALLED = r"^[!-~]*\{number\}[!-~]*$"
EMAIL = r"^[^@\s\x00-\x1f\x7f<>\"]+@[^@\s\x00-\x1f\x7f<>\"]+$"
COUNTRY = r"^[A-Z]{2}$"
CURRENCY = r"^[A-Z]{3}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
SPOKEN = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"
COLOUR = r"^#[0-9a-fA-F]{6}$"
POINTER = r"^(/([^~/]|~[01])*)*$"
HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"

Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Level = Annotated[int, Field(ge=1, le=5)]
Levels = Annotated[dict[Slug, Level], Field(max_length=200, description="skill id -> level, 1 to 5")]
Instant = Annotated[datetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""An instant as RFC 3339, told in UTC."""


def _written_out(at: object) -> object:
    if isinstance(at, int | float) or (isinstance(at, str) and _is_number(at)):
        raise ValueError("is a number, which may count seconds or milliseconds, or be a year")
    return at


def _is_number(text: str) -> bool:
    try:
        float(text)  # also with an exponent, as programs write large numbers
    except ValueError:
        return False
    return True


WrittenOut = BeforeValidator(_written_out)
"""Of an instant that is given: it is never guessed from a number."""
GivenInstant = Annotated[AwareDatetime, WrittenOut]
"""An instant that is given, with its offset."""


class Input(BaseModel):
    """Base of what is sent to us. Unknown fields are faults, so that a misspelt one does not pass unseen; types are not
    guessed (`true` is no number). A field of a type that JSON lacks (UUID, datetime) needs `Field(strict=False)`."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Output(BaseModel):
    """Base of what we send; made from rows."""

    model_config = ConfigDict(from_attributes=True)


_URL = TypeAdapter(Annotated[AnyHttpUrl, UrlConstraints(max_length=2000)])


def _without_password(value: str) -> str:
    url = _URL.validate_python(value)
    if url.username or url.password:
        raise PydanticCustomError("url", "holds a name or a password", {"expected": "an address without them"})
    return str(url)


OpenUrl = Annotated[str, AfterValidator(_without_password), Field(max_length=2000)]
"""An http(s) address, without a name or a password. The values of its query are kept, and shown to nobody."""
