"""What is kept about a contact beside its history: why it went to whom."""

from uuid import UUID

from fastapi import APIRouter

from app.api.deps import OVERSEES, Read
from app.api.paging import Paged
from app.api.problems import problem_responses
from app.api.schemas.contacts import DecisionOut, DecisionPage
from app.floor import queries

router = APIRouter(prefix="/contacts", tags=["contacts"], dependencies=[OVERSEES])


@router.get("/{contact_id}/decisions", responses=problem_responses(404))
async def list_decisions(contact_id: UUID, session: Read, page: Paged) -> DecisionPage:
    """Each offer of the contact, oldest first: to whom, and by which reasons. Live and ended contacts alike."""
    rows = await queries.decisions(session, contact_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.seq)
    return DecisionPage(items=[DecisionOut.model_validate(row) for row in items], next=after)
