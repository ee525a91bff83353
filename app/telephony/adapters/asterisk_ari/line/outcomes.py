"""Why a leg ended: from the SIP status and the Q.850 cause that Asterisk tells, to a word of ours.

The SIP status says more than the cause and much more than the status of `Dial`, which is NOANSWER for most of them.
"""

from app.telephony import events

HUNG_UP = events.HUNG_UP
NO_ANSWER = "no_answer"
BUSY = "busy"
DECLINED = "declined"
UNAVAILABLE = "unavailable"
UNREGISTERED = "unregistered"
UNKNOWN_NUMBER = "unknown_number"
CONGESTION = "congestion"
NOT_ACCEPTABLE = "not_acceptable"
WITHDRAWN = "withdrawn"
DROPPED = "dropped"
SWITCH_LOST = "switch_lost"
SWITCH_FAILED = "switch_failed"
"""Asterisk could not make the leg, and not for want of the phone; the log of the server has its answer."""

NO_SOUND = 44
"""What Asterisk ends a channel with that has sent no sound for too long (`rtp_timeout`)."""

BY_SIP = {
    404: UNKNOWN_NUMBER,
    408: NO_ANSWER,
    480: UNAVAILABLE,
    484: UNKNOWN_NUMBER,
    486: BUSY,
    487: WITHDRAWN,
    488: NOT_ACCEPTABLE,
    503: CONGESTION,
    600: BUSY,
    603: DECLINED,
    604: UNKNOWN_NUMBER,
}
"""RFC 3261, 21: final answers to an INVITE."""

BY_CAUSE = {
    1: UNKNOWN_NUMBER,
    16: HUNG_UP,
    17: BUSY,
    18: NO_ANSWER,
    19: NO_ANSWER,
    20: UNAVAILABLE,
    21: DECLINED,
    28: UNKNOWN_NUMBER,
    34: CONGESTION,
    38: DROPPED,
    41: DROPPED,
    42: CONGESTION,
    NO_SOUND: DROPPED,
    58: NOT_ACCEPTABLE,
    127: WITHDRAWN,
}
"""ITU-T Q.850, table 1."""


def unanswered(cause: int | None, tech_cause: int | None, rang: bool) -> str:
    """Why a leg was not answered. A phone that rang and a 480 after it look alike in both numbers: that it rang tells
    them apart."""
    said = BY_SIP.get(tech_cause or 0) or BY_CAUSE.get(cause or 0) or DROPPED
    if said == UNAVAILABLE and rang:
        return NO_ANSWER
    return NO_ANSWER if said == HUNG_UP else said


def not_made(status: int, phone_away: bool) -> str:
    """Why a leg was refused. Asterisk says 500, "Allocation failed", whatever it lacks: a phone that has not signed on,
    a trunk of that name, a port for sound."""
    if status != 500:
        return UNAVAILABLE
    return UNREGISTERED if phone_away else SWITCH_FAILED


def ended(cause: int | None) -> str:
    """Why a leg that had been answered is over; without a cause (StasisEnd has none) whoever was on it hung up."""
    said = BY_CAUSE.get(cause, DROPPED) if cause else HUNG_UP
    return said if said in (HUNG_UP, DROPPED) else DROPPED
