"""When somebody is to come: an appointment as a window of time by the clocks of a place. Pure."""

from datetime import datetime, timedelta

import msgspec

from app.core.wire import fault
from app.customers.agreements.clauses import zone_known
from app.desk.visits.errors import WindowUnfit

LONGEST = timedelta(days=31)
AHEAD = timedelta(days=3 * 366)


class Window(msgspec.Struct, frozen=True):
    """Somebody comes from `starts_at` up to, not including, `ends_at`; `time_zone` is that of the site, by whose
    clocks it was agreed."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str


def ensure_fit(window: Window, now: datetime) -> None:
    """Raises WindowUnfit with all that is wrong: an end that is not after the beginning, or over already, a window of
    more than 31 days, one more than three years away, no time zone. One that has begun may be kept still."""
    found = []
    start, end = window.starts_at, window.ends_at
    if start > now + AHEAD:
        accepted = f"an instant before {(now + AHEAD).isoformat(timespec='seconds')}"
        found.append(fault("body.window.starts_at", "is more than three years away", accepted))
    elif end <= start:
        accepted = f"an instant after {start.isoformat()}"
        found.append(fault("body.window.ends_at", "is not after it begins", accepted))
    elif end - start > LONGEST:
        accepted = f"an instant up to {(start + LONGEST).isoformat()}"
        found.append(fault("body.window.ends_at", f"is more than {LONGEST.days} days after it begins", accepted))
    elif end <= now:
        accepted = f"an instant after {now.isoformat(timespec='seconds')}"
        found.append(fault("body.window.ends_at", "is over already", accepted))
    if not zone_known(window.time_zone):
        accepted = "an IANA name such as Asia/Shanghai or Europe/Berlin"
        found.append(fault("body.window.time_zone", "is not a time zone", accepted))
    if found:
        raise WindowUnfit(found)
