"""The history of moves: of one customer, and of all."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, cast, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.customers.segment_models import CustomerMove, SegmentRuleSet
from app.customers.segments.errors import SegmentUnknown


class Wanted(NamedTuple):
    """Which moves are asked for: of the tier or of segments, into or out of one, by a set of rules, since when."""

    part: str | None = None
    where: str | None = None
    rule_set: int | None = None
    since: datetime | None = None


async def moves_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: tuple[datetime, int] | None
) -> Sequence[CustomerMove]:
    """Up to `limit` moves of the customer and of whoever was merged into them, newest first. Raises
    CustomerNotFound."""
    members = await members_of(session, await survivor_of(session, customer_id))
    query = select(CustomerMove).where(CustomerMove.customer_id.in_(members))
    query = query.order_by(CustomerMove.at.desc(), CustomerMove.id.desc()).limit(limit)
    if before is not None:
        query = query.where(tuple_(CustomerMove.at, CustomerMove.id) < before)
    return (await session.scalars(query)).all()


async def moves(
    session: AsyncSession, wanted: Wanted, limit: int, before: tuple[datetime, int] | None
) -> Sequence[CustomerMove]:
    """Up to `limit` moves of anybody, newest first."""
    query = select(CustomerMove).order_by(CustomerMove.at.desc(), CustomerMove.id.desc()).limit(limit)
    if wanted.part is not None:
        query = query.where(CustomerMove.part == wanted.part)
    if wanted.where is not None:
        query = query.where((CustomerMove.before == wanted.where) | (CustomerMove.after == wanted.where))
    if wanted.rule_set is not None:
        query = query.where(CustomerMove.rule_set == wanted.rule_set)
    if wanted.since is not None:
        query = query.where(CustomerMove.at >= wanted.since)
    if before is not None:
        query = query.where(tuple_(CustomerMove.at, CustomerMove.id) < before)
    return (await session.scalars(query)).all()


async def ensure_segment(session: AsyncSession, segment: str) -> None:
    """That the active rules have the segment. Raises SegmentUnknown."""
    given = SegmentRuleSet.rules.contains({"segments": [{"id": segment}]})
    if await session.scalar(select(SegmentRuleSet.number).where(SegmentRuleSet.state == "active", given)) is None:
        raise SegmentUnknown(segment)


async def members(session: AsyncSession, segment: str, limit: int, after: UUID | None) -> Sequence[tuple[UUID, str]]:
    """Who belongs to a segment of the active rules, with their names, by id, those after `after`. Raises
    SegmentUnknown."""
    await ensure_segment(session, segment)
    query = select(Customer.id, Customer.name).where(
        Customer.computed_segments.op("@>")(cast([segment], ARRAY(Text))), Customer.active
    )
    query = query.where(Customer.computed_segments.op("<>")(text("'{}'")))  # in these words the index has it
    query = query.where(Customer.merged_into.is_(None)).order_by(Customer.id).limit(limit)
    if after is not None:
        query = query.where(Customer.id > after)
    return [(row.id, row.name) for row in await session.execute(query)]
