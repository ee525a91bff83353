"""Everything that can be asked of the floor. A command carries its identifiers and what was looked up for it.

Commands are data: the loop hands them to `FloorState.apply` one by one, with the instant at which they are applied.
"""

from typing import Any

import msgspec

from app.calls.recording import Do
from app.floor.configuration.config import FloorConfig
from app.ivr.playing.state import Fetched, Verified
from app.telephony.events import CallEvent, PhoneWord
from app.telephony.instructions import Script


class CustomerCard(msgspec.Struct, frozen=True):
    """What routing and the contact view need of a customer."""

    id: str
    name: str
    tier: str | None = None
    language: str | None = None


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of looking up a caller, read before the command is submitted.

    Exactly one match gives `customer`; several give `candidates` and no customer: never a guess. `profile` is the
    ready-made JSON of the 360 profile. `preferred_agent` is the customer's own agent, `last_agent` whom they spoke to
    last. `ended_contact` names the contact of a call that has already ended.
    """

    customer: CustomerCard | None = None
    candidates: tuple[CustomerCard, ...] = ()
    profile: bytes | None = None
    preferred_agent: str | None = None
    last_agent: str | None = None
    ended_contact: str | None = None
    ended_started_at: float | None = None
    ended_at: float | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all commands."""


class TakeEvent(Command, frozen=True, kw_only=True):
    """A platform told something about a call. `contact_id` is used if it opens a contact; `raw` is the body as sent."""

    event: CallEvent
    contact_id: str
    raw: bytes = b"{}"
    caller: Recognised | None = None


class PhoneState(Command, frozen=True, kw_only=True):
    """A platform tells of the phone at `address`, as agents' records have it."""

    source: str
    address: str
    state: PhoneWord


class AgentCommand(Command, frozen=True, kw_only=True):
    """Base of what an agent asks for."""

    agent_id: str


class Connect(AgentCommand, frozen=True, kw_only=True):
    """A socket of the agent said hello. Logs the agent on as not ready if they were logged off."""


class Disconnect(AgentCommand, frozen=True, kw_only=True):
    """The agent's last socket is gone; `last_heard` is when anything was last heard from it (epoch seconds)."""

    last_heard: float


class Ready(AgentCommand, frozen=True, kw_only=True):
    """The agent can take a contact. With `after_contact` it is what follows the present contact, instead of a break
    that was chosen before."""

    after_contact: bool = False


class NotReady(AgentCommand, frozen=True, kw_only=True):
    """The agent takes no contacts, for `reason` (break, lunch, meeting, ...); with `after_contact` only once the
    present one is wrapped up. What is chosen later counts."""

    reason: str
    after_contact: bool = False


class LogOff(AgentCommand, frozen=True, kw_only=True):
    """The agent leaves."""


class Release(AgentCommand, frozen=True, kw_only=True):
    """A supervisor frees an agent who is stuck with an offer, a contact or wrap-up; they are not ready afterwards."""

    by: str


class EndCall(Command, frozen=True, kw_only=True):
    """A supervisor ends a call that should be over; where the platform does not confirm, it is closed all the same."""

    contact_id: str
    by: str


class Listen(Command, frozen=True, kw_only=True):
    """A supervisor is let into a call from the phone at `address`: to listen, to whisper to an agent, or to join. Who
    is in it already needs no address, and changes the mode; nor does one who is an agent, with a phone of their own."""

    contact_id: str
    by: str
    address: str | None = None
    mode: str = "listen"
    to: str | None = None


class Record(Command, frozen=True, kw_only=True):
    """Record a call, or do something with its recording, as asked `by` an agent on it (`agent_id`) or a supervisor."""

    contact_id: str
    do: Do
    by: str
    agent_id: str | None = None


class StopListening(Command, frozen=True, kw_only=True):
    """A supervisor leaves a call."""

    contact_id: str
    by: str


class TakeCall(Command, frozen=True, kw_only=True):
    """A supervisor takes a call over: they join, from `address` as in `Listen`, and the agents on it are dropped."""

    contact_id: str
    by: str
    address: str | None = None


class AskCallback(Command, frozen=True, kw_only=True):
    """A waiting caller is to be called back, at `number` or their own; they keep their place when they hang up."""

    contact_id: str
    number: str | None = None


