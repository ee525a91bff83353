"""The 360 view of a customer, and who has looked at it."""

from datetime import datetime
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant

from app.api.http.claiming import LOOKS
from app.api.http.customer_reads import written_down
from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import OVERSEES, SIGNED_IN, Gate, role_missing
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.profiles import ProfileOut, ReadOut, ReadPage, RevealedOut, RevealIn
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.customers.errors import CustomerNotFound
from app.customers.profiles.reads import reads_of
from app.customers.revealing import Wanted, reveal

router = ResourceRouter(
    prefix="/customers/{customer_id}", tags=["customers"], dependencies=[SIGNED_IN], responses=problem_responses(404)
)


@router.get(
    "/profile",
    response_class=Response,
    responses={200: {"model": ProfileOut}},
    dependencies=[written_down("profile")],
)
async def get_profile(customer_id: UUID, using: Using, user: CurrentUser) -> Response:
    """Everything there is to see of a customer, in one read; of one that was merged, of who survives. A part that
    cannot be read says so (`unavailable`) and keeps nothing else back."""
    told = await using.profiles.read(customer_id)
    if told is None:
        raise CustomerNotFound(customer_id)
    return Response(told.body(using.masking.sight(user.role)), media_type="application/json")


class _Reveals(Gate):
    """Lets roles pass that may have something revealed, whatever it is."""

    def ensure(self, user: Principal, request: Request, route: Dependant) -> None:
        """Raises `RoleMissing`."""
        allowed = frozenset().union(*request.app.state.services.masking.reveal.values())
        if user.role not in allowed:
            raise role_missing(user, sorted(allowed))


@router.post("/reveal", dependencies=[LOOKS, Depends(_Reveals())], responses=problem_responses(429))
async def reveal_values(
    customer_id: UUID, given: RevealIn, session: Write, using: Using, user: CurrentUser
) -> RevealedOut:
    """Show whole what you see masked. Who did it, when, of whom, which field and why is written into the audit log
    (`customer.revealed`), the value is not. So many an hour are allowed."""
    allowed = using.masking.reveal.get(given.field, frozenset())
    if user.role not in allowed:
        raise role_missing(user, sorted(allowed))
    using.reads.check()
    wanted = Wanted(who=user.id, kind=given.field, shown=given.shown, why=given.reason)
    sight, now = using.masking.sight(user.role), utc(using.clock())
    values = await reveal(session, customer_id, wanted, sight, now, using.reveals_an_hour)
    using.reads.note(user.id, user.role, customer_id, "revealed", why=given.reason)
    return RevealedOut(field=given.field, values=values)


@router.get("/reads", dependencies=[OVERSEES])
async def list_reads(customer_id: UUID, session: Read, page: Paged) -> ReadPage:
    """Who has looked at this customer's data, when and why, the newest first; with the reads of whoever was merged into
    them. Screen pops are among them."""
    rows = await reads_of(session, customer_id, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return ReadPage(items=[ReadOut.model_validate(row) for row in items], next=after)
