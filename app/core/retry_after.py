"""The header Retry-After, with which whoever answers asks to be left alone for a while (RFC 9110)."""

from email.utils import parsedate_to_datetime

LONGEST = 366 * 86_400.0
"""Seconds: who asks for more than a year gets a year, with which can be reckoned."""


def seconds_asked(value: str | None, now: float) -> float | None:
    """The header in seconds from `now` (epoch seconds), whether it is given as seconds or as a date; None where it is
    not there or cannot be read."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), LONGEST)
    try:
        return min(max(0.0, parsedate_to_datetime(value).timestamp() - now), LONGEST)
    except (ValueError, TypeError, OverflowError):
        return None
