"""Why an agent's phone did not take a call, in words that the agent is told. Pure."""

from app.telephony.events import PhoneWord

FAILED = "phone_failed"
NOT_ANSWERED = "phone_not_answered"
BUSY = "phone_busy"
DECLINED = "phone_declined"
UNREGISTERED = "phone_unregistered"
MISSING = "phone_missing"
"""The platform has no phone at the agent's address."""

GONE = (UNREGISTERED, MISSING)
"""Reasons of agents who are not ready by their phone only."""

_REASONS = {
    "no_answer": NOT_ANSWERED,
    "not_answered": NOT_ANSWERED,
    "timeout": NOT_ANSWERED,
    "busy": BUSY,
    "declined": DECLINED,
    "rejected": DECLINED,
    "unregistered": UNREGISTERED,
    "unreachable": UNREGISTERED,
    "unavailable": UNREGISTERED,
}
"""Causes that platforms give for a phone that was not reached; any other is a failure."""


def why_gone(word: PhoneWord | None) -> str:
    """Why a phone of which this is said cannot be rung."""
    return MISSING if word is PhoneWord.MISSING else UNREGISTERED


def why_not_reached(cause: str | None) -> str:
    """Why an agent's phone did not take a call, by the cause that the platform gave."""
    return _REASONS.get(cause or "", FAILED)
