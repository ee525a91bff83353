"""Configurations as rows: several writers at once, and what the database itself holds."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.clock import FrozenClock, utc
from app.customers.errors import VersionConflict
from app.customers.products import catalogue, configuring
from app.customers.products.configuring import Configured, GivenConfiguration, configurations_of, configure
from app.customers.products.errors import ConfigurationImpossible
from app.customers.products.model import HOLDING_KINDS
from app.customers.products.work import solved
from app.customers.record.holdings import GivenHolding, put_holding
from app.customers.record_models import HOLDING_KINDS as KINDS_OF_RECORDS
from app.customers.service import change_customer
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


async def test_what_changes_while_the_solver_works_is_judged_again(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else makes the customer a child meanwhile, and the product needs them to be grown up."""
    async with sessions.write() as session:
        who = await published(session)
        grown = {
            "id": "grown",
            "kind": "requires",
            "text": "Grown-ups only.",
            "needs": {"op": "at_least", "of": "customer.age", "value": 18},
        }
        await change_customer(session, who, 1, {"attributes": {"birth_date": "1980-01-01"}})
        await catalogue.save_draft(session, "gold-card", None, card(rules=[grown]), None, "admin", NOW)
        await catalogue.publish(session, "gold-card", None, "admin", NOW)
    judged = 0

    async def disturbed(ask: Any, *given: Any) -> Any:
        nonlocal judged
        verdict, judged = await solved(ask, *given), judged + 1
        if judged == 1:
            async with sessions.write() as other:
                await change_customer(other, who, 2, {"attributes": {"birth_date": "2020-01-01"}})
        return verdict

    monkeypatch.setattr(configuring, "solved", disturbed)
    with pytest.raises(ConfigurationImpossible, match=r"Grown-ups only\. The customer: age is 6\."):
        await set_up(sessions, who, "visa", None)
    assert judged == 2
