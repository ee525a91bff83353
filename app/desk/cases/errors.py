"""What can be wrong with a case and with what is done about it."""

from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault
from app.customers.errors import VersionConflict


class CaseUnknown(NotFound):
    """No case has that id, or it was of somebody who was erased."""

    code = "case-unknown"

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"There is no case {case_id}.", id=str(case_id))


class CaseRefuses(Conflict):
    """What is asked does not fit the status of the case."""

    code = "case-status"

    def __init__(self, act: str, status: str, accepted: list[str]) -> None:
        stands = status.replace("_", " ")
        detail = f"Cannot {act}: the case is {stands}; what can be done: {', '.join(accepted)}."
        super().__init__(detail, state=status, accepted=accepted)


class CaseChanged(VersionConflict):
    """The case has been changed since it was read."""

    code = "version-conflict"

    def __init__(self, given: int, present: int) -> None:
        super().__init__(given, present, "the case")


class CustomerWasErased(Conflict):
    """The customer for whom something is to be opened was erased."""

    code = "customer-erased"

    def __init__(self, customer_id: UUID, erasure: UUID) -> None:
        detail = f"The customer {customer_id} was erased: nothing is opened for them. Who calls again has a new record."
        super().__init__(detail, customer_id=str(customer_id), erasure=str(erasure))


class TeamUnknown(Invalid):
    """No team has that id."""

    code = "team-unknown"

    def __init__(self, team: str) -> None:
        told = fault("body.team", f"there is no team {team!r}", "null or the id of a team, see GET /api/v1/teams")
        super().__init__(f"There is no team {team!r}.", faults=[told])


class ContactUnknown(Invalid):
    """No contact has that id, neither one that lives nor one that has ended."""

    code = "contact-unknown"

    def __init__(self, contact_id: UUID) -> None:
        told = fault("body.contact_id", "is no contact's", "the id of a contact that lives or has ended")
        super().__init__(f"There is no contact {contact_id}.", faults=[told])


class ContactOfAnother(Conflict):
    """The contact was with somebody else than the case is of."""

    code = "contact-of-another"

    def __init__(self, contact_id: UUID) -> None:
        super().__init__(
            f"The contact {contact_id} was with another customer: merge the two if they are one, or open a case for "
            "that customer.",
            contact_id=str(contact_id),
        )


class ContactLinked(Conflict):
    """The contact is linked to the case already."""

    code = "contact-linked"

    def __init__(self, contact_id: UUID) -> None:
        super().__init__(f"The contact {contact_id} is linked to the case already.", contact_id=str(contact_id))


class FollowedUnfit(Conflict):
    """What a case is to follow is not over, or is another customer's."""

    code = "followed-unfit"

    def __init__(self, why: str, accepted: str, **facts: str) -> None:
        super().__init__(f"The case to be followed {why}: {accepted}.", **facts)
