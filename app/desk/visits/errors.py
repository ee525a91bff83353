"""What can be wrong with visits and with what is done about them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault
from app.customers.errors import VersionConflict


class VisitUnknown(NotFound):
    """No visit has that id."""

    code = "visit-unknown"

    def __init__(self, visit_id: UUID) -> None:
        super().__init__(f"There is no visit {visit_id}.", id=str(visit_id))


class VisitChanged(VersionConflict):
    """The visit has been changed since it was read."""

    code = "version-conflict"

    def __init__(self, given: int, present: int) -> None:
        super().__init__(given, present, "the visit")


class VisitRefuses(Conflict):
    """What is asked does not fit the status of the visit."""

    code = "visit-status"

    def __init__(self, act: str, status: str, accepted: Sequence[str]) -> None:
        other = f"; what can be done: {', '.join(accepted)}" if accepted else ", which is its end"
        detail = f"Cannot {act.replace('_', ' ')}: the visit is {status}{other}."
        super().__init__(detail, state=status, accepted=list(accepted))


class NobodyAssigned(Conflict):
    """Nobody was assigned who could go."""

    code = "nobody-assigned"

    def __init__(self, act: str, status: str) -> None:
        detail = f"Cannot {act.replace('_', ' ')}: no engineer is assigned. Assign one first."
        super().__init__(detail, state=status, accepted=["assign"])


class WindowUnfit(Invalid):
    """An appointment that cannot be."""

    code = "window-unfit"

    def __init__(self, found: list[dict[str, str]]) -> None:
        told = "; ".join(f"{each['where']} {each['what']}" for each in found)
        super().__init__(f"There can be no such appointment: {told}.", faults=found)


class UnfitEngineer(Invalid):
    """Nobody is that agent, or they do not work any more."""

    code = "engineer-unfit"

    def __init__(self, engineer: str, what: str) -> None:
        accepted = "the id of an active agent, see GET /api/v1/agents; null: nobody"
        super().__init__(f"The agent {engineer!r} {what}.", faults=[fault("body.engineer", what, accepted)])


class BusyEngineer(Conflict):
    """The engineer has another visit within the window."""

    code = "engineer-busy"

    def __init__(self, engineer: str, visit_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
        window = f"{starts_at.isoformat()} to {ends_at.isoformat()}"
        detail = f"{engineer!r} has the visit {visit_id} from {window}: take another window or another engineer."
        told = {"visit_id": str(visit_id), "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        super().__init__(detail, engineer=engineer, **told)


class SiteUnfit(Invalid):
    """The customer has no such address, or several."""

    code = "site-unfit"

    def __init__(self, what: str, kinds: Sequence[str]) -> None:
        own = ", ".join(map(repr, kinds))
        accepted = f"the kind of one address of the customer ({own})" if kinds else "an address: the customer has none"
        told = fault("body.site.kind", what, f"{accepted}; or `lines`")
        super().__init__(f"The site of the visit {what}.", faults=[told])


class CaseUnfit(Invalid):
    """There is no such case, or it is of another customer."""

    code = "case-unfit"

    def __init__(self, case_id: UUID, what: str) -> None:
        told = fault("body.case_id", what, "the id of a case of this customer, or null")
        super().__init__(f"The case {case_id} {what}.", faults=[told])
