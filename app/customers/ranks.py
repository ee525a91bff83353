"""Whose word stays: the rule of ranks that feeds, rules and wishes go by."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.feed_models import HAND, FeedSource


async def blocking(session: AsyncSession, source: str) -> tuple[str, ...]:
    """The sources whose word a feed does not overwrite: those of a higher rank, and people unless the feed's is higher
    than theirs."""
    rows = {row.id: row.rank for row in await session.execute(select(FeedSource.id, FeedSource.rank))}
    own = rows.get(source, 50)
    return tuple(
        sorted(each for each, rank in rows.items() if each != source and (rank > own or (each == HAND and rank == own)))
    )
