"""Live contacts. Ended ones are in the history."""

from bisect import bisect_right
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api import live
from app.api.deps import READS, Using
from app.api.paging import Paged
from app.api.problems import problem_responses
from app.api.schemas.floor import ContactOut, ContactPage
from app.core.errors import NotFound

router = APIRouter(prefix="/calls", tags=["calls"], dependencies=[READS])

PlatformsId = Annotated[str | None, Query(max_length=500, description="only this call, by the platform's own id")]


class NotLive(NotFound):
    """No live contact has this id."""

    code = "contact-not-live"


@router.get("", response_class=Response, responses={200: {"model": ContactPage}})
async def list_calls(using: Using, page: Paged, call_id: PlatformsId = None) -> Response:
    """What is on the floor now, in order of arrival."""
    found = await live.contacts(using)
    if call_id is not None:
        found = [contact for contact in found if contact["call_id"] == call_id]
    start = bisect_right(found, page.after(str) or "", key=lambda contact: str(contact["id"]))
    items, after = page.cut(found[start : start + page.limit + 1], key=lambda contact: contact["id"])
    return live.told({"items": items, "next": after})


@router.get("/{contact_id}", response_class=Response, responses={200: {"model": ContactOut}, **problem_responses(404)})
async def get_call(contact_id: str, using: Using) -> Response:
    """One live contact."""
    for contact in await live.contacts(using):
        if contact["id"] == contact_id:
            return live.told(contact)
    raise NotLive(f"The contact {contact_id!r} is not on the floor; if it has ended, it is among the interactions.")
