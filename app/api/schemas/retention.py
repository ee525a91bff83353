"""Policies of retention, and what goes by them, as they are asked and told."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.api.schemas.common import Input, Instant, Output
from app.privacy.policies import Policy


class RetentionPolicyIn(Input):
    """How many days a kind of record is kept; null: for ever. `version`, unless `If-Match` says it."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class RetentionPolicyOut(Output):
    """How long a kind of record is kept: `what` goes after `days` (null: nothing). `least` and `most` are the days that
    are accepted; `version` is 0 where nobody has said anything."""

    kind: str
    what: str
    days: int | None
    least: int
    most: int | None
    version: int
    changed_by: str | None
    changed_at: Instant | None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """From the policy."""
        return cls(
            kind=policy.kind.name,
            what=policy.kind.what,
            days=policy.days,
            least=policy.kind.least,
            most=policy.kind.most,
            version=policy.version,
            changed_by=policy.changed_by,
            changed_at=policy.changed_at,
        )


class RetentionPoliciesOut(Output):
    """The policy of every kind."""

    items: list[RetentionPolicyOut]


class GoingOut(Output):
    """Rows of a table, or of a month of it, that would go; `dropped`: the month as a whole."""

    table: str
    rows: int
    dropped: bool


class RetentionPreviewOut(Output):
    """What would go of a kind: everything from before `cutoff` that no legal hold keeps."""

    kind: str
    days: int
    cutoff: Instant
    going: list[GoingOut]


class RetentionPreviewsOut(Output):
    """What would go of each kind that has a policy."""

    items: list[RetentionPreviewOut]


class RetentionRunOut(Output):
    """What went of a kind at one time: rows, and the months that were dropped as a whole."""

    id: UUID
    at: Instant
    kind: str
    cutoff: Instant
    rows: int
    months: list[str]


class RetentionRunPage(Output):
    """A page of runs."""

    items: list[RetentionRunOut]
    next: str | None