class OpenCallback(Command, frozen=True, kw_only=True):
    """Somebody is to be called at `number` by whoever's turn it is in `queue`, through `source` (or the only one there
    is): asked for `by` somebody, because of an alert or whatever else has the id `because_of`."""

    contact_id: str
    queue: str
    number: str
    because_of: str
    by: str
    source: str | None = None
    caller: Recognised | None = None


class FlowAnswered(Command, frozen=True, kw_only=True):
    """What a flow had asked for has come; `caller` is who it is, where they have proved it."""

    contact_id: str
    event: Fetched | Verified
    caller: Recognised | None = None


class TellWait(Command, frozen=True, kw_only=True):
    """How long a waiting contact is told that it will still take; what was told is kept, so that it counts down."""

    contact_id: str


class ContactCommand(AgentCommand, frozen=True, kw_only=True):
    """Base of what an agent asks for about one contact."""

    contact_id: str


class AcceptOffer(ContactCommand, frozen=True, kw_only=True):
    """Take the offered contact; the switch is told to connect the agent's phone."""


class DeclineOffer(ContactCommand, frozen=True, kw_only=True):
    """Refuse the offered contact; it is offered to somebody else."""


class Hold(ContactCommand, frozen=True, kw_only=True):
    """Put the caller on hold."""


class Retrieve(ContactCommand, frozen=True, kw_only=True):
    """Take the caller back from hold."""


class Destination(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a call is sent: exactly one of a queue, an agent or a number."""

    queue: str | None = None
    agent: str | None = None
    number: str | None = None

    @property
    def text(self) -> str:
        """For people, such as "queue:loans"."""
        given = (f"{name}:{value}" for name in ("queue", "agent", "number") if (value := getattr(self, name)))
        return next(given, "nowhere")


class Transfer(ContactCommand, frozen=True, kw_only=True):
    """Hand the caller over, blind."""

    to: Destination


class Conference(ContactCommand, frozen=True, kw_only=True):
    """Add an agent or a number to the call."""

    to: Destination


class ConsultCall(ContactCommand, frozen=True, kw_only=True):
    """Talk to a colleague or a number alone, the caller on hold."""

    to: Destination


class CompleteTransfer(ContactCommand, frozen=True, kw_only=True):
    """Leave the caller to the consulted party."""


class ReconnectCall(ContactCommand, frozen=True, kw_only=True):
    """Drop the consulted party and go back to the caller."""


class HangUp(ContactCommand, frozen=True, kw_only=True):
    """End the call."""


class Dial(AgentCommand, frozen=True, kw_only=True):
    """Place an outbound call for the agent, through `source` (or the only one where their phone is)."""

    contact_id: str
    to: str
    source: str | None = None
    caller: Recognised | None = None


class FinishWrapUp(ContactCommand, frozen=True, kw_only=True):
    """After-call work is done; `code` must be a known wrap-up code."""

    code: str | None = None
    note: str | None = None


class OrderFailed(Command, frozen=True, kw_only=True):
    """A switch command could not be delivered and was given up, after so many attempts; `refused`: the platform will
    never take it. `script` is what a call.script should have let the caller hear."""

    order_id: int
    order_type: str
    contact_id: str
    agent_id: str | None
    detail: str
    attempts: int = 1
    refused: bool = False
    script: Script | None = None


class Expire(Command, frozen=True, kw_only=True):
    """Time has passed: everything whose deadline lies at or before the instant of applying happens now; of all that,
    `only` what is due of one contact or agent, or what is not `without`."""

    only: str | None = None
    without: frozenset[str] = frozenset()


class Configure(Command, frozen=True, kw_only=True):
    """The configuration as it stands now in the records, and `before`, if that is known: a command that is applied
    again after its batch was undone finds the new one in place."""

    config: FloorConfig
    before: FloorConfig | None = None


class TakeOver(Command, frozen=True, kw_only=True):
    """A process has become the owner: nobody's socket is connected to it yet."""


class Resumed(Command, frozen=True, kw_only=True):
    """The journal commits again after an outage in which nobody could act."""


class Look(Command, frozen=True, kw_only=True):
    """Read the state, changing nothing: `what` is 'floor', 'agent' (with `agent_id`), or 'picture', which holds on to
    the floor for whoever shows it later."""

    what: str
    agent_id: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What the submitter is told, after the commit. `body` is JSON-ready; a refusal has `ok=False` and a `problem` body
    with `code`, `detail` and facts such as the present state."""

    ok: bool
    body: dict[str, Any] = {}
