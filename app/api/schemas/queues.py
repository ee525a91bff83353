"""Queues, wrap-up codes and tiers."""

from typing import Annotated

from pydantic import MISSING, Field, StringConstraints

from app.api.schemas.common import Input, Instant, Levels, Name, Output, Seconds, Slug
from app.routing.queries import QueueProfile

Bonus = Annotated[
    float, Field(ge=-86_400, le=86_400, description="seconds that a contact is taken to have come earlier")
]
OfferSeconds = Annotated[float, Field(ge=1, le=600, description="how long an offer stands until it expires")]
LanguageLevel = Annotated[
    int, Field(ge=0, le=5, description="level of the caller's language that is required; 0 asks for none")
]
Rank = Annotated[int, Field(ge=0, le=1000)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class QueueIn(Input):
    """A new queue. `requires` names the skills of every contact in it and their least levels."""

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


class QueuePatch(Input):
    """What to change; what is left out stays. `requires` replaces all required skills."""

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
    created_at: Instant

    @classmethod
    def of(cls, profile: QueueProfile) -> "QueueOut":
        """From the record and its skills."""
        row = profile.queue
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "requires"}
        return cls(**fields, requires=profile.requires)


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
