"""The demo bank in a database: whole, once, and never over somebody's data."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from app.agents.models import Agent
from app.auth.models import User
from app.auth.passwords import Passwords
from app.auth.service import create_user
from app.core import clock
from app.customers.models import Customer, CustomerNumber
from app.db.engine import Sessions
from app.demo.bank import AGENTS, QUEUES
from app.demo.seed import NotTheDemo, Seeded, Size, Switch, ensure_seeded
from app.interactions.models import Interaction, InteractionEntry, QueueVisit
from app.telephony.models import CtiSource

SMALL = Size(customers=60, days=40)
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=64))


async def seeded(sessions: Sessions, port: int = 9001) -> Seeded:
    return await ensure_seeded(sessions, Switch(f"http://127.0.0.1:{port}/commands"), SMALL, QUICK)


async def test_an_empty_database_gets_the_bank_and_a_second_start_keeps_it(sessions: Sessions) -> None:
    first = await seeded(sessions)
    again = await seeded(sessions, 9002)
    assert (first.new, again.new) == (True, False)
    assert first.secret == again.secret
    async with sessions.read() as session:
        source = await session.get_one(CtiSource, "demo")
        assert source.command_url == "http://127.0.0.1:9002/commands"
        assert await session.scalar(select(func.count()).select_from(Agent)) == len(AGENTS)
        assert await session.scalar(select(func.count()).select_from(Customer)) == 60


async def test_history_reaches_back_and_names_its_customers(sessions: Sessions) -> None:
    await seeded(sessions)
    async with sessions.read() as session:
        oldest = await session.scalar(select(func.min(Interaction.started_at)))
        assert oldest is not None
        assert clock.now() - oldest.timestamp() > 39 * 86400
        visits = await session.scalar(select(func.count()).select_from(QueueVisit))
        assert visits == await session.scalar(select(func.count()).select_from(Interaction))
        told = select(func.count(InteractionEntry.interaction_id.distinct()))
        assert visits == await session.scalar(told)
        joined = select(func.count()).select_from(Interaction).join(Customer, Customer.id == Interaction.customer_id)
        assert await session.scalar(joined)


async def test_every_number_is_known_in_international_form(sessions: Sessions) -> None:
    await seeded(sessions)
    async with sessions.read() as session:
        unknown = select(func.count()).select_from(CustomerNumber).where(CustomerNumber.e164.is_(None))
        assert await session.scalar(unknown) == 0


async def test_the_floor_is_told_that_the_configuration_changed(sessions: Sessions) -> None:
    await seeded(sessions)
    async with sessions.read() as session:
        assert await session.scalar(text("select version from configuration")) > len(QUEUES)


async def test_somebody_elses_database_is_left_alone(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await create_user(session, QUICK, user_id="boss", name="Boss", role="administrator", password="long enough")
    with pytest.raises(NotTheDemo, match="does not hold the demo bank"):
        await seeded(sessions)
    async with sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
