"""The body of the generic CTI webhook, and the event that it tells."""

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.core import wire
from app.telephony.events import CallEvent
from app.telephony.port import Notice

EARLIEST = 946_684_800.0  # 2000-01-01
LATEST = 4_102_444_800.0  # 2100-01-01
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"
DIRECTIONS = frozenset({"inbound", "outbound"})

Type = Annotated[str, Meta(min_length=1, max_length=100, description="a string of 1 to 100 characters")]
CallId = Annotated[str, Meta(min_length=1, max_length=200, description="a string of 1 to 200 characters")]
Name = Annotated[str, Meta(max_length=200, description="a string of at most 200 characters, or null")]
Text = Annotated[str, Meta(max_length=1000, description="a string of at most 1000 characters, or null")]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1, description="a whole number from 0 to 2^53-1, or null")]
Channel = Annotated[
    Any,
    Meta(
        description="what kind of contact begins, such as chat: a slug; voice where it is left out or is none",
        extra_json_schema={"type": "string", "pattern": SLUG, "default": "voice"},
    ),
]
Bonus = Annotated[
    Any,
    Meta(
        description="seconds by which this contact is taken to have come earlier, or with a minus later",
        extra_json_schema={"type": "number", "minimum": -86_400, "maximum": 86_400},
    ),
]
Number = Annotated[
    Any,
    Meta(
        description="of call.callback_requested: the number to call back, `from` where it is left out",
        extra_json_schema={"type": "string"},
    ),
]
ScriptNumber = Annotated[
    Any,
    Meta(
        description="of call.digits and call.script_done: the number of the script that this answers",
        extra_json_schema={"type": "integer", "minimum": 1},
    ),
]
Digits = Annotated[
    Any,
    Meta(
        description="of call.digits: the keys, without the one that ends them; empty where none came in time",
        extra_json_schema={"type": "string"},
    ),
]
Finished = Annotated[
    Any,
    Meta(
        description="of call.digits: why the keying ended",
        extra_json_schema={"type": "string", "enum": ["terminator", "length", "timeout"]},
    ),
]
Speech = Annotated[
    Any,
    Meta(
        description="of call.digits: what was said instead, as far as it was understood",
        extra_json_schema={"type": "string"},
    ),
]
Confidence = Annotated[
    Any,
    Meta(
        description="how sure that is",
        extra_json_schema={"type": "number", "minimum": 0, "maximum": 1},
    ),
]
Recording = Annotated[
    Any,
    Meta(
        description="of call.recording_ready and call.recording_failed: the id that the order call.record gave",
        extra_json_schema={"type": "string"},
    ),
]
StartedAt = Annotated[
    Any,
    Meta(
        description="of call.recording_ready: when the recording began",
        extra_json_schema={"type": "string", "format": "date-time"},
    ),
]
Lasted = Annotated[
    Any,
    Meta(
        description="of call.recording_ready: how long it is by the wall clock, pauses included",
        extra_json_schema={"type": "number", "minimum": 0},
    ),
]
Media = Annotated[
    Any,
    Meta(
        description="of call.recording_ready: where the platform has it; kept as told",
        extra_json_schema={"type": "string"},
    ),
]
Instant = Annotated[datetime, Meta(tz=True, description="an RFC 3339 time with its zone, 2000 to 2099")]


class CallData(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one event. Whatever else a platform adds is kept with the call."""

    call_id: CallId
    direction: Name | None = None
    from_: Text | None = msgspec.field(name="from", default=None)
    to: Text | None = None
    leg_id: Name | None = None
    agent: Name | None = None
    queue: Name | None = None
    sequence: Count | None = None
    cause: Text | None = None
    channel: Channel = None
    number: Number = None
    bonus_seconds: Bonus = None
    script: ScriptNumber = None
    digits: Digits = None
    finished: Finished = None
    speech: Speech = None
    confidence: Confidence = None
    recording: Recording = None
    started_at: StartedAt = None
    seconds: Lasted = None
    media: Media = None


class CallNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform posts to /webhooks/cti/{source}."""

    type: Type
    timestamp: Instant
    data: CallData


_DESCRIBED = frozenset(
    {"channel", "number", "bonus_seconds", "script", "digits", "finished", "speech", "confidence"}
    | {"recording", "started_at", "seconds", "media"}
)
"""Described for those who connect a platform, and kept as sent: a call is not refused for what is odd in these."""

_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(CallData)) - _DESCRIBED


def parse(source: str, body: bytes) -> Notice:
    """The event in `body`; raises `Invalid` that names every fault."""
    value = wire.load(body)
    notice = wire.read(value, CallNotice)
    at = notice.timestamp.timestamp()
    if not EARLIEST <= at < LATEST:
        raise wire.invalid([wire.fault("timestamp", "is out of range", "an RFC 3339 time with its zone, 2000 to 2099")])
    return Notice(_event(source, notice, at, value["data"]), msgspec.json.encode(value))


def _event(source: str, notice: CallNotice, at: float, sent: dict[str, Any]) -> CallEvent:
    """Empty strings mean "not known"; a direction or channel that we have no word for is kept, not believed."""
    data = notice.data
    known = data.direction in DIRECTIONS
    details = {key: value for key, value in sent.items() if key not in _KNOWN}
    if data.direction and not known:
        details["direction"] = data.direction
    if isinstance(data.channel, str) and not re.fullmatch(SLUG, data.channel):
        details["channel"] = {"unknown": data.channel}  # as a text it would be a channel that no agent has
    return CallEvent(
        source=source,
        type=notice.type,
        call_id=data.call_id,
        at=at,
        direction=data.direction if known else None,
        from_=data.from_ or None,
        to=data.to or None,
        leg_id=data.leg_id or None,
        agent=data.agent or None,
        queue=data.queue or None,
        sequence=data.sequence,
        cause=data.cause or None,
        details=details,
    )
