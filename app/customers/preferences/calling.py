"""Whether somebody may be called at an instant, by their own wish. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.customers.agreements.clauses import WEEKDAYS
from app.customers.preferences.catalogue import CallHours


def may_be_called(hours: CallHours, at: datetime) -> bool:
    """Whether the instant lies within the hours."""
    local = at.astimezone(ZoneInfo(hours.time_zone))
    clock = f"{local:%H:%M}"
    return any(each.opens <= clock < each.closes for each in hours.weekly.get(WEEKDAYS[local.weekday()], ()))


def next_time(hours: CallHours, after: datetime) -> datetime | None:
    """When the hours next begin after the instant, in their time zone; None where they never do."""
    zone = ZoneInfo(hours.time_zone)
    local = after.astimezone(zone)
    for days in range(8):
        day = local.date() + timedelta(days=days)
        opens = (each.opens for each in hours.weekly.get(WEEKDAYS[day.weekday()], ()))
        for begin in sorted(opens):
            at = datetime(day.year, day.month, day.day, int(begin[:2]), int(begin[3:5]), tzinfo=zone)
            if at > local:
                return at
    return None
