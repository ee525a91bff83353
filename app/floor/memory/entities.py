"""The live things of the floor as immutable values: a change is a new value, so undoing it is keeping the old one."""

from enum import StrEnum
from typing import Any

import msgspec

from app.agents.presence import AgentState
from app.calls.call import Call
from app.calls.recording import Recording
from app.floor.commands import CustomerCard, Destination
from app.floor.memory.parts import Comfort, Consult, FlowRun, HandedOn, Invite, Listener, Offer, UnderWay, Visit
from app.floor.memory.timeline import Entry, Timeline, with_line
from app.routing.engine.requirement import Requirement, Step
from app.routing.engine.waiting import Place, virtual_arrival
from app.telephony.events import NOT_THERE, PhoneWord


class ContactState(StrEnum):
    """Where a contact stands. `arriving`: nobody has it and it waits for nobody (no queue, or sent elsewhere)."""

    ARRIVING = "arriving"
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTING = "connecting"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"


WAITS = (ContactState.WAITING, ContactState.OFFERED, ContactState.CONNECTING)
"""Where a contact waits for an agent: also while one is asked, or their phone rung."""


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One contact, from its first event to the end of its wrap-up. Instants are epoch seconds by the floor's clock.

    Of its call was heard last at `heard_at`, when the platform's clock showed `platform_at`, or more: what is told may
    have been on its way for long.
    `entered_at` is when it came into its present queue: its steps count from there, its place from `queued_at`.
    `own_bonus` is what the platform gave this very contact, `bonus` the sum of that, its queue's and its customer's.
    The caller was told at `told_at` that it will take `told_wait` seconds more; until then, `estimated_wait` counts.
    At `overflow_at` its queue's overflow is looked at next; `overflowed` are the queues that sent it on. A caller who
    is asked whether to be called back `thinks_until` then; one who hangs up is called back at `callback_to`, at their
    place; `callback_of` is the contact, or the alert, that it is of.
    `ending` is the outcome where the queue turned the contact away, or a supervisor ended a callback that is being
    dialled. A callback is `held` while its queue is closed.
    From `again_at` on it may be offered again also to those who have missed it.
    `flow` is where the caller is before they wait, `own_steps` what it requires besides the queue, `comfort` what they
    hear while waiting, `survey` the flow for after the call; `verified` says that they have proved who they are.
    `script` is the number of the last script where no flow counts them.
    `wishes` are the agents whom it waits for first, and how long. `transfer` is where the agent `transfer_by` has asked
    the switch to send the caller; `sent_away` says that the switch did send them to elsewhere, or that they were left
    to the number on the leg `left_to`, which the last agent had consulted; `handed_on` is where one has sent them since
    they waited last, who was the last, or is told yet to have been. `listened` are the legs by which supervisors were
    in it whom the floor let go, and of which the end may be told yet, `ears` all by which any have come; those whom it
    has ordered out for others are `leaving`, `until` when it is waited for that; who has `gone` was in it `until` then,
    by the platform's clock. A caller alone waits again at `requeue_at`; a call whose end should have come is closed at
    `close_at`.
    """

    id: str
    call: Call
    arrived_at: float
    heard_at: float
    platform_at: float | None = None
    state: ContactState = ContactState.ARRIVING
    channel: str = "voice"
    customer: CustomerCard | None = None
    candidates: tuple[CustomerCard, ...] = ()
    queue: str | None = None
    queued_at: float | None = None
    entered_at: float | None = None
    own_bonus: float = 0.0
    bonus: float = 0.0
    precedence: int = 0
    preferred_agent: str | None = None
    last_agent: str | None = None
    wishes: tuple[tuple[str, float], ...] = ()
    steps: tuple[Step, ...] = ()
    own_steps: tuple[Step, ...] = ()
    step: int = 0
    flow: FlowRun | None = None
    script: int = 0
    comfort: Comfort | None = None
    survey: str | None = None
    verified: bool = False
    overflowed: tuple[str, ...] = ()
    overflow_at: float | None = None
    estimated_wait: float | None = None
    told_wait: float | None = None
    told_at: float | None = None
    callback_asked: bool = False
    thinks_until: float | None = None
    callback_to: str | None = None
    callback_of: str | None = None
    ending: str | None = None
    held: bool = False
    offer: Offer | None = None
    also: tuple[Offer, ...] = ()
    missed_by: tuple[str, ...] = ()
    again_at: float | None = None
    agents: tuple[str, ...] = ()
    served_by: tuple[str, ...] = ()
    transfer: Destination | None = None
    transfer_by: str | None = None
    consult: Consult | None = None
    invited: tuple[Invite, ...] = ()
    listeners: tuple[Listener, ...] = ()
    listened: tuple[str, ...] = ()
    ears: tuple[str, ...] = ()
    leaving: tuple[Listener, ...] = ()
    gone: tuple[Listener, ...] = ()
    under_way: tuple[UnderWay, ...] = ()
    requeue_at: float | None = None
    close_at: float | None = None
    sent_away: bool = False
    left_to: str | None = None
    handed_on: HandedOn | None = None
    ended_at: float | None = None
    wrapping: tuple[str, ...] = ()
    wrap_up_seconds: float = 0.0
    wrap_up_code: str | None = None
    note: str | None = None
    recordings: tuple[Recording, ...] = ()
    visits: tuple[Visit, ...] = ()
    timeline: Timeline = ()

    def heard(self, at: float, now: float) -> "Contact":
        """With news of what happened at an instant of the platform's clock."""
        known = self.platform_at is not None or bool(self.call.legs)
        shows = max(at, self.platform_time(now)) if known else at
        return msgspec.structs.replace(self, heard_at=now, platform_at=shows)

    def platform_time(self, now: float) -> float:
        """What the platform's clock shows now, at the least: nobody has talked for longer than until then."""
        shown = self.call.said_at if self.platform_at is None else self.platform_at
        return shown + max(0.0, now - self.heard_at)

    @property
    def unrouted(self) -> bool:
        """Whether a caller is here whom no queue takes."""
        alone = self.state is ContactState.ARRIVING and self.flow is None
        return alone and self.call.direction == "inbound" and self.queued_at is None

    @property
    def place(self) -> Place:
        """Its place in the waiting order."""
        arrival = virtual_arrival(self.queued_at or self.arrived_at, self.bonus)
        return Place(self.precedence, arrival, self.id)

    @property
    def promised(self) -> bool:
        """Whether it is a callback that has not been had yet: nobody is on the line, and nobody may be forgotten."""
        return self.callback_of is not None and not self.served_by

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All offers that stand; `also` are those made at the same time as `offer`."""
        return () if self.offer is None else (self.offer, *self.also)

    def without_offer(self, agent: str) -> "Contact":
        """Without the offer to this agent; another that stands takes its place."""
        left = [each for each in self.offers if each.agent != agent]
        return self.with_(offer=left[0] if left else None, also=tuple(left[1:]))

    @property
    def wanted(self) -> Requirement:
        """What it requires now."""
        return self.steps[self.step].wanted if self.steps else Requirement()

    @property
    def let_go_at(self) -> float | None:
        """When somebody who is rung to talk about the caller, or with them, or is to leave them, is given up."""
        consult = self.consult.due_at if self.consult is not None else None
        due = (consult, *(each.due_at for each in self.invited), *(each.until for each in self.leaving))
        return min((at for at in due if at is not None), default=None)

    @property
    def speaks_at(self) -> float | None:
        """When something is said next to a caller who waits."""
        if self.comfort is None or self.promised:
            return None
        due = (self.comfort.told_at, self.comfort.offered_at, self.comfort.asked_until)
        return min((at for at in due if at is not None), default=None)

    @property
    def in_flow(self) -> bool:
        """Whether a flow has the caller."""
        return self.flow is not None and not self.flow.state.over

    @property
    def last_script(self) -> int:
        """The number of the last script: all scripts of one call have one counter."""
        return self.script if self.flow is None else self.flow.state.script

    @property
    def loosens_at(self) -> float | None:
        """When its requirement loosens next, if it does."""
        if self.entered_at is None or self.step + 1 >= len(self.steps):
            return None
        return self.entered_at + self.steps[self.step + 1].after_seconds

    def noted(self, at: float, kind: str, /, **data: Any) -> "Contact":
        """With one more line in its timeline, of what the platform said or the floor did."""
        told = {key: value for key, value in data.items() if value is not None}
        return msgspec.structs.replace(self, timeline=with_line(self.timeline, Entry(at, kind, told)))

    def with_(self, **changes: Any) -> "Contact":
        """A copy with some fields changed."""
        return msgspec.structs.replace(self, **changes)


class Phone(msgspec.Struct, frozen=True):
    """What platforms say of the phone at an address, by source."""

    address: str
    words: dict[str, PhoneWord]

    @property
    def word(self) -> PhoneWord | None:
        """All of it in one word: who is on a call anywhere is on a call, a phone registered anywhere is registered."""
        ranked = (PhoneWord.IN_USE, PhoneWord.AVAILABLE, PhoneWord.UNAVAILABLE, PhoneWord.MISSING)
        return next((word for word in ranked if word in self.words.values()), None)

    @property
    def away(self) -> tuple[str, ...]:
        """The sources that say that it is not there: none of their calls can be put through to it."""
        return tuple(sorted(source for source, word in self.words.items() if word in NOT_THERE))

    def said_by(self, word: PhoneWord) -> list[str]:
        """The sources that say this of it."""
        return sorted(source for source, said in self.words.items() if said is word)


class LiveAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent on this floor. `idle_since` counts from the end of their last contact; a break does not reset it.

    `after` is the reason for which they are not ready once their contact is over: they were not before it found them,
    or it was asked for meanwhile. `served_at` is when a contact was last offered to them; `occupancy` (0 to 1) how
    occupied they were lately, as it was at `since`. `phone` is what platforms say of their phone, if any does; it is
    `away` at these sources.
    """

    id: str
    state: AgentState = AgentState.LOGGED_OFF
    reason: str | None = None
    since: float = 0.0
    idle_since: float = 0.0
    served_at: float = 0.0
    occupancy: float = 0.0
    after: str | None = None
    connected: bool = False
    silent_at: float | None = None
    offer: str | None = None
    contacts: tuple[str, ...] = ()
    wrap_up: str | None = None
    wrap_up_until: float | None = None
    phone: PhoneWord | None = None
    away: tuple[str, ...] = ()

    def with_(self, **changes: Any) -> "LiveAgent":
        """A copy with some fields changed."""
        return msgspec.structs.replace(self, **changes)


class EndedCall(msgspec.Struct, frozen=True):
    """A call that is over, remembered so that a straggling event does not open it anew.

    `said_at` is its end by the platform's clock (to the millisecond), which is what later events are compared with.
    """

    contact: str
    started_at: float
    ended_at: float
    said_at: float
