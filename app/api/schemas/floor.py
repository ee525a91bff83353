"""The live floor: queues, agents, contacts, and commands to the switch."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.schemas.common import Instant, Output

AgentState = Literal["logged_off", "not_ready", "ready", "reserved", "busy", "working_after_call"]


class LegOut(Output):
    """One party's connection to a call; times are seconds up to `since`."""

    id: str
    party: Literal["customer", "agent", "other"]
    agent: str | None
    state: str
    since: Instant
    queue_seconds: float
    ring_seconds: float
    talk_seconds: float
    hold_seconds: float


class LiveRecordingOut(Output):
    """A recording of a live call; `for_secret`: it is paused while the caller keys one, and goes on by itself."""

    id: str
    state: Literal["recording", "paused", "stopped", "ready", "failed"]
    for_secret: bool
    by: str | None
    queue: str | None
    started_at: Instant
    seconds: float | None


class CallerOut(Output):
    """A customer as the live floor knows them."""

    id: str
    name: str
    tier: str | None
    language: str | None


class ConsultOut(Output):
    """Whom an agent (`by`) consults about the contact, a colleague or a number; the caller is on hold."""

    by: str
    agent: str | None
    number: str | None
    state: Literal["ringing", "answered"]


class ContactOut(Output):
    """A live contact. `call_id` is the platform's; `candidates` are all who have the number if several do;
    `offered_to` have it on offer, `invited` are colleagues who are being added to the call, and whose phones ring."""

    id: str
    call_id: str
    source: str
    channel: str
    direction: str | None
    from_: str | None = Field(serialization_alias="from", validation_alias="from")
    to: str | None
    state: Literal["arriving", "waiting", "offered", "connecting", "active", "wrap_up"]
    held: bool
    queue: str | None
    tier: str | None
    customer: CallerOut | None
    candidates: list[CallerOut]
    arrived_at: Instant
    queued_at: Instant | None
    estimated_wait_seconds: float | None
    callback_of: str | None
    ended_at: Instant | None
    agents: list[str]
    offered_to: list[str]
    consult: ConsultOut | None
    invited: list[str]
    legs: list[LegOut]
    recordings: list[LiveRecordingOut]


class ContactPage(Output):
    """A page of live contacts, in order of their arrival."""

    items: list[ContactOut]
    next: str | None


class LiveQueueOut(Output):
    """A queue at this moment. `offered` are those of the waiting who are just being offered."""

    id: str
    name: str
    waiting: int
    offered: int
    active: int
    longest_wait_seconds: float


class LiveTeamOut(Output):
    """A team, whether or not anybody is in it."""

    id: str
    name: str


class LiveAgentOut(Output):
    """An agent at this moment."""

    id: str
    name: str
    team: str | None
    state: AgentState
    reason: str | None
    after: str | None
    since: Instant
    connected: bool
    phone: Literal["available", "unavailable", "in_use", "missing"] | None
    offer: str | None
    contact_id: str | None
    contacts: list[str]
    wrap_up: str | None
    wrap_up_until: Instant | None


class FloorOut(Output):
    """The whole floor as of the event `seq`; a socket that resumes from `seq` misses nothing. `unrouted` is how many
    callers are here whom no queue takes."""

    seq: int
    at: Instant
    queues: list[LiveQueueOut]
    teams: list[LiveTeamOut]
    unrouted: int
    agents: list[LiveAgentOut]
    by_state: dict[AgentState, int]
    contacts: list[ContactOut]


class OrderOut(Output):
    """A command to a telephone platform and what became of it."""

    floor: str
    id: int
    source_id: str
    contact_id: UUID
    type: str
    payload: dict[str, Any]
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    last_error: str | None
    created_at: Instant
    settled_at: Instant | None


class OrderPage(Output):
    """A page of commands to the switch."""

    items: list[OrderOut]
    next: str | None
