"""Queues as records."""

from fastapi import APIRouter

from app.api.deps import ADMINISTRATES, SIGNED_IN, Read, Write
from app.api.paging import Paged
from app.api.problems import problem_responses
from app.api.schemas.queues import QueueIn, QueueOut, QueuePage, QueuePatch
from app.floor.queries import contacts_in
from app.routing import queries, service

router = APIRouter(prefix="/queues", tags=["queues"])


@router.get("", dependencies=[SIGNED_IN])
async def list_queues(session: Read, page: Paged) -> QueuePage:
    """All queues with the skills that they require."""
    rows = await queries.queues(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.queue.id)
    return QueuePage(items=[QueueOut.of(row) for row in items], next=after)


@router.get("/{queue_id}", dependencies=[SIGNED_IN], responses=problem_responses(404))
async def get_queue(queue_id: str, session: Read) -> QueueOut:
    """One queue."""
    return QueueOut.of(await queries.queue(session, queue_id))


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_queue(given: QueueIn, session: Write) -> QueueOut:
    """A new queue."""
    return QueueOut.of(await service.create_queue(session, **given.model_dump()))


@router.patch("/{queue_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_queue(queue_id: str, given: QueuePatch, session: Write) -> QueueOut:
    """Change a queue; contacts that wait in it follow the new rules at once."""
    changes = given.model_dump(exclude_unset=True)
    return QueueOut.of(await service.change_queue(session, queue_id, changes))


@router.delete("/{queue_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_queue(queue_id: str, session: Write) -> None:
    """Remove a queue to which no dialled number leads and in which nobody is."""
    await service.delete_queue(session, queue_id, live=await contacts_in(session, queue_id))
