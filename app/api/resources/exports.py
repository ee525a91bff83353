"""All that is kept of one customer, to be given to them. Who takes it, and why, is in the audit log and among the reads
of the customer."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

from starlette.responses import StreamingResponse

from app.api.http.deps import CurrentUser, Using
from app.api.http.gates import ADMINISTRATES
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.history import ExportIn
from app.audit.service import act_as
from app.core.clock import utc
from app.history.exporting import export, note_export
from app.history.forms import FORMS

router = ResourceRouter(tags=["history"], dependencies=[ADMINISTRATES])

PIECE = 64 * 1024


@router.post(
    "/customers/{customer_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {}, "application/pdf": {}}, "description": "All of it."},
        **problem_responses(404),
    },
)
async def export_customer(customer_id: UUID, given: ExportIn, using: Using, user: CurrentUser) -> StreamingResponse:
    """Everything that is kept of the customer, or of who survives them, and of whoever was merged into them: as JSON
    that describes itself, or as PDF. It is read in one snapshot before the answer begins."""
    using.reads.check()
    async with using.sessions.write() as session:
        await act_as(session, user.id)
        now = utc(using.clock())
        head = await note_export(session, customer_id, given.format, given.reason, user.id, now)
    using.reads.note(user.id, user.role, head.customer_id, "export", why=given.reason)
    file, media_type = await export(using.sessions, head, FORMS[given.format])
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": f'attachment; filename="customer-{head.customer_id}.{given.format}"',
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(_pieces(file), 200, headers, media_type)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """The file bit by bit; closed at the end, also when nobody listens any more."""
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        file.close()
