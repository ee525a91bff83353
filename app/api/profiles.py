"""The 360 view of a customer, and who has looked at it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response

from app.api.deps import OVERSEES, SIGNED_IN, Read, Using
from app.api.paging import Paged
from app.api.problems import problem_responses
from app.api.reading import written_down
from app.api.schemas.profiles import ProfileOut, ReadOut, ReadPage
from app.customers.errors import CustomerNotFound
from app.customers.profiles.reads import reads_of

router = APIRouter(
    prefix="/customers/{customer_id}", tags=["customers"], dependencies=[SIGNED_IN], responses=problem_responses(404)
)


@router.get(
    "/profile",
    response_class=Response,
    responses={200: {"model": ProfileOut}},
    dependencies=[written_down("profile")],
)
async def get_profile(customer_id: UUID, using: Using) -> Response:
    """Everything there is to see of a customer, in one read; of one that was merged, of who survives. A part that
    cannot be read says so (`unavailable`) and keeps nothing else back."""
    told = await using.profiles.read(customer_id)
    if told is None:
        raise CustomerNotFound(customer_id)
    return Response(told.body, media_type="application/json")


@router.get("/reads", dependencies=[OVERSEES])
async def list_reads(customer_id: UUID, session: Read, page: Paged) -> ReadPage:
    """Who has looked at this customer's data, when and why, the newest first; with the reads of whoever was merged into
    them. Screen pops are among them."""
    rows = await reads_of(session, customer_id, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return ReadPage(items=[ReadOut.model_validate(row) for row in items], next=after)
