"""What every endpoint that shows a customer's data does: it asks why, and has the read written down."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import StringConstraints

from app.api.deps import CurrentUser, Using
from app.api.schemas.common import PRINTABLE
from app.auth.tokens import Principal
from app.core.errors import Invalid
from app.core.wire import fault

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE)]
BecauseOf = Annotated[UUID | None, Query(description="the contact for whose sake you read; written down with the read")]
ForReason = Annotated[Why | None, Query(description="why you read, without a contact; written down with the read")]


class ReasonMissing(Invalid):
    """Neither a contact nor a reason was given, and here one is needed."""

    code = "reason-missing"


def ensure_reason(user: Principal, contact: UUID | None, reason: str | None, where: str = "query.") -> None:
    """Raises ReasonMissing, of `where`, unless somebody says why they read; other systems need not."""
    if contact is None and reason is None and user.role != "integration":
        found = [fault(f"{where}reason", "is missing, and so is `contact`", "why you read, or the contact's id")]
        raise ReasonMissing("Say for which contact or why you read the customer's data.", faults=found)


def written_down(what: str) -> Any:
    """For `dependencies=` of a route with a `customer_id` in its path: who read `what` of the customer is kept. Whoever
    is let through reads; the read is noted once the answer is made."""

    async def note(
        request: Request, using: Using, user: CurrentUser, contact: BecauseOf = None, reason: ForReason = None
    ) -> AsyncIterator[None]:
        if using.reason_needed:
            ensure_reason(user, contact, reason)
        using.reads.check()
        yield
        customer_id = UUID(request.path_params["customer_id"])  # the route has read it, or nothing was shown
        using.reads.note(user.id, user.role, customer_id, what, contact, reason)

    return Depends(note, scope="function")
