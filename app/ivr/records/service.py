"""Use cases of flows as records: drafts, publication now or later, roll-back. Every change is in the audit log."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record as tell
from app.core.errors import Invalid
from app.core.wire import fault
from app.db.engine import WriteSession
from app.db.rows import insert_new
from app.ivr.records import queries, things
from app.ivr.records.errors import (
    DraftScheduled,
    FlowDefinitionFaulty,
    FlowTaken,
    FlowUnpublished,
    FlowVersionConflict,
    NoDraft,
    NotScheduled,
)
from app.ivr.records.judging import Judge, Judged, as_told, missing
from app.ivr.records.models import FlowRecord, FlowVersion
from app.ivr.records.queries import FlowProfile


class Act(NamedTuple):
    """On whose behalf something is done, at which instant, and by what judgement of texts."""

    who: str
    at: datetime
    judge: Judge


async def judged(session: AsyncSession, judge: Judge, text: str, flow_id: str | None = None) -> Judged:
    """What is wrong with a text, given the queues, skills, ... that there are; `flow_id` is what flow it must be."""
    # a long text takes a while, and the loop has calls to see to
    return await asyncio.to_thread(judge, text, await things.known(session), flow_id)


async def warnings(session: AsyncSession, judge: Judge, version: FlowVersion, now: float) -> list[dict[str, Any]]:
    """What a published version says and is not so (any more) at the instant `now`: queues that are gone or closed,
    sub-flows that have changed, ... It serves all the same."""
    found = await judged(session, judge, version.text, version.flow_id)
    led_to = [use for use in found.uses if use.where in ("fallback_queue", f"nodes.{use.node}.queue")]
    closed = await things.closed(session, led_to, now)
    told = [{"where": each["where"], "what": each["what"], "node": each["node"]} for each in found.faults]
    return told + [
        {"where": use.where, "what": f"leads to the queue {use.id!r}, which is closed now", "node": use.node or None}
        for use in closed
    ]


async def create_flow(
    session: WriteSession, act: Act, *, flow_id: str, name: str, text: str, note: str | None = None
) -> FlowProfile:
    """A new flow with its first draft, which may be faulty. Raises `FlowTaken`."""
    made = await insert_new(session, FlowRecord, id=flow_id, name=name)
    if made is None:
        raise FlowTaken(f"There is a flow {flow_id!r} already.", id=flow_id)
    session.add(_version(act, flow_id, 1, text, note))
    await session.flush()
    await tell(session, "flow.created", "flow", flow_id, after={"name": name, "number": 1, "text": text})
    return await queries.flow(session, flow_id)


async def rename_flow(session: WriteSession, flow_id: str, version: int, name: str) -> FlowProfile:
    """Call a flow something else. Raises `FlowUnknown`, `FlowVersionConflict`."""
    record = await _claimed(session, flow_id, version)
    told = {"before": {"name": record.name}, "after": {"name": name}}
    record.name = name
    return await _done(session, record, "flow.renamed", **told)


async def save_draft(
    session: WriteSession, act: Act, flow_id: str, version: int, text: str, note: str | None = None
) -> FlowProfile:
    """Make `text` the draft; a faulty one is kept too. Raises `FlowUnknown`, `FlowVersionConflict`,
    `DraftScheduled`."""
    record = await _claimed(session, flow_id, version)
    draft = (await queries.flow(session, flow_id)).draft
    before = None if draft is None else {"number": draft.number, "text": draft.text, "note": draft.note}
    if draft is None:
        draft = _version(act, flow_id, await _next_number(session, flow_id), text, note)
        session.add(draft)
    _ensure_not_scheduled(draft)
    draft.text, draft.note, draft.author, draft.updated_at = text, note, act.who, act.at
    after = {"number": draft.number, "text": text, "note": note}
    return await _done(session, record, "flow.draft_saved", before=before, after=after)


async def discard_draft(session: WriteSession, flow_id: str, version: int) -> FlowProfile:
    """Throw the draft away. Raises `FlowUnknown`, `FlowVersionConflict`, `NoDraft`, `DraftScheduled`."""
    record, draft = await _claimed_draft(session, flow_id, version)
    _ensure_not_scheduled(draft)
    await session.delete(draft)
    before = {"number": draft.number, "text": draft.text, "note": draft.note}
    return await _done(session, record, "flow.draft_discarded", before=before)


async def publish(session: WriteSession, act: Act, flow_id: str, version: int) -> FlowProfile:
    """Let the draft serve calls that come from now on; calls that are there keep theirs. Raises `FlowUnknown`,
    `FlowVersionConflict`, `NoDraft`, `FlowDefinitionFaulty`."""
    record, draft = await _claimed_draft(session, flow_id, version)
    return await put_into_service(session, act, record, draft, "flow.published")


async def schedule(session: WriteSession, act: Act, flow_id: str, version: int, publish_at: datetime) -> FlowProfile:
    """Let the draft be published at an instant to come. It must be sound now, and is judged again then. Raises what
    `publish` raises, `DraftScheduled`, or Invalid for an instant that has passed."""
    if publish_at <= act.at:
        found = fault("body.publish_at", "has passed", "an instant to come")
        raise Invalid("The instant of publication has passed.", faults=[found])
    record, draft = await _claimed_draft(session, flow_id, version)
    _ensure_not_scheduled(draft)
    found_in_it = await judged(session, act.judge, draft.text, flow_id)
    if found_in_it.faults:
        raise FlowDefinitionFaulty(found_in_it.faults)
    draft.publish_at, draft.scheduled_by = publish_at, act.who
    after = {"number": draft.number, "publish_at": publish_at.isoformat()}
    return await _done(session, record, "flow.scheduled", after=after)


async def cancel_schedule(session: WriteSession, flow_id: str, version: int) -> FlowProfile:
    """Let the draft be a draft again. Raises `FlowUnknown`, `FlowVersionConflict`, `NoDraft`, `NotScheduled`."""
    record, draft = await _claimed_draft(session, flow_id, version)
    if draft.publish_at is None:
        raise NotScheduled(f"The draft of {flow_id!r} is not scheduled.")
    before = {"number": draft.number, "publish_at": draft.publish_at.isoformat()}
    draft.publish_at = draft.scheduled_by = None
    return await _done(session, record, "flow.schedule_cancelled", before=before)


async def roll_back(
    session: WriteSession, act: Act, flow_id: str, version: int, to: int, note: str | None = None
) -> FlowProfile:
    """Publish the text of an earlier version again, as a new version; a draft stays a draft. Raises `FlowUnknown`,
    `FlowVersionConflict`, `FlowVersionUnknown`, `FlowUnpublished`, `FlowDefinitionFaulty`."""
    record = await _claimed(session, flow_id, version)
    earlier = await queries.version(session, flow_id, to)
    if earlier.state != "retired":
        detail = f"Version {to} of {flow_id!r} is {earlier.state}; roll back to one that was published before."
        raise FlowUnpublished(detail, state=earlier.state)
    draft = (await queries.flow(session, flow_id)).draft
    number = await _next_number(session, flow_id)
    if draft is not None:
        # numbers follow the order of publication, and the draft's turn comes later
        draft.number, number = number, draft.number
        await session.flush()
    again = _version(act, flow_id, number, earlier.text, note)
    again.from_number = to
    return await put_into_service(session, act, record, again, "flow.rolled_back")


async def put_into_service(
    session: WriteSession, act: Act, record: FlowRecord, version: FlowVersion, action: str, **told: Any
) -> FlowProfile:
    """Publish `version`, a draft or a new row, in place of the one that is published. Raises
    `FlowDefinitionFaulty`."""
    found = await judged(session, act.judge, version.text, record.id)
    if found.faults:
        raise FlowDefinitionFaulty(found.faults)
    # what is named must not vanish before the commit; what vanished since it was judged is a fault like others
    if gone := await things.gone(session, found.uses, lock=True):
        raise FlowDefinitionFaulty([as_told(missing(use)) for use in gone])
    present = (await queries.flow(session, record.id)).published
    if present is not None:
        present.state, present.retired_at = "retired", act.at
        await session.flush()
    version.state, version.published_at, version.published_by = "published", act.at, act.who
    version.uses = [use._asdict() for use in found.uses]
    session.add(version)
    before = None if present is None else {"number": present.number}
    after = {"number": version.number, "from_number": version.from_number, "note": version.note, **told}
    return await _done(session, record, action, before=before, after=after)


async def _claimed(session: WriteSession, flow_id: str, version: int) -> FlowRecord:
    """The flow, locked until the commit, so that two writers of one version cannot both win."""
    found = await queries.record(session, flow_id, lock=True)
    if found.version != version:
        raise FlowVersionConflict(version, found.version)
    return found


async def _claimed_draft(session: WriteSession, flow_id: str, version: int) -> tuple[FlowRecord, FlowVersion]:
    record = await _claimed(session, flow_id, version)
    draft = (await queries.flow(session, flow_id)).draft
    if draft is None:
        raise NoDraft(flow_id)
    return record, draft


async def _done(
    session: WriteSession,
    record: FlowRecord,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> FlowProfile:
    record.version += 1
    await session.flush()
    await tell(session, action, "flow", record.id, before=before, after=after)
    return await queries.flow(session, record.id)


async def _next_number(session: WriteSession, flow_id: str) -> int:
    query = select(func.max(FlowVersion.number)).where(FlowVersion.flow_id == flow_id)
    return (await session.scalar(query) or 0) + 1


def _ensure_not_scheduled(draft: FlowVersion) -> None:
    if draft.publish_at is not None:
        raise DraftScheduled(draft.flow_id, draft.publish_at.isoformat())


def _version(act: Act, flow_id: str, number: int, text: str, note: str | None) -> FlowVersion:
    times = {"created_at": act.at, "updated_at": act.at}
    return FlowVersion(flow_id=flow_id, number=number, text=text, author=act.who, note=note, **times)
