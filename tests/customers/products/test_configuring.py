"""Configurations as rows: several writers at once, and what the database itself holds."""

import asyncio
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.clock import FrozenClock, utc
from app.customers.errors import VersionConflict
from app.customers.holdings import GivenHolding, put_holding
from app.customers.products import catalogue
from app.customers.products.configuring import Configured, GivenConfiguration, configurations_of, configure
from app.customers.products.model import HOLDING_KINDS
from app.customers.record_models import HOLDING_KINDS as KINDS_OF_RECORDS
from app.db.engine import Sessions, WriteSession
from tests.customers.factories import customer_id
from tests.customers.products.card import card

NOW = utc(FrozenClock().instant)
TODAY = date(2026, 11, 29)


async def published(session: WriteSession) -> UUID:
    """A customer with a card, and a product for it."""
    await catalogue.create_product(session, "gold-card", "Gold card", {})
    await catalogue.save_draft(session, "gold-card", 1, card(rules=[]), None, "admin", NOW)
    await catalogue.publish(session, "gold-card", 2, "admin", NOW)
    who = await customer_id(session)
    await put_holding(session, who, "cards", "K-9", GivenHolding(kind="card"))
    return who


async def set_up(sessions: Sessions, who: UUID, network: str, version: int | None) -> Configured:
    given = GivenConfiguration(product="gold-card", choices={"network": network})
    async with sessions.write() as session:
        return (await configure(session, who, version, ("cards", "K-9"), given, TODAY))[1]


async def test_two_agents_changing_at_once_do_not_both_win(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await published(session)
    both = [set_up(sessions, who, network, 1) for network in ("visa", "unionpay")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, Exception)] == [VersionConflict]
    [won] = [one for one in done if isinstance(one, Configured)]
    async with sessions.read() as reading:
        [kept] = await configurations_of(reading, who)
    assert kept.configuration.choices == won.configuration.choices
    again = await asyncio.gather(*(set_up(sessions, who, network, None) for network in ("visa", "unionpay")))
    assert len({one.configuration.id for one in again}) == 1


async def test_a_published_model_stays_whoever_asks(session: WriteSession) -> None:
    await published(session)
    for change in ("set model = '{}'", "set state = 'draft', published_at = null"):
        with pytest.raises(IntegrityError, match="stays as it is"):
            async with session.begin_nested():
                await session.execute(text(f"update product_versions {change}"))


async def test_a_configuration_goes_with_its_holding(session: WriteSession) -> None:
    who = await published(session)
    given = GivenConfiguration(product="gold-card", choices={"network": "visa"})
    await configure(session, who, 1, ("cards", "K-9"), given, TODAY)
    await session.execute(text("delete from customer_holdings"))
    assert await configurations_of(session, who) == []


def test_the_kinds_of_holdings_are_those_of_the_records() -> None:
    assert HOLDING_KINDS == KINDS_OF_RECORDS
