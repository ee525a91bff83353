"""Who writes the rows of which feed."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.customers.attribute_records import definitions
from app.customers.feeds.customers_writer import CustomersWriter
from app.customers.feeds.fields import Kind
from app.customers.feeds.holdings_writer import HoldingsWriter
from app.customers.feeds.parsing import Known
from app.customers.feeds.writing import Origin, Writer
from app.customers.models import Tier

# agents are records of a room beside this one
_AGENTS = text("select id from agents")


class FeedNotYet(Invalid):
    """Rows of this feed can be read and checked, but there is nothing yet that keeps them."""

    code = "feed-not-yet"


async def _customers(session: AsyncSession, origin: Origin) -> Writer:
    return CustomersWriter(origin, await definitions(session))


async def _holdings(_: AsyncSession, origin: Origin) -> Writer:
    return HoldingsWriter(origin)


WRITERS: dict[Kind, Callable[[AsyncSession, Origin], Awaitable[Writer]]] = {
    "customers": _customers,
    "holdings": _holdings,
}
"""A feed is importable once its writer stands here."""


def ensure_importable(feed: Kind) -> None:
    """Raises FeedNotYet."""
    if feed not in WRITERS:
        raise FeedNotYet(f"{feed} cannot be imported yet, only checked; accepted: {', '.join(WRITERS)}.")


async def known(session: AsyncSession, region: str) -> Known:
    """What rows may name; `region` is the country of numbers without a +."""
    tiers = frozenset(await session.scalars(select(Tier.id)))
    return Known(tiers, frozenset(await session.scalars(_AGENTS)), region)
