"""Twilio's words for what happens to a leg, and ours. Pure."""

import re

from app.telephony.events import EventType as E

ENDS = {
    "completed": "normal",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "withdrawn",
}
"""The call statuses that are final, with the cause that we give."""

BUSY_ENDS = frozenset({"busy", "no-answer", "failed"})
"""Those of a leg that was never answered."""

WITHHELD = frozenset(
    {"", "anonymous", "unknown", "restricted", "unavailable", "blocked", "private"}
    | {"+266696687", "+7378742833", "+2562533", "+86282452253"}
)
"""What stands in place of a number that is not shown, in small letters: words, or the word spelt on the keys of a
telephone."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")

SECRETS = frozenset({"Digits", "FinishedOnKey", "SpeechResult", "UnstableSpeechResult", "StableSpeechResult"})
"""Fields of a Gather that hold, or tell something of, what the caller keyed or said."""

NOISE = frozenset(
    {"AccountSid", "ApiVersion", "CallbackSource", "Called", "Caller", "msg", "Confidence"}
    | {f"{end}{part}" for end in ("Called", "Caller", "From", "To") for part in ("City", "Country", "State", "Zip")}
)
"""Fields that say nothing about a call that is not said elsewhere. The message that is kept has them."""

_RINGING = {"ringing": E.DELIVERED}
_LEGS: dict[str, dict[str, str]] = {
    "agent": {**_RINGING, "in-progress": E.ESTABLISHED, "completed": E.CONNECTION_CLEARED},
    "customer": {**_RINGING, "in-progress": E.ESTABLISHED, "completed": E.CLEARED, "canceled": E.CLEARED},
    "listener": {"in-progress": E.SUPERVISOR_JOINED, "completed": E.SUPERVISOR_LEFT, "canceled": E.SUPERVISOR_LEFT},
    "other": {**_RINGING, "in-progress": E.CONFERENCED, "completed": E.CONNECTION_CLEARED},
}


def is_number(caller: str | None) -> bool:
    """Whether a caller has a number that may be shown to others: who calls from a client, by SIP, or withholds theirs
    has none."""
    return caller is not None and caller not in WITHHELD and _NUMBER.fullmatch(caller) is not None


def leg_event(party: str, status: str) -> str:
    """The event of a leg that we made. Whom a caller was sent to moves no leg of the call: what becomes of them is told
    in words that the floor keeps and does not act on, but for the beginning of a transfer. Nor do supervisors.
    """
    if party == "transfer":
        return E.TRANSFERRED if status in ("initiated", "queued") else f"call.transfer_{status}"
    if party not in _LEGS:
        return f"call.{party}_{status}"
    if party == "listener":
        return E.SUPERVISOR_LEFT if status in BUSY_ENDS else _LEGS[party].get(status, f"call.{party}_{status}")
    if status in BUSY_ENDS:
        return E.FAILED
    if status == "canceled" and party != "customer":
        return E.CONNECTION_CLEARED
    return _LEGS[party].get(status, f"call.{status}")
