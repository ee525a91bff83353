"""The two wires of the generic adapter, described for those who connect a platform."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.core.channels import Channel
from app.telephony.adapters.generic.parse import CallNotice
from app.telephony.events import OrderType


class SignedHeaders(msgspec.Struct, rename="kebab"):
    """Standard Webhooks: https://www.standardwebhooks.com. The id is the same over all repetitions of a message."""

    webhook_id: Annotated[str, Meta(description="1 to 200 printable ASCII characters")]
    webhook_timestamp: Annotated[str, Meta(description="epoch seconds, at most 5 minutes away from the receiver's")]
    webhook_signature: Annotated[str, Meta(description="v1,<base64 of HMAC-SHA256 over id.timestamp.body>")]


class Phone(msgspec.Struct):
    """An agent and the address of their phone."""

    id: str
    address: str | None


class OrderData(msgspec.Struct, kw_only=True):
    """`agent`: whose phone. `to`: the number to dial, or where to transfer: {number}, {agent} or {queue}. `queue`:
    that the caller waits in, or was not taken by. `message`: what to tell the caller, before call.disconnect or
    call.voicemail. `reason` of a call.disconnect: why the caller is not served, closed or turned_away. `script` of
    a call.script: what to carry out instead of what is being carried out. `mode` of a call.listen: listen, whisper
    (to the agent in `to`) or join; `agent` is the supervisor. `do` of a call.record: what to do with the `recording`
    of this id; `agent`: who asked for it. `ring_seconds`: how long a phone that is rung for this may ring; what is
    told of it later is late."""

    call_id: str
    contact_id: str
    agent: Phone | msgspec.UnsetType = msgspec.UNSET
    to: str | dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    queue: str | msgspec.UnsetType | None = msgspec.UNSET
    message: str | msgspec.UnsetType | None = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    mode: str | msgspec.UnsetType = msgspec.UNSET
    script: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    do: Literal["start", "pause", "resume", "stop"] | msgspec.UnsetType = msgspec.UNSET
    recording: str | msgspec.UnsetType = msgspec.UNSET
    ring_seconds: float | msgspec.UnsetType = msgspec.UNSET


class SwitchOrder(msgspec.Struct, kw_only=True):
    """A command to the platform, posted to the source's command address until it is answered 2xx. 408, 425, 429 and
    5xx are tried again for a minute, those that make a phone ring for 25 seconds; any other answer fails the
    command for good. With call.cancel stop ringing this agent's phone, or take them off the call; the caller stays.
    A call.disconnect may come late, and before what was asked earlier and not yet taken. With call.offer_callback
    ask a waiting caller whether they would rather be called back (call.callback_requested is the yes); until they
    hang up they wait on. With call.voicemail take a message and end the call. With call.record start, pause, resume or
    stop a recording of everybody on the call; it ends with the call by itself, and call.recording_ready tells so."""

    type: OrderType
    timestamp: str
    data: OrderData


CHANNELS = (
    Channel(
        name="callEvents",
        title="Events of calls",
        description="What happens to calls. Answered 202 once durable, with {contact_id, script, instructions}; the "
        "same webhook-id gets the same answer again. 401 not signed, 413 over 256 KiB, 422 with the faults, 503 come "
        "back. "
        "With call.callback_requested a waiting caller asks to be called back, and keeps their place on hanging up.",
        protocol="http",
        address="/webhooks/cti/{source}",
        hears=(CallNotice,),
        headers=SignedHeaders,
    ),
    Channel(
        name="switchOrders",
        title="Commands to the platform",
        description="Posted to the command_url of the source. The webhook-id is the idempotency key.",
        protocol="http",
        tells=(SwitchOrder,),
        headers=SignedHeaders,
    ),
)
