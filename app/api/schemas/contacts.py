"""Routing's decisions about a contact."""

from typing import Literal

from app.api.schemas.common import Instant, Output


class RivalOut(Output):
    """Who or what came next, and by how much (seconds of idleness, or of virtual arrival)."""

    id: str
    behind_seconds: float


class WhyOut(Output):
    """The reasons of an offer. `considered` counts the agents, or the kinds of waiting contact, that were compared;
    `rivals` are the nearest that lost, `excluded` the agents who had missed or declined the contact before."""

    rule: Literal["contact_finds_agent", "agent_finds_contact", "named"]
    requires: list[tuple[str, int]]
    step: int
    waited_seconds: float
    bonus_seconds: float
    idle_seconds: float
    considered: int
    rivals: list[RivalOut]
    excluded: list[str]


class DecisionOut(Output):
    """One offer: when, to whom, why. `seq` is the event's number in the floor's log."""

    seq: int
    at: Instant
    agent: str
    why: WhyOut


class DecisionPage(Output):
    """A page of decisions."""

    items: list[DecisionOut]
    next: str | None
