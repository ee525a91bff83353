"""Live contacts. Ended ones are in the history."""

from heapq import nsmallest
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.api.http import live
from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Using
from app.api.http.gates import READS
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.floor import ContactOut, ContactPage
from app.core.errors import NotFound
from app.floor.memory.entities import Contact
from app.floor.memory.views import contact_view

router = ResourceRouter(prefix="/calls", tags=["calls"], dependencies=[READS])

PlatformsId = Annotated[str | None, Query(max_length=500, description="only this call, by the platform's own id")]


class NotLive(NotFound):
    """No live contact has this id."""

    code = "contact-not-live"


@router.get("", response_class=Response, responses={200: {"model": ContactPage}})
async def list_calls(
    using: Using, page: Paged, reading: Annotated[Reading, read_of("call")], call_id: PlatformsId = None
) -> Response:
    """What is on the floor now, in order of arrival."""
    found = await live.contacts(using)
    if call_id is not None:
        found = tuple(contact for contact in found if contact.call.id == call_id)
        reading.of_each(map(_whose, found))  # who names a call reads of whom it is
    after = page.after(str) or ""
    following = nsmallest(page.limit + 1, (contact for contact in found if contact.id > after), key=_id)
    items, rest = page.cut(following, key=_id)
    return live.told({"items": [contact_view(contact) for contact in items], "next": rest})


@router.get("/{contact_id}", response_class=Response, responses={200: {"model": ContactOut}, **problem_responses(404)})
async def get_call(contact_id: str, using: Using, reading: Annotated[Reading, read_of("call")]) -> Response:
    """One live contact."""
    for contact in await live.contacts(using):
        if contact.id == contact_id:
            reading.of(_whose(contact))
            return live.told(contact_view(contact))
    raise NotLive(f"The contact {contact_id!r} is not on the floor; if it has ended, it is among the interactions.")


def _whose(contact: Contact) -> UUID | None:
    return UUID(contact.customer.id) if contact.customer is not None else None


def _id(contact: Contact) -> str:
    return contact.id
