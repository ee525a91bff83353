"""Legal holds and erasures as they are asked and told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.api.schemas.common import PRINTABLE, GivenInstant, Input, Instant, Output

Ground = Literal[
    "consent_withdrawn",
    "no_longer_needed",
    "objection",
    "unlawful_processing",
    "legal_obligation",
    "retention_over",
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE),
    Field(description="why; it stays, so name nobody in it: a number of a file says as much"),
]


class ErasureIn(Input):
    """That a customer is to be erased: the legal ground (GDPR article 17 (1), PIPL article 47), and why."""

    ground: Ground
    reason: Reason
    though_open: Annotated[
        bool,
        Field(
            description="also alerts, cases, visits, dues and questions to bureaus that are open; no hold, and no call"
        ),
    ] = False


class ErasureOut(Output):
    """That somebody was erased. Their contacts stay, as those of `subject`, an id of nobody. `counts`: rows by table.
    `finished_at` tells when the last of it was gone (audio, and what came late)."""

    id: UUID
    subject: UUID
    at: Instant
    who: str
    ground: Ground
    reason: str
    counts: dict[str, int]
    finished_at: Instant | None
    lifted_at: Instant | None
    lifted_by: str | None
    lifted_because: str | None


class ErasurePage(Output):
    """A page of erasures."""

    items: list[ErasureOut]
    next: str | None


class LiftIn(Input):
    """Why a hold does not stand any more, or why ids that were erased may be told again."""

    because: Reason


class HoldIn(Input):
    """That nothing of the customer may go: why, and until when (null: until somebody lifts it)."""

    reason: Reason
    until: Annotated[GivenInstant, Field(strict=False)] | None = None


class HoldOut(Output):
    """A legal hold. It stands while it is not lifted and `until` has not come."""

    id: UUID
    customer_id: UUID
    reason: str
    set_by: str
    set_at: Instant
    until: Instant | None
    lifted_at: Instant | None
    lifted_by: str | None
    lifted_because: str | None


class HoldPage(Output):
    """A page of holds."""

    items: list[HoldOut]
    next: str | None
