"""The life of a visit as a table. Pure."""

from collections.abc import Mapping

from app.desk.visits.errors import VisitRefuses

LIVE = ("requested", "scheduled", "dispatched", "en_route", "on_site")
OVER = ("completed", "cancelled", "no_access")
STATUSES = (*LIVE, *OVER)
ON_DUTY = ("scheduled", "dispatched", "en_route", "on_site")
"""While a visit is one of these, its engineer has no other within its window."""

AFTER: Mapping[tuple[str, str], str] = {
    ("requested", "schedule"): "scheduled",
    ("requested", "assign"): "requested",
    ("requested", "cancel"): "cancelled",
    ("scheduled", "schedule"): "scheduled",
    ("scheduled", "assign"): "scheduled",
    ("scheduled", "dispatch"): "dispatched",
    ("scheduled", "set_out"): "en_route",
    ("scheduled", "arrive"): "on_site",
    ("scheduled", "cancel"): "cancelled",
    ("dispatched", "schedule"): "scheduled",
    ("dispatched", "assign"): "scheduled",
    ("dispatched", "set_out"): "en_route",
    ("dispatched", "arrive"): "on_site",
    ("dispatched", "no_access"): "no_access",
    ("dispatched", "cancel"): "cancelled",
    ("en_route", "schedule"): "scheduled",
    ("en_route", "assign"): "scheduled",
    ("en_route", "arrive"): "on_site",
    ("en_route", "no_access"): "no_access",
    ("en_route", "cancel"): "cancelled",
    ("on_site", "complete"): "completed",
    ("on_site", "no_access"): "no_access",
    ("on_site", "cancel"): "cancelled",
    ("no_access", "schedule"): "scheduled",
    ("no_access", "cancel"): "cancelled",
}
"""(status, act) -> status. Who is out there tells late, so a step may be left out. A new appointment, or another
engineer, takes back that somebody was sent; where nobody was there, a new appointment goes on with the same visit."""

ACTS = frozenset(act for _, act in AFTER)
STEPS = ("dispatch", "set_out", "arrive")
"""What an engineer does on the day, before the visit is over; each needs one."""


def after(status: str, act: str) -> str:
    """The status after an act. Raises VisitRefuses, which tells what can be done instead."""
    found = AFTER.get((status, act))
    if found is None:
        raise VisitRefuses(act, status, sorted(possible for before, possible in AFTER if before == status))
    return found
