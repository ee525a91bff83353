"""Reads of sources and dialled numbers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.rows import in_order
from app.telephony.errors import SourceUnknown
from app.telephony.models import CtiSource, DialledNumber


async def source(session: AsyncSession, source_id: str, *, lock: bool = False) -> CtiSource:
    """The source with this id, with `lock` kept from other writers until the commit; raises `SourceUnknown`."""
    found = await session.get(CtiSource, source_id, with_for_update=lock)
    if found is None:
        raise SourceUnknown(f"There is no source {source_id!r}.")
    return found


async def sources(session: AsyncSession, limit: int, after: str | None) -> Sequence[CtiSource]:
    """Sources in order of their id, those after `after`, inactive ones too."""
    return (await session.scalars(in_order(CtiSource, limit, after))).all()


async def driven(session: AsyncSession, platform: str) -> Sequence[CtiSource]:
    """The active sources of a platform that we connect to."""
    query = select(CtiSource).where(
        CtiSource.platform == platform, CtiSource.active, CtiSource.command_url.is_not(None)
    )
    return (await session.scalars(query.order_by(CtiSource.id))).all()


async def dialled_numbers(
    session: AsyncSession, source_id: str, limit: int, after: str | None
) -> Sequence[DialledNumber]:
    """The numbers of a source in their order, those after `after`."""
    query = select(DialledNumber).where(DialledNumber.source_id == source_id)
    if after is not None:
        query = query.where(DialledNumber.number > after)
    return (await session.scalars(query.order_by(DialledNumber.number).limit(limit))).all()


async def uses_of_queue(session: AsyncSession, queue_id: str, limit: int) -> Sequence[tuple[str, str]]:
    """Some of the (source, dialled number) that lead to a queue, at most `limit`; the number is 'any other' where
    the queue is the source's default."""
    numbers = select(DialledNumber.source_id, DialledNumber.number).where(DialledNumber.queue_id == queue_id)
    defaults = select(CtiSource.id).where(CtiSource.default_queue == queue_id)
    found = [(row.source_id, row.number) for row in await session.execute(numbers.limit(limit))]
    found += [(each, "any other") for each in await session.scalars(defaults.limit(limit))]
    return found[:limit]
