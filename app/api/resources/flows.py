"""Flows as records: drafts that are checked and edited, versions that are published, compared and brought back."""

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Query

from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import ADMINISTRATES, OVERSEES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.flows import (
    Change,
    CheckOut,
    DifferenceOut,
    DraftIn,
    FlowDetailOut,
    FlowIn,
    FlowOut,
    FlowPage,
    FlowPatch,
    FlowVersionBriefOut,
    FlowVersionOut,
    FlowVersionPage,
    Number,
    RollBackIn,
    ScheduleIn,
    TextIn,
)
from app.core.clock import utc
from app.db.engine import ReadSession, WriteSession
from app.ivr.language.flow import schema
from app.ivr.records import queries, service
from app.ivr.records.comparing import compare
from app.ivr.records.queries import FlowProfile
from app.ivr.records.service import Act

router = ResourceRouter(prefix="/flows", tags=["flows"])


async def _act(user: CurrentUser, using: Using) -> Act:
    return Act(user.id, utc(using.clock()), using.judge)


Acting = Annotated[Act, Depends(_act)]
Before = Annotated[Number, Query(alias="from", description="the number of the version that is compared with")]
After = Annotated[Number, Query(alias="to", description="the number of the version that is compared")]


@router.get("", dependencies=[OVERSEES])
async def list_flows(session: Read, page: Paged) -> FlowPage:
    """All flows with their draft and their published version, without texts."""
    rows = await queries.flows(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.flow.id)
    return FlowPage(items=[FlowOut.of(row) for row in items], next=after)


@router.get("/schema", dependencies=[OVERSEES])
async def flow_schema() -> dict[str, Any]:
    """The JSON Schema of the flow language, for editors."""
    return schema()


@router.post("/check", dependencies=[ADMINISTRATES])
async def check_flow(given: TextIn, session: Read, act: Acting) -> CheckOut:
    """What is wrong with a text, without saving it."""
    found = await service.judged(session, act.judge, given.text, given.id)
    uses = [{**use._asdict(), "node": use.node or None} for use in found.uses]
    return CheckOut.model_validate({"faults": found.faults, "uses": uses})


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_flow(given: FlowIn, session: Write, act: Acting) -> FlowDetailOut:
    """A new flow with its first draft; no call goes through it before it is published."""
    made = await service.create_flow(session, act, flow_id=given.id, name=given.name, text=given.text, note=given.note)
    return await _told(session, made, act)


@router.get("/{flow_id}", dependencies=[OVERSEES], responses=problem_responses(404))
async def get_flow(flow_id: str, session: Read, act: Acting) -> FlowDetailOut:
    """One flow with its texts, the faults of its draft, and what the published version names that is gone or closed."""
    return await _told(session, await queries.flow(session, flow_id), act)


@router.patch("/{flow_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def change_flow(flow_id: str, given: FlowPatch, session: Write, act: Acting) -> FlowDetailOut:
    """Rename a flow."""
    name = given.model_dump(exclude_unset=True).get("name")
    if name is None:
        return await _told(session, await queries.flow(session, flow_id), act)
    return await _told(session, await service.rename_flow(session, flow_id, given.version, name), act)


@router.put("/{flow_id}/draft", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def save_draft(flow_id: str, given: DraftIn, session: Write, act: Acting) -> FlowDetailOut:
    """Save the draft, even a faulty one; the answer tells its faults."""
    saved = await service.save_draft(session, act, flow_id, given.version, given.text, given.note)
    return await _told(session, saved, act)


@router.post("/{flow_id}/discard", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def discard_draft(flow_id: str, given: Change, session: Write, act: Acting) -> FlowDetailOut:
    """Throw the draft away."""
    return await _told(session, await service.discard_draft(session, flow_id, given.version), act)


@router.post("/{flow_id}/publish", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def publish_flow(flow_id: str, given: Change, session: Write, act: Acting) -> FlowDetailOut:
    """Let the draft serve the calls that come from now on. Calls that are there keep the version they began with."""
    return await _told(session, await service.publish(session, act, flow_id, given.version), act)


@router.put("/{flow_id}/schedule", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def schedule_flow(flow_id: str, given: ScheduleIn, session: Write, act: Acting) -> FlowDetailOut:
    """Let the draft be published at an instant; until then it cannot be changed."""
    done = await service.schedule(session, act, flow_id, given.version, given.publish_at)
    return await _told(session, done, act)


@router.post("/{flow_id}/schedule/cancel", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def cancel_schedule(flow_id: str, given: Change, session: Write, act: Acting) -> FlowDetailOut:
    """Let a scheduled draft be a plain draft again."""
    return await _told(session, await service.cancel_schedule(session, flow_id, given.version), act)


@router.post("/{flow_id}/roll-back", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def roll_back_flow(flow_id: str, given: RollBackIn, session: Write, act: Acting) -> FlowDetailOut:
    """Publish the text of an earlier version again, as a new version. A draft stays."""
    done = await service.roll_back(session, act, flow_id, given.version, given.to, given.note)
    return await _told(session, done, act)


@router.get("/{flow_id}/versions", dependencies=[OVERSEES], responses=problem_responses(404))
async def list_flow_versions(flow_id: str, session: Read, page: Paged) -> FlowVersionPage:
    """The versions of a flow, the newest first."""
    rows = await queries.versions(session, flow_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.number)
    return FlowVersionPage(items=[FlowVersionBriefOut.model_validate(row) for row in items], next=after)


@router.get("/{flow_id}/versions/{number}", dependencies=[OVERSEES], responses=problem_responses(404))
async def get_flow_version(flow_id: str, number: Number, session: Read) -> FlowVersionOut:
    """One version with its text."""
    return FlowVersionOut.model_validate(await queries.version(session, flow_id, number))


@router.get("/{flow_id}/diff", dependencies=[OVERSEES], responses=problem_responses(404))
async def compare_flow_versions(flow_id: str, session: Read, before: Before, after: After) -> DifferenceOut:
    """In what one version differs from another, by line and by node."""
    older = await queries.version(session, flow_id, before)
    newer = await queries.version(session, flow_id, after)
    names = (f"{flow_id} {before}", f"{flow_id} {after}")
    return DifferenceOut.of(older, newer, await asyncio.to_thread(compare, older.text, newer.text, names))


async def _told(session: ReadSession | WriteSession, found: FlowProfile, act: Act) -> FlowDetailOut:
    flow_id, draft, published = found.flow.id, found.draft, found.published
    faults = [] if draft is None else (await service.judged(session, act.judge, draft.text, flow_id)).faults
    warnings = [] if published is None else await service.warnings(session, act.judge, published, act.at.timestamp())
    return FlowDetailOut.of(found, faults, warnings)
