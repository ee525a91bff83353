"""The shared history: contacts that have ended."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Read, Using, Write, current_user
from app.api.http.gates import require
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.interactions import EntryOut, InteractionDetailOut, NoteIn
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.interactions import queries, service

router = ResourceRouter(prefix="/interactions", tags=["interactions"], dependencies=[Depends(current_user)])

Person = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]


@router.get("/{interaction_id}", responses=problem_responses(404))
async def get_interaction(
    interaction_id: UUID, session: Read, reading: Annotated[Reading, read_of("interaction")]
) -> InteractionDetailOut:
    """One contact with its timeline."""
    found = await queries.get_interaction(session, interaction_id)
    reading.of(found.interaction.customer_id)
    return InteractionDetailOut.of(found)


@router.post("/{interaction_id}/entries", status_code=201, responses=problem_responses(404))
async def append_note(interaction_id: UUID, given: NoteIn, session: Write, using: Using, user: Person) -> EntryOut:
    """Add a note to the end of the timeline."""
    entry = await service.append_note(session, interaction_id, text=given.text, by=user.id, at=utc(using.clock()))
    return EntryOut.model_validate(entry)
