"""The 360 view of a customer."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.api.deps import SIGNED_IN, Using
from app.api.problems import problem_responses
from app.api.schemas.profiles import ProfileOut
from app.customers.errors import CustomerNotFound

router = APIRouter(
    prefix="/customers/{customer_id}", tags=["customers"], dependencies=[SIGNED_IN], responses=problem_responses(404)
)


@router.get("/profile", response_class=Response, responses={200: {"model": ProfileOut}})
async def get_profile(customer_id: UUID, using: Using) -> Response:
    """Everything there is to see of a customer, in one read; of one that was merged, of who survives. A part that
    cannot be read says so (`unavailable`) and keeps nothing else back."""
    told = await using.profiles.read(customer_id)
    if told is None:
        raise CustomerNotFound(customer_id)
    return Response(told.body, media_type="application/json")
