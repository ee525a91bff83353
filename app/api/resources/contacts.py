"""What is known of a contact beside its history: why it went to whom, and how long it will still wait."""

from uuid import UUID

from app.api.http import live
from app.api.http.deps import Read, Using
from app.api.http.gates import OVERSEES, READS
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.contacts import DecisionOut, DecisionPage, WaitOut
from app.floor.commands import TellWait
from app.floor.journal import queries

router = ResourceRouter(prefix="/contacts", tags=["contacts"])


@router.get("/{contact_id}/decisions", dependencies=[OVERSEES], responses=problem_responses(404))
async def list_decisions(contact_id: UUID, session: Read, page: Paged) -> DecisionPage:
    """Each offer of the contact, and what its queues made of it, oldest first: why, as data and in sentences. Live and
    ended contacts alike."""
    rows = await queries.decisions(session, contact_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.seq)
    return DecisionPage(items=[DecisionOut.model_validate(row) for row in items], next=after)


@router.get("/{contact_id}/wait", dependencies=[READS], responses=problem_responses(404, 409))
async def get_wait(contact_id: UUID, using: Using) -> WaitOut:
    """The place of a waiting contact in its queue and how long it will still take, for announcements and people."""
    return WaitOut.model_validate(await live.ask(using, TellWait(contact_id=str(contact_id))))
