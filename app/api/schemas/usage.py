"""Usage events and the rules about them, as they are sent and told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints, field_serializer

from app.api.schemas.common import PRINTABLE, Input, Instant, Name, Output, Slug
from app.api.schemas.customer_parts import Text
from app.api.schemas.customers import Version
from app.api.schemas.seen import SeenPlainText, seen_fields
from app.customers import masking

Severity = Literal["low", "medium", "high", "critical"]
Condition = Annotated[
    str,
    StringConstraints(max_length=1_000),
    Field(
        description="CEL over windows: count, sum, average, least, most, last, trend and absent of a kind of event and "
        "a window, such as count('login.failed', '1h') >= 3; and customer.tier, .kind, .language, .segments"
    ),
]
Login = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
Wait = Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)]


_DETAILS: dict[str, masking.Field] = {"holding": "holding", "amount": "plain", "quantity": "plain"}
"""Of what kind the details are that feeds tell; what else there is may hold the numbers of accounts."""


class RefusedEventOut(Output):
    """An event that was not taken: its line (from 1; in an array its place), its id if that can be told, and why."""

    line: int
    id: str | None
    faults: list[dict[str, str]]


class AheadOut(Output):
    """An event whose clock was more than five minutes ahead: it counts at `counts_at`, when it came."""

    line: int
    id: str
    at: Instant
    counts_at: Instant


class TakenOut(Output):
    """What became of a batch. `repeated` were known and counted already. Of the events whose clock was too far ahead
    (`ahead_events`) the first 100 are listed, and `clock_ahead_seconds` tells the worst. The alerts are those that it
    opened, let count once more, and proved wrong."""

    taken: int
    repeated: int
    refused: list[RefusedEventOut]
    ahead: list[AheadOut]
    ahead_events: int
    clock_ahead_seconds: float
    alerts_opened: int
    alerts_grown: int
    alerts_disproved: int


class UsageEventOut(Output):
    """That a customer used something. `at` is what the system said, `counts_at` when it counts; they differ where its
    clock was ahead (`ahead`: by too much)."""

    customer_id: UUID
    source: str
    event_id: SeenPlainText
    kind: str
    at: Instant
    counts_at: Instant
    received_at: Instant
    ahead: bool
    value: float | None
    details: dict[str, Any] | None

    @field_serializer("details")
    def _seen(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        """As whoever asks may see them."""
        return None if value is None else seen_fields(_DETAILS, value, "detail")


class UsageEventPage(Output):
    """A page of what a customer used, the newest first."""

    items: list[UsageEventOut]
    next: str | None


class UsageRuleIn(Input):
    """A new rule. It gives no alert until it is `enabled`; then it is held against everybody, a part at a time.

    `advice` is for whoever takes the alert. Without an `owner` an alert is the customer's own agent's. It is due after
    `due_seconds`, expires after `expire_seconds` if nobody takes it, and once it is over none of the same rule and
    customer follows for `quiet_seconds`.
    """

    id: Slug
    name: Name
    condition: Condition
    severity: Severity
    advice: Text | None = None
    owner: Login | None = None
    due_seconds: Wait = 86_400.0
    expire_seconds: Wait = 30 * 86_400.0
    quiet_seconds: Wait = 86_400.0
    enabled: bool = False


class UsageRulePatch(Input):
    """What to change; what is left out stays, null clears."""

    version: Version | None = None
    name: Name | MISSING = MISSING
    condition: Condition | MISSING = MISSING
    severity: Severity | MISSING = MISSING
    advice: Text | MISSING | None = MISSING
    owner: Login | MISSING | None = MISSING
    due_seconds: Wait | MISSING = MISSING
    expire_seconds: Wait | MISSING = MISSING
    quiet_seconds: Wait | MISSING = MISSING
    enabled: bool | MISSING = MISSING

    def changes(self) -> dict[str, Any]:
        """The columns to set."""
        return self.model_dump(exclude_unset=True, exclude={"version"})


class UsageRuleOut(Output):
    """What usage gives an alert, and what the alert is like."""

    id: str
    name: str
    condition: str
    severity: str
    advice: str | None
    owner: str | None
    due_seconds: float
    expire_seconds: float
    quiet_seconds: float
    enabled: bool
    version: int


class UsageRulePage(Output):
    """A page of rules."""

    items: list[UsageRuleOut]
    next: str | None


class RulePreviewIn(Input):
    """A condition to be tried: on one customer, or on all who have used what it asks for."""

    condition: Condition
    customer_id: Annotated[UUID, Field(strict=False)] | None = None


class WouldAlertOut(Output):
    """Somebody for whom the condition holds, and what each of its windows comes to."""

    customer_id: UUID
    name: str
    evidence: dict[str, Any]


class TriedOut(Output):
    """Whether the condition holds for the customer who was named, and what each window comes to (null: cannot be
    told)."""

    customer_id: UUID
    holds: bool
    evidence: dict[str, Any]


class RulePreviewOut(Output):
    """Who would be alerted now: `would_alert` of the `looked_at`, of whom up to 100 are listed. Not `complete`: there
    are more to look at. With a customer, `tried` tells of them alone."""

    tried: TriedOut | None
    looked_at: int
    complete: bool
    would_alert: int
    examples: list[WouldAlertOut]
