"""How long which records are kept, what would go, and what went: for administrators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES, require
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.retention import (
    RetentionPoliciesOut,
    RetentionPolicyIn,
    RetentionPolicyOut,
    RetentionPreviewOut,
    RetentionPreviewsOut,
    RetentionRunOut,
    RetentionRunPage,
)
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.core.errors import Invalid
from app.core.wire import fault
from app.privacy import policies
from app.privacy.previewing import preview
from app.privacy.retaining import runs

router = ResourceRouter(prefix="/retention", tags=["privacy"], dependencies=[ADMINISTRATES])

Administrator = Annotated[Principal, Depends(require("administrator"))]
OfKind = Annotated[str | None, Query(max_length=64, description="only this kind")]
Tried = Annotated[int | None, Query(ge=1, le=36_500, description="in place of its policy; needs `kind`")]


@router.get("/policies")
async def list_retention_policies(session: Read) -> RetentionPoliciesOut:
    """Every kind of record that can be let go of by age, and how long it is kept."""
    return RetentionPoliciesOut(items=[RetentionPolicyOut.of(each) for each in await policies.policies(session)])


@router.put("/policies/{kind}", responses=problem_responses(404, 409, 412))
async def set_retention_policy(
    kind: str,
    given: RetentionPolicyIn,
    user: Administrator,
    session: Write,
    using: Using,
    stated: Stated,
    answer: Response,
) -> RetentionPolicyOut:
    """Keep a kind for so many days. What is older goes within the hour: look at the preview first."""
    async with stated.version(given.version) as version:
        now = utc(using.clock())
        policy = await policies.set_policy(session, kind, given.days, version, by=user.id, now=now)
    answer.headers["ETag"] = tag(policy.version)
    return RetentionPolicyOut.of(policy)


@router.get("/preview", responses=problem_responses(404))
async def preview_retention(
    session: Read, using: Using, kind: OfKind = None, days: Tried = None
) -> RetentionPreviewsOut:
    """What would go now, counted row by row, which may take a while; by a kind's policy, or by other days."""
    if days is not None and kind is None:
        told = fault("query.kind", "is missing beside days", "the kind of which the days are thought of")
        raise Invalid("Days are of a kind: say of which.", faults=[told])
    wanted = None if kind is None else policies.kind_of(kind)
    found = await preview(session, using.clock, wanted, days)
    return RetentionPreviewsOut(items=[RetentionPreviewOut.model_validate(each) for each in found])


@router.get("/runs")
async def list_retention_runs(session: Read, page: Paged) -> RetentionRunPage:
    """What went, the newest first."""
    rows = await runs(session, page.limit + 1, page.after(tuple[datetime, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return RetentionRunPage(items=[RetentionRunOut.model_validate(row) for row in items], next=after)
