"""The header Retry-After, with which whoever answers asks to be left alone for a while (RFC 9110)."""

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 366 * 86_400.0
"""Seconds: who asks for more than a year gets a year, with which can be reckoned."""


def seconds_asked(value: str | None, now: float) -> float | None:
    """The header in seconds from `now` (epoch seconds), whether it is given as seconds or as a date; None where it is
    not there or cannot be read."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value.strip()), LONGEST)
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)  # one form of a date names no zone, and is of UTC
        return min(max(0.0, at.timestamp() - now), LONGEST)
    except (ValueError, OverflowError):
        return None
