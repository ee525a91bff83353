"""The header Retry-After, with which whoever answers asks to be left alone for a while (RFC 9110)."""

from email.utils import parsedate_to_datetime


def seconds_asked(value: str | None, now: float) -> float | None:
    """The header in seconds from `now` (epoch seconds), whether it is given as seconds or as a date; None where it is
    not there or cannot be read."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value) if len(value) < 10 else None  # nobody means thirty years
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
