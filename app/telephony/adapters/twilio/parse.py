"""Twilio's form webhooks as events of ours. Pure.

Which of our addresses was called says what kind of fact it is, the query which call and whose leg. What Twilio adds
that we have no word for is kept in the details under Twilio's own name.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec
from pydantic import SecretStr

from app.core import wire
from app.telephony.adapters.twilio.addresses import ASKS_FOR_TWIML, Kind
from app.telephony.adapters.twilio.delivery import delivery_id
from app.telephony.adapters.twilio.request import Webhook
from app.telephony.adapters.twilio.twiml import CUSTOMER
from app.telephony.adapters.twilio.words import ENDS, NOISE, SECRETS, WITHHELD, leg_event
from app.telephony.events import CallEvent, EventType
from app.telephony.port import Notice

LONGEST_SID = 200
_FACTS = frozenset({"CallSid", "From", "To", "Direction", "CallStatus", "Timestamp", "SequenceNumber"})


class Told(NamedTuple):
    """What a request says. `secret` is what the caller keyed or said for a secret: it is in neither event nor message
    nor `hook` (the request without it), and must be kept by nobody. `contact` where the address named one; `asks`
    whether TwiML is expected."""

    delivery: str
    notice: Notice
    hook: Webhook
    secret: SecretStr | None
    contact: str | None
    asks: bool


class Fact(msgspec.Struct, frozen=True):
    """What happened, apart from what is the same for every kind of request."""

    type: str
    details: Mapping[str, object] = {}
    agent: str | None = None
    leg: str | None = None
    cause: str | None = None
    ordered: bool = False


def parse(source: str, hook: Webhook, now: float) -> Told:
    """The event in a verified request that came at `now`; raises `Invalid` that names every fault."""
    sid = _call_sid(hook)
    finished = _finished(hook)
    hook, secret = _without_secret(hook)
    fact = _READERS[Kind(hook.kind)](hook)
    if fact.type == EventType.DIGITS:
        keyed = {} if secret is None else {"secret": True, "keyed": bool(secret.get_secret_value())}
        fact = msgspec.structs.replace(fact, details={**fact.details, "finished": finished, **keyed})
    event = CallEvent(
        source=source,
        type=fact.type,
        call_id=hook.query.get("call") or sid,
        at=_instant(hook.field("Timestamp"), now),
        direction=_direction(hook),
        from_=_caller(hook),
        to=_dialled(hook),
        leg_id=fact.leg,
        agent=fact.agent,
        sequence=_count(hook.field("SequenceNumber")) if fact.ordered else None,
        cause=fact.cause,
        details=_further(hook, fact.details),
    )
    raw = {"address": hook.kind, "query": hook.query, "form": hook.fields()}
    notice = Notice(_kept(event), msgspec.json.encode(_scrubbed(raw)))
    return Told(delivery_id(hook), notice, hook, secret, hook.query.get("contact"), hook.kind in ASKS_FOR_TWIML)


def _call_sid(hook: Webhook) -> str:
    """The platform's id of the leg that the request is about; of a conference's own events the conference's."""
    sid = hook.field("CallSid") or hook.field("ConferenceSid") or hook.query.get("call")
    faults = []
    if hook.kind not in _READERS:
        faults.append(wire.fault("path", f"ends with {hook.kind!r}", ", ".join(sorted(_READERS))))
    if sid is None:
        faults.append(wire.fault("CallSid", "is missing", "the id that Twilio gives to the call"))
    elif len(sid) > LONGEST_SID:
        faults.append(wire.fault("CallSid", "is too long", f"at most {LONGEST_SID} characters"))
    if hook.kind == Kind.SCRIPT and _count(hook.query.get("script")) is None:
        faults.append(wire.fault("script", "is no number", "the number of the script, as in the address we gave"))
    if faults or sid is None:
        raise wire.invalid(faults)
    return sid


def _without_secret(hook: Webhook) -> tuple[Webhook, SecretStr | None]:
    """The request without what was keyed for a secret, and that apart."""
    if not hook.query.get("secret"):
        return hook, None
    said = hook.field("Digits") or hook.field("SpeechResult") or ""
    form = type(hook.form)({name: [""] if name in SECRETS else values for name, values in hook.form.items()})
    return msgspec.structs.replace(hook, form=form), SecretStr(said)


def _voice(hook: Webhook) -> Fact:
    return Fact(EventType.OFFERED, leg=hook.field("CallSid"))


def _status(hook: Webhook) -> Fact:
    """What became of the caller's own leg: its end is the end of the call."""
    status = hook.field("CallStatus") or "unknown"
    if status in ENDS:
        return Fact(EventType.CLEARED, leg=hook.field("CallSid"), cause=ENDS[status])
    return Fact(f"call.{status}", leg=hook.field("CallSid"))


