"""Routing's decisions about a contact."""

from app.api.schemas.common import Instant, Output
from app.routing.engine.requirement import Selection
from app.routing.estimate import Because


class RivalOut(Output):
    """Who or what came next, and by how much: for agents by the selection's measure, for contacts by seconds of virtual
    arrival."""

    id: str
    behind: float


class PassedOverOut(Output):
    """Who stood before and could not be chosen; `why` names what was missing, such as `skill:cards:3`."""

    id: str
    why: list[str]


class RequirementOut(Output):
    """What was required at that moment."""

    skills: list[tuple[str, int]]
    one_of: list[list[tuple[str, int]]]
    agents: list[str]
    teams: list[str]
    excluded: list[str]


class WhyOut(Output):
    """The reasons of a decision. `rule` is "contact_finds_agent" (agents were idle), "agent_finds_contact" (contacts
    were waiting), "named" or "overflow"; others may join. `step` counts the steps of the requirement from 0, `rank` the
    place in the line from 1. `considered` counts the agents, or the contacts at the head of their kind, that could have
    been chosen; `rivals` are the nearest that lost, `passed_over` those before it that could not be chosen, `excluded`
    who had missed or declined the contact before. Overflow tells `because` of what, `measured` against which `limit`,
    and what was done (`to`)."""

    rule: str
    selection: Selection
    wanted: RequirementOut
    step: int
    rank: int
    waited_seconds: float
    bonus_seconds: float
    precedence: int
    idle_seconds: float
    considered: int
    rivals: list[RivalOut]
    passed_over: list[PassedOverOut]
    excluded: list[str]
    because: str
    measured: float
    limit: float
    to: str


class DecisionOut(Output):
    """One decision: when, to whom if it was an offer, why. `seq` is the event's number in the floor's log. `sentences`
    tell `why` in English, the plainest first, with the names that everything has now; they are for people, and may be
    worded anew."""

    seq: int
    at: Instant
    agent: str | None
    why: WhyOut
    sentences: list[str]


class DecisionPage(Output):
    """A page of decisions."""

    items: list[DecisionOut]
    next: str | None


class WaitOut(Output):
    """A contact that waits: `position` 1 is the first of its queue. The estimate is null where nothing is known to
    predict from (`because` unknown); it is `predicted` now, or what was predicted at entry `counted_down`; it grows
    only where contacts of higher tiers came in before it (`overtaken_by`, because overtaken)."""

    contact_id: str
    queue: str | None
    position: int
    overtaken_by: int
    waited_seconds: float
    estimated_wait_seconds: float | None
    because: Because
    estimated_at_entry_seconds: float | None
