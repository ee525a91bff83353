"""Queues, wrap-up codes and tiers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import MISSING, Field, StringConstraints

from app.api.schemas.common import COLOUR, Input, Instant, Levels, Name, Output, Seconds, Slug
from app.api.schemas.overflow import OverflowIn, OverflowOut
from app.routing.engine.requirement import Selection
from app.routing.records.queries import QueueProfile

Bonus = Annotated[
    float, Field(ge=-86_400, le=86_400, description="seconds that a contact is taken to have come earlier")
]
OfferSeconds = Annotated[float, Field(ge=1, le=600, description="how long an offer stands until it expires")]
LanguageLevel = Annotated[
    int, Field(ge=0, le=5, description="level of the caller's language that is required; 0 asks for none")
]
OneOf = Annotated[
    list[Annotated[Levels, Field(min_length=1)]],
    Field(max_length=50, description="groups of skills; an agent needs one of each group, at least at its level"),
]
Agents = Annotated[list[Slug], Field(max_length=1000, description="if there are any: only these agents")]
Teams = Annotated[list[Slug], Field(max_length=200, description="if there are any: only agents of these teams")]
Excluded = Annotated[list[Slug], Field(max_length=1000, description="never these agents")]
AfterSeconds = Annotated[
    float, Field(gt=0, le=86_400, allow_inf_nan=False, description="waiting after which the step begins")
]
Steps = Annotated[
    list["StepIn"], Field(max_length=50, description="what is required instead, later on; each later than the last")
]
Chosen = Annotated[
    Selection,
    Field(strict=False, description="which of several ready agents takes a contact; ties by idleness, then id"),
]
StrictTiers = Annotated[bool, Field(description="a higher tier always goes first, however long others wait")]
OfferAgents = Annotated[int, Field(ge=1, le=10, description="to how many agents a contact is offered at once")]
WrapUpEnds = Annotated[
    Literal["automatic", "by_agent"], Field(description="automatic: after wrap_up_seconds at the latest")
]
PreferredSeconds = Annotated[
    Seconds, Field(description="how long a contact waits for the customer's own agent, if on duty; 0: not at all")
]
LastAgentSeconds = Annotated[
    Seconds, Field(description="then how long for the agent whom the customer spoke to last; 0: not at all")
]
Overflow = Annotated[
    list[OverflowIn],
    Field(
        max_length=50, description="when the queue does not take a contact, or not for longer; the first that applies"
    ),
]
HoursId = Annotated[Slug, Field(description="the business hours that the queue keeps; null: always open")]
Record = Annotated[
    Literal["off", "on"], Field(description="on: calls are recorded from the first agent on; what was stopped stays so")
]
RecordingDays = Annotated[
    int, Field(ge=1, le=36_500, description="how long recordings are kept; null: as long as is set for all")
]
Rank = Annotated[int, Field(ge=0, le=1000)]
Colour = Annotated[str, StringConstraints(pattern=COLOUR)]


class StepIn(Input):
    """What a queue requires from a time of waiting on: all of it, so what is left out is no longer asked for."""

    after_seconds: AfterSeconds
    requires: Levels = Field(default_factory=dict)
    one_of: OneOf = Field(default_factory=list)
    agents: Agents = Field(default_factory=list)
    teams: Teams = Field(default_factory=list)
    excluded: Excluded = Field(default_factory=list)
    language_level: LanguageLevel = 0


class QueueIn(Input):
    """A new queue. `requires` names the skills of every contact in it and their least levels; with `one_of`, `agents`,
    `teams` and `excluded` it is what is required at first, and the `steps` what is required instead later on."""

    id: Slug
    name: Name
    requires: Levels = Field(default_factory=dict)
    bonus_seconds: Bonus = 0
    offer_seconds: OfferSeconds = 20
    wrap_up_seconds: Seconds = 30
    decline_keeps_ready: bool = True
    language_level: LanguageLevel = 0
    default_language: Slug | None = None
    service_level_seconds: Seconds = 20
    short_abandon_seconds: Seconds = 5
    one_of: OneOf = Field(default_factory=list)
    agents: Agents = Field(default_factory=list)
    teams: Teams = Field(default_factory=list)
    excluded: Excluded = Field(default_factory=list)
    steps: Steps = Field(default_factory=list)
    preferred_seconds: PreferredSeconds = 0
    last_agent_seconds: LastAgentSeconds = 0
    selection: Chosen = Selection.LONGEST_IDLE
    strict_tiers: StrictTiers = False
    offer_agents: OfferAgents = 1
    wrap_up_ends: WrapUpEnds = "automatic"
    hours: HoursId | None = None
    overflow: Overflow = Field(default_factory=list)
    record: Record = "off"
    recording_days: RecordingDays | None = None


class QueuePatch(Input):
    """What to change; what is left out stays. `requires`, `steps` and every other list replace the whole of it."""

    name: Name | MISSING = MISSING
    requires: Levels | MISSING = MISSING
    bonus_seconds: Bonus | MISSING = MISSING
    offer_seconds: OfferSeconds | MISSING = MISSING
    wrap_up_seconds: Seconds | MISSING = MISSING
    decline_keeps_ready: bool | MISSING = MISSING
    language_level: LanguageLevel | MISSING = MISSING
    default_language: Slug | MISSING | None = MISSING
    service_level_seconds: Seconds | MISSING = MISSING
    short_abandon_seconds: Seconds | MISSING = MISSING
    one_of: OneOf | MISSING = MISSING
    agents: Agents | MISSING = MISSING
    teams: Teams | MISSING = MISSING
    excluded: Excluded | MISSING = MISSING
    steps: Steps | MISSING = MISSING
    preferred_seconds: PreferredSeconds | MISSING = MISSING
    last_agent_seconds: LastAgentSeconds | MISSING = MISSING
    selection: Chosen | MISSING = MISSING
    strict_tiers: StrictTiers | MISSING = MISSING
    offer_agents: OfferAgents | MISSING = MISSING
    wrap_up_ends: WrapUpEnds | MISSING = MISSING
    hours: HoursId | MISSING | None = MISSING
    overflow: Overflow | MISSING = MISSING
    record: Record | MISSING = MISSING
    recording_days: RecordingDays | MISSING | None = MISSING


class StepOut(Output):
    """What a queue requires from a time of waiting on."""

    after_seconds: float
    requires: dict[str, int]
    one_of: list[dict[str, int]]
    agents: list[str]
    teams: list[str]
    excluded: list[str]
    language_level: int

    @classmethod
    def of(cls, step: Mapping[str, Any]) -> "StepOut":
        """From the record, in which what is not asked for may be left out."""
        return cls.model_validate(StepIn.model_validate(step))


class WarningOut(Output):
    """What is accepted and yet does not do what it seems to: where it is, and what about it."""

    where: str
    what: str


class QueueOut(Output):
    """A queue as a record; who waits in it is on the floor."""

    id: str
    name: str
    requires: dict[str, int]
    bonus_seconds: float
    offer_seconds: float
    wrap_up_seconds: float
    decline_keeps_ready: bool
    language_level: int
    default_language: str | None
    service_level_seconds: float
    short_abandon_seconds: float
    one_of: list[dict[str, int]]
    agents: list[str]
    teams: list[str]
    excluded: list[str]
    steps: list[StepOut]
    preferred_seconds: float
    last_agent_seconds: float
    selection: Selection
    strict_tiers: bool
    offer_agents: int
    wrap_up_ends: str
    hours: str | None
    overflow: list[OverflowOut]
    record: Literal["off", "on"]
    recording_days: int | None
    created_at: Instant

    @classmethod
    def of(cls, profile: QueueProfile, **more: Any) -> Self:
        """From the record and its skills."""
        row = profile.queue
        steps = [StepOut.of(step) for step in row.steps]
        overflow = [OverflowOut.of(rule) for rule in row.overflow]
        told = {"requires": profile.requires, "hours": row.hours_id, "steps": steps, "overflow": overflow, **more}
        own = {name: getattr(row, name) for name in cls.model_fields if name not in told}
        return cls(**own, **told)


class QueueDetailOut(QueueOut):
    """A queue as a record, and what of it none of the active agents could meet at present."""

    warnings: list[WarningOut]


class QueuePage(Output):
    """A page of queues."""

    items: list[QueueOut]
    next: str | None


class WrapUpCodeIn(Input):
    """A new wrap-up code: how a contact ended in business terms."""

    id: Slug
    name: Name


class WrapUpCodePatch(Input):
    """What to change; what is left out stays. A code that is not active cannot be chosen; history keeps it."""

    name: Name | MISSING = MISSING
    active: bool | MISSING = MISSING


class WrapUpCodeOut(Output):
    """A wrap-up code."""

    id: str
    name: str
    active: bool


class WrapUpCodePage(Output):
    """A page of wrap-up codes."""

    items: list[WrapUpCodeOut]
    next: str | None


class TierIn(Input):
    """A new class of customers; a higher `rank` is a better one."""

    id: Slug
    name: Name
    rank: Rank
    bonus_seconds: Bonus = 0
    colour: Colour = "#888888"


class TierPatch(Input):
    """What to change; what is left out stays."""

    name: Name | MISSING = MISSING
    rank: Rank | MISSING = MISSING
    bonus_seconds: Bonus | MISSING = MISSING
    colour: Colour | MISSING = MISSING


class TierOut(Output):
    """A class of customers."""

    id: str
    name: str
    rank: int
    bonus_seconds: float
    colour: str


class TierPage(Output):
    """A page of tiers."""

    items: list[TierOut]
    next: str | None
