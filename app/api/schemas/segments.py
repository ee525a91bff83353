"""Rules of tiers and segments, what they did, and overrides, as they are sent and told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.api.schemas.common import SCORE, SLUG, TIME_OF_DAY, Input, Instant, Name, Output, Slug
from app.api.schemas.customers import Moment, Version, Why
from app.api.schemas.hours import Zone
from app.api.schemas.seen import SeenEvidence, SeenNote
from app.customers.segments.rules import Rules, Score, SegmentRule, TierRule

Expression = Annotated[
    str,
    StringConstraints(max_length=2_000),
    Field(description="CEL over what GET /segmentation/vocabulary lists, such as balance('CNY') >= 500000.0"),
]
Daily = Annotated[str, Field(pattern=TIME_OF_DAY, description="a time of day, HH:MM")]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
ScoreId = Annotated[str, StringConstraints(pattern=SCORE)]
Part = Literal["tier", "segment"]


class TierRuleIn(Input):
    """Whoever it holds for, and no rule before it, is of `tier`; null: of no tier."""

    id: Slug
    tier: Slug | None
    condition: Expression


class SegmentRuleIn(Input):
    """Whoever it holds for belongs to the segment `id`."""

    id: Slug
    name: Name
    condition: Expression


class ScoreIn(Input):
    """A score from 1 to 5, asked for as `score.ID`: in which fifth of all customers one stands by the number `of`."""

    id: ScoreId
    of: Expression


class RulesIn(Input):
    """Rules of tiers in order, of segments, and scores. Who fits no rule of tiers keeps the tier."""

    tiers: Annotated[list[TierRuleIn], Field(max_length=50)] = Field(default_factory=list)
    segments: Annotated[list[SegmentRuleIn], Field(max_length=200)] = Field(default_factory=list)
    scores: Annotated[list[ScoreIn], Field(max_length=20)] = Field(default_factory=list)

    def rules(self) -> Rules:
        """As the service takes them."""
        return Rules(
            tiers=tuple(TierRule(**each.model_dump()) for each in self.tiers),
            segments=tuple(SegmentRule(**each.model_dump()) for each in self.segments),
            scores=tuple(Score(**each.model_dump()) for each in self.scores),
        )


class RuleSetIn(RulesIn):
    """A new draft. `copy_of` takes the rules of that set instead. All customers are judged by it daily when clocks of
    `time_zone` say `daily_at`."""

    note: Note | None = None
    copy_of: int | None = None
    daily_at: Daily = "02:00"
    time_zone: Zone = "UTC"


class RuleSetPut(RulesIn):
    """All rules of a draft."""

    version: Version | None = None
    note: Note | None = None
    daily_at: Daily = "02:00"
    time_zone: Zone = "UTC"


class RuleSetOut(Output):
    """A set of rules: draft, active, or retired. `asks` names what must change for a customer to be judged again,
    beside their own row; `previewed_version` the version of the draft that was previewed last."""

    number: int
    state: str
    note: str | None
    tiers: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    asks: list[str]
    daily_at: str
    time_zone: str
    version: int
    previewed_version: int | None
    created_by: str | None
    created_at: Instant
    activated_by: str | None
    activated_at: Instant | None
    retired_at: Instant | None

    @classmethod
    def of(cls, row: Any) -> "RuleSetOut":
        """From the record."""
        own = {name: getattr(row, name) for name in cls.model_fields if name not in ("tiers", "segments", "scores")}
        return cls(**own, **{part: row.rules.get(part, []) for part in ("tiers", "segments", "scores")})


class RuleSetPage(Output):
    """A page of sets of rules, the newest first."""

    items: list[RuleSetOut]
    next: str | None


class ActivationIn(Input):
    """Which version of the draft is activated."""

    version: Version | None = None


class WordOut(Output):
    """A variable or function that rules may use."""

    name: str
    type: str
    meaning: str


class VocabularyOut(Output):
    """All that rules may use. Attributes are those that are declared; functions of usage are those of usage rules."""

    variables: list[WordOut]
    functions: list[WordOut]


class RuleSetPreviewIn(Input):
    """On how many customers rules are tried, drawn from all; and which version of them."""

    version: Version | None = None
    customers: Annotated[int, Field(ge=1, le=20_000)] = 10_000


class ExampleOut(Output):
    """A customer who would move, and the values that decide."""

    customer_id: UUID
    name: str
    evidence: SeenEvidence


class WouldMoveOut(Output):
    """How many customers would come from one tier into another; of a segment, into or out of it."""

    part: Part
    before: str | None
    after: str | None
    customers: int
    examples: list[ExampleOut]


class UntoldOut(Output):
    """A rule that could not be told of so many customers, why not of one of them, and who a few of them are."""

    rule: str
    count: int
    why: str
    examples: list[UUID]


class RuleOut(Output):
    """Whether a rule holds for the customer (null: that cannot be told), and the values it looks at."""

    rule: str
    holds: bool | None
    why: str | None
    evidence: SeenEvidence


class RuledOut(Output):
    """What the rules say of one customer. `kept`: their tier is not for rules to change."""

    customer_id: UUID
    tier: str | None
    segments: list[str]
    kept: bool
    rules: list[RuleOut]


class RuleSetPreviewOut(Output):
    """What would be of the `looked_at` customers, drawn from all `customers`; `complete` if these are all. `tiers` and
    `segments` are how many would be in each ('': in none). `kept`: the tier would be another, but was set by an
    override or a source that ranks higher."""

    customers: int
    looked_at: int
    complete: bool
    tiers: dict[str, int]
    segments: dict[str, int]
    moved: int
    kept: int
    untold: int
    moves: list[WouldMoveOut]
    untold_by: list[UntoldOut]
    boundaries: dict[str, list[float]]


class RoundOut(Output):
    """One judging of all customers, as far as it has come; see RuleSetPreviewOut for the counts. `again` were being
    changed by somebody else, and are judged again soon."""

    id: int
    rule_set: int
    reason: str
    began_at: Instant
    ended_at: Instant | None
    ended: str | None
    looked: int
    moved: int
    kept: int
    untold: int
    again: int
    untold_by: list[UntoldOut]
    boundaries: dict[str, list[float]] | None

    @classmethod
    def of(cls, row: Any) -> "RoundOut":
        """From the record."""
        own = {name: getattr(row, name) for name in cls.model_fields if name != "untold_by"}
        return cls(**own, untold_by=untold_out(row.untold_by))


class RoundPage(Output):
    """A page of rounds, the newest first."""

    items: list[RoundOut]
    next: str | None


class MoveOut(Output):
    """A move: of the tier, or into or out of a segment. `source` is rules, hand or a feed; of rules there are the set,
    the rule, and the values that decided."""

    customer_id: UUID
    at: Instant
    id: int
    part: Part
    before: str | None
    after: str | None
    who: str | None
    why: SeenNote | None
    source: str
    rule_set: int | None
    rule: str | None
    evidence: SeenEvidence | None


class MovePage(Output):
    """A page of moves, the newest first."""

    items: list[MoveOut]
    next: str | None


class MemberOut(Output):
    """Somebody who belongs to a segment."""

    customer_id: UUID
    name: str


class MemberPage(Output):
    """A page of members, by id."""

    items: list[MemberOut]
    next: str | None


class OverrideIn(Input):
    """Which tier the customer is of until then (null: none), whatever rules and feeds say, and why."""

    tier: Annotated[str, StringConstraints(pattern=SLUG)] | None
    reason: Note
    until: Moment


class TakeBackIn(Input):
    """Why the rules have their say again."""

    why: Why | None = None


class OverrideOut(Output):
    """A tier that somebody has set up to an instant; while it has not ended, it counts."""

    id: UUID
    customer_id: UUID
    tier: str | None
    reason: SeenNote
    until: Instant
    made_by: str | None
    made_at: Instant
    tier_before: str | None
    ended_at: Instant | None
    ended_by: str | None
    ended_because: str | None


class OverridePage(Output):
    """A page of overrides, the newest first."""

    items: list[OverrideOut]
    next: str | None


class SegmentOverrideIn(Input):
    """Whether the customer belongs to the segment until then, whatever the rules say, and why."""

    member: bool
    reason: Note
    until: Moment


class SegmentOverrideOut(Output):
    """A segment that somebody has put a customer into (`member`) or out of, up to an instant."""

    id: UUID
    customer_id: UUID
    segment: str
    member: bool
    reason: SeenNote
    until: Instant
    made_by: str | None
    made_at: Instant
    ended_at: Instant | None
    ended_by: str | None
    ended_because: str | None


class SegmentOverridePage(Output):
    """A page of overrides of segments, the newest first."""

    items: list[SegmentOverrideOut]
    next: str | None


def untold_out(untold_by: dict[str, Any]) -> list[UntoldOut]:
    """Rules that could not be told, the most often so first."""
    rows = sorted(untold_by.items(), key=lambda each: (-each[1]["count"], each[0]))
    return [UntoldOut(rule=rule, **told) for rule, told in rows]
