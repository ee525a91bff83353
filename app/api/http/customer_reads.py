"""What every endpoint that shows a customer's data does: it asks why, and has the read written down."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import StringConstraints

from app.api.http.deps import CurrentUser, Using
from app.api.http.services import Services
from app.api.schemas.common import PRINTABLE
from app.auth.access_tokens import Principal
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


class Reading:
    """One request that reads, and for whose sake or why."""

    def __init__(self, using: Services, user: Principal, contact: UUID | None, reason: str | None) -> None:
        self._using = using
        self._user = user
        self._why = (contact, reason)
        self._of: list[UUID] = []

    def ensure_free(self) -> None:
        """Raises ReasonMissing, and ReadsBehind where no more can be noted."""
        if self._using.reason_needed:
            ensure_reason(self._user, *self._why)
        self._using.reads.check()

    def of(self, customer_id: UUID | None) -> None:
        """What is going to be answered tells of this customer, or of none. Raises as `ensure_free`."""
        if customer_id is not None:
            self.ensure_free()
            self._of.append(customer_id)

    def of_each(self, customers: Iterable[UUID | None]) -> None:
        """The same of several; of each of them it is one read."""
        for each in dict.fromkeys(customers):
            if each not in self._of:
                self.of(each)

    def note(self, what: str, *others: UUID) -> None:
        """It has been answered."""
        for each in (*self._of, *others):
            self._using.reads.note(self._user.id, self._user.role, each, what, *self._why)


async def _reading(using: Using, user: CurrentUser, contact: BecauseOf = None, reason: ForReason = None) -> Reading:
    return Reading(using, user, contact, reason)


_Begun = Annotated[Reading, Depends(_reading)]


def written_down(what: str) -> Any:
    """For `dependencies=` of a route with a `customer_id` in its path: who read `what` of the customer is kept. Whoever
    is let through reads; the read is noted once the answer is made."""

    async def note(request: Request, reading: _Begun) -> AsyncIterator[None]:
        reading.ensure_free()
        yield
        reading.note(what, UUID(request.path_params["customer_id"]))  # the route has read it, or nothing was shown

    return Depends(note, scope="function")


def read_of(what: str) -> Any:
    """For a route that knows of whom it tells only when it has found it: it gets the `Reading` and says so by `of`."""

    async def note(reading: _Begun) -> AsyncIterator[Reading]:
        yield reading
        reading.note(what)

    return Depends(note, scope="function")
