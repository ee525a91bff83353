"""What can be wrong with agreements, allowances and what is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.customers.agreement_models import Agreement


class AgreementNotFound(NotFound):
    """The customer has no such agreement."""

    code = "agreement-not-found"

    def __init__(self, agreement_id: UUID) -> None:
        super().__init__(f"The customer has no agreement {agreement_id}.", id=str(agreement_id))


class AgreementUnfit(Invalid):
    """An agreement whose dates or clauses cannot be."""

    code = "agreement-unfit"


class AgreementsOverlap(Conflict):
    """The customer has another agreement for the product at the same time."""

    code = "agreements-overlap"

    def __init__(self, product: str, others: Sequence[Agreement]) -> None:
        found = [
            {
                "id": str(one.id),
                "valid_from": str(one.valid_from),
                "valid_until": one.valid_until and str(one.valid_until),
            }
            for one in others
        ]
        first = found[0]
        until = first["valid_until"] or "further notice"
        detail = (
            f"The agreement {first['id']} for {product!r} holds from {first['valid_from']} until {until}: end that one "
            "before this one begins, or name another product."
        )
        super().__init__(detail, agreements=found)


class AgreementInUse(Conflict):
    """An agreement by which contacts have been judged already."""

    code = "agreement-in-use"

    def __init__(self, agreement_id: UUID) -> None:
        detail = (
            "Contacts were judged by this agreement: set its status to 'ended' instead, so that they can be traced."
        )
        super().__init__(detail, id=str(agreement_id))


class NamesNoAllowance(Invalid):
    """A use of a clause that counts nothing, or of none at all."""

    code = "names-no-allowance"


class UsedOutside(Invalid):
    """A use of an allowance of an agreement that is not in force, or that has not taken place yet."""

    code = "used-outside-agreement"

    def __init__(self, faults: list[dict[str, str]]) -> None:
        super().__init__("This use cannot be counted by this agreement.", faults=faults)


class DueNotFound(NotFound):
    """Nothing of that id is or was due."""

    code = "due-not-found"

    def __init__(self, due_id: UUID) -> None:
        super().__init__(f"Nothing with the id {due_id} is due.", id=str(due_id))


class DueDone(Conflict):
    """Somebody has done it already."""

    code = "due-done"

    def __init__(self, due_id: UUID, by: str | None, at: datetime) -> None:
        detail = f"This was done by {by or 'somebody'} at {at.isoformat()}."
        super().__init__(detail, id=str(due_id), done_by=by, done_at=at.isoformat())
