"""What a queue does with those whom it does not take, or not for longer."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.api.schemas.common import TEXT, Input, Output, Slug
from app.routing.overflow.rules import Do, When

Told = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=TEXT)]
Limit = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


def _unsaid(value: object) -> bool:
    """What is not said is not stored either: the floor reads a field that is there as a value."""
    return value is None


class OverflowIn(Input):
    """One rule of a queue. `at` is the limit of `length` (contacts), `wait` and `estimated_wait` (seconds)."""

    when: When = Field(strict=False)
    at: Limit | None = Field(default=None, exclude_if=_unsaid, description="reached, not exceeded")
    do: Do = Field(strict=False)
    queue: Slug | None = Field(default=None, exclude_if=_unsaid, description="where to, with `queue`")
    message: Told | None = Field(
        default=None, exclude_if=_unsaid, description="what the platform tells the caller, with `message`, `voicemail`"
    )


class OverflowOut(Output):
    """One rule of a queue."""

    when: When
    at: float | None
    do: Do
    queue: str | None
    message: str | None

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> "OverflowOut":
        """From the record, in which what does not apply is left out."""
        return cls.model_validate(OverflowIn.model_validate(rule))
