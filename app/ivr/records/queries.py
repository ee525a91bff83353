"""Reads of flows and their versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.wire import fault
from app.db.rows import in_order
from app.ivr.records.errors import FlowNotPublished, FlowUnknown, FlowVersionUnknown
from app.ivr.records.judging import ThingKind
from app.ivr.records.models import FlowRecord, FlowVersion

NAMED_AT_MOST = 10
"""How many users of a thing a refusal names."""

LIVE_VERSIONS = """
SELECT flow_id, number, state = 'published' AS published, text FROM flow_versions
WHERE state = 'published' OR retired_at > now() - interval '2 days'
"""
"""For the floor: what calls may go through. A call keeps the version with which it began, so those that were retired
lately are there too."""


@dataclass(frozen=True, slots=True)
class FlowProfile:
    """A flow with its draft and its published version, if it has them."""

    flow: FlowRecord
    draft: FlowVersion | None
    published: FlowVersion | None


async def record(session: AsyncSession, flow_id: str, *, lock: bool = False) -> FlowRecord:
    """The flow with this id, with `lock` kept from other writers until the commit; raises `FlowUnknown`."""
    found = await session.get(FlowRecord, flow_id, with_for_update=lock, populate_existing=lock)
    if found is None:
        raise FlowUnknown(f"There is no flow {flow_id!r}.")
    return found


async def flow(session: AsyncSession, flow_id: str) -> FlowProfile:
    """The flow with this id; raises `FlowUnknown`."""
    return (await _profiles(session, [await record(session, flow_id)]))[0]


async def flows(session: AsyncSession, limit: int, after: str | None) -> Sequence[FlowProfile]:
    """Flows in order of their id, those after `after`."""
    return await _profiles(session, (await session.scalars(in_order(FlowRecord, limit, after))).all())


async def version(session: AsyncSession, flow_id: str, number: int) -> FlowVersion:
    """A version of a flow; raises `FlowUnknown` or `FlowVersionUnknown`."""
    found = await session.get(FlowVersion, (flow_id, number))
    if found is None:
        await record(session, flow_id)
        raise FlowVersionUnknown(f"The flow {flow_id!r} has no version {number}.")
    return found


async def versions(session: AsyncSession, flow_id: str, limit: int, before: int | None) -> Sequence[FlowVersion]:
    """Versions of a flow, the newest first, those older than `before`. Raises `FlowUnknown`."""
    await record(session, flow_id)
    query = select(FlowVersion).where(FlowVersion.flow_id == flow_id)
    if before is not None:
        query = query.where(FlowVersion.number < before)
    return (await session.scalars(query.order_by(FlowVersion.number.desc()).limit(limit))).all()


async def ensure_published(session: AsyncSession, flow_id: str | None, where: str) -> None:
    """Raises `FlowNotPublished` for a flow that could serve no call; `where` is its place in the request. Once
    published a flow stays so."""
    if flow_id is None:
        return
    query = select(FlowVersion.number).where(FlowVersion.flow_id == flow_id, FlowVersion.state == "published")
    if await session.scalar(query) is None:
        found = fault(where, "is not a flow that is published", "a published flow, see GET /api/v1/flows")
        raise FlowNotPublished(f"There is no published flow {flow_id!r}.", faults=[found])


async def uses_of(session: AsyncSession, kind: ThingKind, thing_id: str) -> list[dict[str, Any]]:
    """Some of the published flows that name a thing, each with its version and the place."""
    named = FlowVersion.uses.contains([{"kind": kind, "id": thing_id}])
    query = select(FlowVersion).where(FlowVersion.state == "published", named).order_by(FlowVersion.flow_id)
    return [
        {"flow": found.flow_id, "number": found.number, "where": use["where"]}
        for found in await session.scalars(query)
        for use in found.uses
        if (use["kind"], use["id"]) == (kind, thing_id)
    ][:NAMED_AT_MOST]


async def _profiles(session: AsyncSession, rows: Sequence[FlowRecord]) -> Sequence[FlowProfile]:
    query = select(FlowVersion).where(FlowVersion.flow_id.in_([row.id for row in rows]), FlowVersion.state != "retired")
    found = {(each.flow_id, each.state): each for each in await session.scalars(query)}
    return [FlowProfile(row, found.get((row.id, "draft")), found.get((row.id, "published"))) for row in rows]
