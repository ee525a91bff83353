"""The history of a customer: the timeline of everything, and looking for words in what people wrote."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Depends, Query

from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using
from app.api.http.gates import OVERSEES, SIGNED_IN
from app.api.http.paging import BadCursor, Paged, Window
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE, GivenInstant
from app.api.schemas.history import FoundOut, FoundPage, TimelineEntryOut, TimelinePage
from app.core.clock import utc
from app.core.wire import fault
from app.history import timeline as history
from app.history.source import Asked, Place

router = ResourceRouter(tags=["history"], dependencies=[SIGNED_IN])

Kinds = Annotated[list[Literal[history.KINDS]] | None, Query(alias="kind", description="of one of these kinds")]  # type: ignore[valid-type]
Since = Annotated[GivenInstant | None, Query(description="at this instant or later")]
Until = Annotated[GivenInstant | None, Query(description="before this instant")]
Agent = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="by this login, or served by it")]
WORDS = "words that somebody wrote: Chinese anywhere, of other scripts the beginnings of words; all of them"
Words = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description=WORDS)]
SomeWords = Annotated[str, Query(alias="q", max_length=200, pattern=PRINTABLE, description=WORDS)]


async def _filters(
    kinds: Kinds = None, since: Since = None, until: Until = None, agent: Agent = None
) -> dict[str, object]:
    return {"kinds": tuple(kinds or ()), "since": since, "until": until, "agent": agent}


Filters = Annotated[dict[str, object], Depends(_filters)]


@router.get(
    "/customers/{customer_id}/timeline", responses=problem_responses(404), dependencies=[written_down("timeline")]
)
async def get_timeline(
    customer_id: UUID, session: Read, page: Paged, filters: Filters, q: Words = None
) -> TimelinePage:
    """Everything that happened with the customer and whoever was merged into them, newest first."""
    asked = Asked(**filters, q=q)  # type: ignore[arg-type]
    mark = _mark(customer_id, asked)
    entries = await history.timeline(session, customer_id, asked, page.limit + 1, _place(page, mark))
    items, after = _cut(page, mark, entries)
    return TimelinePage(items=[TimelineEntryOut(**TimelineEntryOut.fields_of(entry)) for entry in items], next=after)


@router.get("/history/search", dependencies=[OVERSEES])
async def search_history(session: Read, using: Using, page: Paged, filters: Filters, q: SomeWords) -> FoundPage:
    """Contacts and notes of all customers in which words are found, newest first."""
    asked = Asked(**filters, q=q)  # type: ignore[arg-type]
    mark = _mark(None, asked)
    found = await history.search(session, asked, utc(using.clock()), page.limit + 1, _place(page, mark))
    items, after = page.cut(found, key=lambda each: (mark, *each.entry.place))
    return FoundPage(items=[FoundOut.of(each) for each in items], next=after)


def _cut(page: Window, mark: str, entries: Sequence[history.Entry]) -> tuple[Sequence[history.Entry], str | None]:
    return page.cut(entries, key=lambda entry: (mark, *entry.place))


def _mark(customer_id: UUID | None, asked: Asked) -> str:
    """What a cursor belongs to: with other filters it would skip entries in silence."""
    told = msgspec.json.encode((customer_id, sorted(asked.kinds), asked.since, asked.until, asked.agent, asked.q))
    return hashlib.blake2s(told, digest_size=6).hexdigest()


def _place(page: Window, mark: str) -> Place | None:
    key = page.after(tuple[str, datetime, str, str])
    if key is None:
        return None
    place = Place(*key[1:])
    if key[0] != mark or not history.fits(place):
        told = fault("query.cursor", "not a cursor of this list", "`next` of a page with the same filters")
        raise BadCursor("The cursor is not one that was given with these filters.", faults=[told])
    return place
