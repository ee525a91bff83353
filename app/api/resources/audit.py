"""The audit log: who changed what in the set-up, listened to which recording, signed in, and when."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from app.api.http.deps import Read
from app.api.http.gates import ADMINISTRATES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.audit import AuditEntryOut, AuditPage
from app.api.schemas.common import PRINTABLE, GivenInstant
from app.audit import queries
from app.audit.queries import Wanted

router = ResourceRouter(prefix="/audit", tags=["audit"], dependencies=[ADMINISTRATES], responses=problem_responses(403))

Who = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="changes by this login or API key")]
Action = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="e.g. flow.published")]
Kind = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="e.g. flow, queue, agent, source")]
Thing = Annotated[str | None, Query(max_length=400, pattern=PRINTABLE, description="the id of what was changed")]
Since = Annotated[GivenInstant | None, Query(description="changes at this instant or later")]
Until = Annotated[GivenInstant | None, Query(description="changes before this instant")]


@router.get("")
async def list_audit_entries(
    session: Read,
    page: Paged,
    who: Who = None,
    action: Action = None,
    kind: Kind = None,
    thing: Thing = None,
    since: Since = None,
    until: Until = None,
) -> AuditPage:
    """Changes of the set-up and sign-ins that fit all that is asked for, the newest first."""
    wanted = Wanted(who=who, action=action, kind=kind, thing=thing, since=since, until=until)
    rows = await queries.entries(session, wanted, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return AuditPage(items=[AuditEntryOut.model_validate(row) for row in items], next=after)
