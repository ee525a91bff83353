"""Queues as records."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.api.http.deps import Read, Write, services
from app.api.http.faults import validation_refusal
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.queues import QueueDetailOut, QueueIn, QueueOut, QueuePage, QueuePatch
from app.core.errors import Invalid
from app.floor.journal.queries import contacts_in
from app.ivr.records.removals import delete_queue as remove_queue
from app.routing.records import queries, queues


class DefinitionRoute(APIRoute):
    """Where the form of a definition is at fault, tells with that also what is wrong with the rest of it, so that
    whoever wrote it mends all of it at once."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with more to tell."""
        handle = super().get_route_handler()

        async def thorough(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise await _all_faults(request, validation_refusal(error, self), error.body) from error

        return thorough


router = ResourceRouter(prefix="/queues", tags=["queues"], route_class=DefinitionRoute)


@router.get("", dependencies=[SIGNED_IN])
async def list_queues(session: Read, page: Paged) -> QueuePage:
    """All queues with the skills that they require."""
    rows = await queries.queues(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.queue.id)
    return QueuePage(items=[QueueOut.of(row) for row in items], next=after)


@router.get("/{queue_id}", dependencies=[SIGNED_IN], responses=problem_responses(404))
async def get_queue(queue_id: str, session: Read) -> QueueDetailOut:
    """One queue, with what of it nobody could meet at present."""
    found = await queries.queue(session, queue_id)
    return QueueDetailOut.of(found, warnings=await queues.warnings_of_queue(session, found))


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_queue(given: QueueIn, session: Write) -> QueueDetailOut:
    """A new queue. What none of the agents that there are could meet is told as warnings."""
    made = await queues.create_queue(session, **given.model_dump())
    return QueueDetailOut.of(made, warnings=await queues.warnings_of_queue(session, made))


@router.patch("/{queue_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_queue(queue_id: str, given: QueuePatch, session: Write) -> QueueDetailOut:
    """Change a queue; contacts that wait in it follow the new rules at once."""
    # not `exclude_unset`: within a step that is sent, what is left out is not asked for
    changed = await queues.change_queue(session, queue_id, given.model_dump())
    return QueueDetailOut.of(changed, warnings=await queues.warnings_of_queue(session, changed))


@router.delete("/{queue_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_queue(queue_id: str, session: Write) -> None:
    """Remove a queue to which no dialled number and no published flow leads and in which nobody is."""
    await remove_queue(session, queue_id, live=await contacts_in(session, queue_id))


async def _all_faults(request: Request, refusal: Invalid, body: Any) -> Invalid:
    formal: list[dict[str, Any]] = refusal.facts["faults"]
    if not isinstance(body, dict):
        return refusal
    using = await services(request)
    rules = body | ({"id": request.path_params["queue_id"]} if "queue_id" in request.path_params else {})
    async with using.sessions.read() as session:
        more = await queues.faults(session, rules, body, [each["where"] for each in formal])
    found = [*formal, *more]
    places = ", ".join(each["where"] for each in found)
    return Invalid(f"The request has {len(found)} fault(s): {places}.", faults=found)
