"""What a telephone platform tells us, in the vocabulary of CSTA (ECMA-269), whatever the platform's own words are."""

from enum import StrEnum
from typing import Any

import msgspec


class EventType(StrEnum):
    """The call events that move a call. Any other type is kept with the call and moves nothing."""

    OFFERED = "call.offered"
    QUEUED = "call.queued"
    DELIVERED = "call.delivered"
    ESTABLISHED = "call.established"
    HELD = "call.held"
    RETRIEVED = "call.retrieved"
    TRANSFERRED = "call.transferred"
    CONFERENCED = "call.conferenced"
    DIVERTED = "call.diverted"
    DIGITS = "call.digits"
    RECORDING_READY = "call.recording_ready"
    """A recording is over and all of it is there; `recording` in the details is its id, where it was ordered."""

    RECORDING_FAILED = "call.recording_failed"
    """A recording that was ordered broke off, and there is nothing of it."""

    CONNECTION_CLEARED = "call.connection_cleared"
    CLEARED = "call.cleared"
    FAILED = "call.failed"
    SUPERVISOR_JOINED = "call.supervisor_joined"
    """The phone of a supervisor (`supervisor` in the details) whom we let in has answered. No leg of the call moves."""

    SUPERVISOR_LEFT = "call.supervisor_left"
    """They have gone, or were not reached."""

    SCRIPT_DONE = "call.script_done"
    """A script was carried out to its end; `script` in the details is its number."""

    SCRIPT_LOST = "call.script_lost"
    """The platform does not know any more what it was carrying out, and asks for it."""

    CALLBACK_REQUESTED = "call.callback_requested"
    """The waiting caller wishes to be called back and keeps their place; `number` in the details, else their own."""


class PhoneWord(StrEnum):
    """What a platform says of a phone: registered and idle, not registered, on a call, or that it has no such phone."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    IN_USE = "in_use"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """The platform cannot tell any more; what it said before is forgotten."""


NOT_THERE = (PhoneWord.UNAVAILABLE, PhoneWord.MISSING)
"""A phone of which this is said cannot be rung."""


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about a call.

    `at` is the platform's own time (epoch seconds), `sequence` its own order within the call where it gives one.
    `leg_id` names the leg the fact is about; with `agent` (an agent id or the address of the agent's phone) it is an
    agent's leg, without it the customer's. `call_id` is the platform's own, or the one that our order named. `at` is
    never later than now. `details` holds whatever else came. What is read of it: `script`, `digits`, `finished`,
    `speech`, `confidence` and `transfer` of what a script asked, `secret` (true) and `length` of keys that are one,
    `recording` (our id), `media` (where it is) and `seconds`, `number` to call back, `supervisor`, and of a call that
    begins `channel` and `bonus_seconds`.
    """

    source: str
    type: str
    call_id: str
    at: float
    direction: str | None = None
    from_: str | None = None
    to: str | None = None
    leg_id: str | None = None
    agent: str | None = None
    queue: str | None = None
    sequence: int | None = None
    cause: str | None = None
    details: dict[str, Any] = {}


HUNG_UP = "hung_up"
"""The `cause` of an agent's `call.connection_cleared` who put their phone down: with that they end the call. Any other
end of an agent's leg is a mishap, after which the caller waits again."""


class OrderType(StrEnum):
    """Commands to a platform. Each carries the call, and an idempotency key that stays the same over all retries."""

    CONNECT = "call.connect"
    CANCEL = "call.cancel"
    """Stop ringing this agent's phone, or take them off the call; the caller stays."""

    DISCONNECT = "call.disconnect"
    HOLD = "call.hold"
    RETRIEVE = "call.retrieve"
    TRANSFER = "call.transfer"
    CONFERENCE = "call.conference"
    CONSULT = "call.consult"
    """Hold the caller, ring the colleague or number `to`, and let the agent talk to them alone."""

    COMPLETE_TRANSFER = "call.complete_transfer"
    """Join the caller and the consulted party `to`; the agent, who may have hung up already, leaves."""

    RECONNECT = "call.reconnect"
    """Drop the consulted party `to`; the caller is off hold, with the agent or, if they have left, alone."""

    DIAL = "call.dial"
    OFFER_CALLBACK = "call.offer_callback"
    """Ask the caller whether they would rather be called back; `call.callback_requested` is the yes."""

    LISTEN = "call.listen"
    """Let a supervisor (`agent`) into the call: to listen, to whisper to the agent `to`, or to join. For one who is in
    it already the `mode` changes."""

    STOP_LISTENING = "call.stop_listening"
    """A supervisor (`agent`) leaves, or is not rung any longer."""

    RECORD = "call.record"
    """Start, pause, resume or stop (`do`) the recording with the id `recording`; it ends with the call by itself."""

    SCRIPT = "call.script"
    """Carry out instructions (`script`) instead of what is being carried out."""

    VOICEMAIL = "call.voicemail"
    """Take a message of the caller and end the call."""