def _leg(hook: Webhook) -> Fact:
    party, status = hook.query.get("party", "other"), hook.field("CallStatus") or "unknown"
    kind = leg_event(party, status)
    if party == "transfer":  # what moves is the leg of the agent who asked for it, not the new one
        return Fact(kind, {"party": party}, hook.query.get("agent"), cause=ENDS.get(status))
    if party == "listener":
        who = {"party": party, "supervisor": hook.query.get("agent")}
        return Fact(kind, who, leg=hook.field("CallSid"), cause=ENDS.get(status), ordered=True)
    agent = hook.query.get("agent") if party == "agent" else None
    return Fact(kind, {"party": party}, agent, hook.field("CallSid"), ENDS.get(status), ordered=True)


def _conference(hook: Webhook) -> Fact:
    """Hold and its end are told of the customer, and belong to the agent who is on the call; the floor knows who."""
    said = hook.field("StatusCallbackEvent") or "unknown"
    moves = {"participant-hold": EventType.HELD, "participant-unhold": EventType.RETRIEVED}
    if said in moves and hook.field("ParticipantLabel") == CUSTOMER:
        return Fact(moves[said])
    return Fact(f"call.conference_{said}", leg=hook.field("CallSid"))


def _recording(hook: Webhook) -> Fact:
    status = hook.field("RecordingStatus") or "completed"
    seconds = _count(hook.field("RecordingDuration"))
    details = {"media": hook.field("RecordingUrl"), "seconds": seconds, "status": status}
    return Fact(EventType.RECORDING_READY if status == "completed" else f"call.recording_{status}", details)


def _machine(hook: Webhook) -> Fact:
    """Who answered: a human, a machine (and where its greeting ended), a fax, or nobody knows."""
    by = hook.field("AnsweredBy") or "unknown"
    return Fact("call.answered_by", {"answered_by": by, "machine": by.startswith("machine")}, leg=hook.field("CallSid"))


def _script(hook: Webhook) -> Fact:
    number = _count(hook.query.get("script"))
    if hook.query.get("end") == "transfer":
        gone = hook.field("CallStatus") in ENDS  # then it is no news that nobody else was reached
        return Fact("call.script_done", {"script": number, "transfer": None if gone else hook.field("DialCallStatus")})
    if hook.query.get("end") != "digits":
        return Fact("call.script_done", {"script": number})
    details: dict[str, object] = {"script": number, "digits": hook.field("Digits") or ""}
    speech, confidence = hook.field("SpeechResult"), _share(hook.field("Confidence"))
    said = {"speech": speech, "confidence": confidence} if speech else {}
    return Fact(EventType.DIGITS, {**details, **said})


def _callback(hook: Webhook) -> Fact:
    if hook.field("Digits") == "1":
        return Fact(EventType.CALLBACK_REQUESTED)
    return Fact("call.callback_declined")


_READERS = {
    Kind.VOICE: _voice,
    Kind.STATUS: _status,
    Kind.LEG: _leg,
    Kind.CONFERENCE: _conference,
    Kind.RECORDING: _recording,
    Kind.MACHINE: _machine,
    Kind.SCRIPT: _script,
    Kind.CALLBACK: _callback,
}


def _finished(hook: Webhook) -> str:
    """Why the keying ended."""
    if hook.field("FinishedOnKey"):
        return "terminator"
    most = _count(hook.query.get("most"))
    return "length" if most is not None and len(hook.field("Digits") or "") >= most else "timeout"


def _direction(hook: Webhook) -> str | None:
    """Of the call, where it is told: the id of one that we placed is the contact's own."""
    if "contact" in hook.query and hook.query.get("call") == hook.query["contact"]:
        return "outbound"
    return "inbound" if hook.kind in (Kind.VOICE, Kind.STATUS) else None


def _caller(hook: Webhook) -> str | None:
    number = hook.field("From") if hook.kind in (Kind.VOICE, Kind.STATUS) else None
    return None if (number or "").casefold() in WITHHELD else number


def _dialled(hook: Webhook) -> str | None:
    return (hook.field("To") or hook.field("Called")) if hook.kind in (Kind.VOICE, Kind.STATUS) else None


def _further(hook: Webhook, details: Mapping[str, object]) -> dict[str, object]:
    dropped = NOISE | _FACTS | (SECRETS if hook.kind == Kind.SCRIPT else frozenset())
    kept: dict[str, object] = {name: value for name, value in hook.fields().items() if name not in dropped and value}
    return {**kept, **details}


def _instant(text: str | None, now: float) -> float:
    """When it happened, by the platform's clock where it is told (RFC 2822, whole seconds), never later than now."""
    try:
        return min(parsedate_to_datetime(text).timestamp(), now) if text else now
    except (ValueError, OverflowError):
        return now


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _share(text: str | None) -> float | None:
    try:
        share = float(text or "")
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _kept(event: CallEvent) -> CallEvent:
    """The event in texts that PostgreSQL can keep."""
    return msgspec.convert(_scrubbed(msgspec.to_builtins(event)), CallEvent)


def _scrubbed(value: object) -> object:
    if isinstance(value, str):
        return wire.keepable(value)
    if isinstance(value, dict):
        return {wire.keepable(key): _scrubbed(each) for key, each in value.items()}
    return value
