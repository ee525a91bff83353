"""Who writes the rows of which feed."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.feeds.columns.fields import Kind
from app.customers.feeds.columns.parsing import Known
from app.customers.feeds.tables.agreement_rows import Hours, closed_dates
from app.customers.feeds.tables.agreements_writer import AgreementsWriter
from app.customers.feeds.tables.customers_writer import CustomersWriter
from app.customers.feeds.tables.holdings_writer import HoldingsWriter
from app.customers.feeds.tables.usage_writer import UsageWriter
from app.customers.feeds.tables.writer import Origin, Writer
from app.customers.models import Tier
from app.customers.record.declared_attributes import definitions

# agents and hours are records of rooms beside and above this one
_AGENTS = text("select id from agents")
_HOURS = text("select id, time_zone, weekly, exceptions from business_hours")


async def _customers(session: AsyncSession, origin: Origin) -> Writer:
    return CustomersWriter(origin, await definitions(session))


async def _holdings(_: AsyncSession, origin: Origin) -> Writer:
    return HoldingsWriter(origin)


async def _usage(_: AsyncSession, origin: Origin) -> Writer:
    return UsageWriter(origin)


async def _agreements(session: AsyncSession, origin: Origin) -> Writer:
    rows = await session.execute(_HOURS)
    hours = {row.id: Hours(row.time_zone, row.weekly, closed_dates(row.exceptions)) for row in rows}
    return AgreementsWriter(origin, hours)


WRITERS: dict[Kind, Callable[[AsyncSession, Origin], Awaitable[Writer]]] = {
    "customers": _customers,
    "holdings": _holdings,
    "usage": _usage,
    "agreements": _agreements,
}
"""Every feed has a writer here."""


async def known(session: AsyncSession, region: str) -> Known:
    """What rows may name; `region` is the country of numbers without a +."""
    tiers = frozenset(await session.scalars(select(Tier.id)))
    return Known(tiers, frozenset(await session.scalars(_AGENTS)), region)
