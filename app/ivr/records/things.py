"""What flows may name, read from the rooms that have it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import queries as agents
from app.agents.models import Agent, Skill, Team
from app.ivr.records.judging import KINDS, ThingKind, Things, Use
from app.ivr.records.models import FlowVersion
from app.routing.records import hours as records_of_hours
from app.routing.records import queries
from app.routing.records.hours_models import BusinessHours
from app.routing.records.models import Queue

_IDS: dict[ThingKind, Any] = {
    "queue": Queue.id,
    "skill": Skill.id,
    "team": Team.id,
    "agent": Agent.id,
    "hours": BusinessHours.id,
}


async def known(session: AsyncSession) -> Things:
    """Everything that a flow may name at this moment."""
    ids = {kind: frozenset(await session.scalars(select(column))) for kind, column in _IDS.items()}
    published = select(FlowVersion.flow_id, FlowVersion.text).where(FlowVersion.state == "published")
    flows = {row.flow_id: row.text for row in await session.execute(published)}
    return Things({**ids, "flow": frozenset(flows)}, flows)


async def gone(session: AsyncSession, uses: Iterable[Use], *, lock: bool = False) -> list[Use]:
    """Those of `uses` that name what there is not (any more); with `lock` the others stay until the commit."""
    uses = tuple(uses)
    named: dict[ThingKind, set[str]] = defaultdict(set)
    for use in uses:
        named[use.kind].add(use.id)
    there = {kind: await _there(session, kind, named[kind], lock=lock) for kind in KINDS if named[kind]}
    return [use for use in uses if use.id not in there[use.kind]]


async def closed(session: AsyncSession, uses: Iterable[Use], now: float) -> list[Use]:
    """Those of `uses` that name a queue which is closed at the instant `now`."""
    queues = {use.id for use in uses if use.kind == "queue"}
    joined = select(Queue.id, BusinessHours).join(BusinessHours, Queue.hours_id == BusinessHours.id)
    rows = await session.execute(joined.where(Queue.id.in_(queues)))
    shut = {queue for queue, hours in rows if not records_of_hours.value_of(hours).open_at(now)}
    return [use for use in uses if use.kind == "queue" and use.id in shut]


async def _there(session: AsyncSession, kind: ThingKind, ids: set[str], *, lock: bool) -> set[str]:
    if kind == "queue":
        return await queries.known(session, ids, lock=lock)
    if kind == "hours":
        query = select(BusinessHours.id).where(BusinessHours.id.in_(ids)).order_by(BusinessHours.id)
        return set(await session.scalars(query.with_for_update(read=True, key_share=True) if lock else query))
    if kind == "flow":
        # never taken back, so nothing needs to be locked
        published = select(FlowVersion.flow_id).where(FlowVersion.state == "published", FlowVersion.flow_id.in_(ids))
        return set(await session.scalars(published))
    table: dict[ThingKind, type[Skill | Team | Agent]] = {"skill": Skill, "team": Team, "agent": Agent}
    return await agents.known(session, table[kind], ids, lock=lock)
