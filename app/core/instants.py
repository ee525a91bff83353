"""Instants in other forms. Pure, so that what is pure may use it: the present instant comes from `app.core.clock`."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

CLOCKS_DIFFER = timedelta(minutes=5)
"""So far may the clock of another system be ahead of ours when it tells of something."""


def utc(instant: float) -> datetime:
    """An instant (epoch seconds) as an aware datetime in UTC, for the database and for people."""
    return datetime.fromtimestamp(instant, UTC)


@lru_cache(maxsize=16_384)  # a call's own instants are told again with each of its frames
def to_millisecond(instant: float) -> float:
    """An instant as `iso` shows it: cut, not rounded, to the millisecond."""
    whole = utc(instant)
    return whole.replace(microsecond=whole.microsecond // 1000 * 1000).timestamp()


@lru_cache(maxsize=16_384)  # as above, and all that one command does happens at one instant
def iso(instant: float) -> str:
    """An instant as RFC 3339 in UTC with milliseconds, the form that every wire carries."""
    return utc(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")
