"""What a delivery is called, so that a repetition gets the same answer. Pure.

Taken from what the request is about rather than from a header: the signature covers it, the first attempt has it as
well as the repetitions, and nothing of what a caller keyed is in it.
"""

import hashlib

from app.telephony.adapters.twilio.addresses import Kind
from app.telephony.adapters.twilio.request import Webhook
from app.telephony.adapters.twilio.words import SECRETS

_NATURAL: dict[str, tuple[str, ...]] = {
    Kind.VOICE: ("CallSid",),
    Kind.SCRIPT: ("CallSid",),
    Kind.MACHINE: ("CallSid", "AnsweredBy"),
    Kind.RECORDING: ("RecordingSid", "RecordingStatus"),
    Kind.STATUS: ("CallSid", "CallStatus"),
    Kind.LEG: ("CallSid", "CallStatus"),
    Kind.CONFERENCE: ("ConferenceSid", "StatusCallbackEvent", "SequenceNumber"),
    Kind.CALLBACK: ("CallSid",),
}
_IN_QUERY = ("call", "script", "end", "offer", "order")


def delivery_id(hook: Webhook) -> str:
    """The id of a request to us, the same over its repetitions."""
    named = [hook.field(name) for name in _NATURAL.get(hook.kind, ())]
    if all(named) and named:
        about = [*named, *(hook.query.get(name, "") for name in _IN_QUERY)]
    else:
        fields = {name: value for name, value in hook.fields().items() if name not in SECRETS}
        about = [f"{name}={value}" for name, value in sorted((*fields.items(), *hook.query.items()))]
    text = "\x1f".join([hook.kind, *(part or "" for part in about)])
    return f"twilio-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
