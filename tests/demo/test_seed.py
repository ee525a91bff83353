"""The demo bank in a database: whole, once, and never over somebody's data."""

import asyncpg
import msgspec
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from app.agents.models import Agent
from app.agents.presence import AgentState
from app.auth.models import User
from app.auth.passwords import Passwords
from app.auth.service import create_user
from app.core import clock
from app.credit.models import CreditCheck
from app.customers.agreement_models import Agreement, AllowanceUse
from app.customers.models import Customer, CustomerNumber
from app.customers.profiles.reading import Parts
from app.customers.profiles.whole import whole_profile
from app.customers.record_models import CustomerHolding, CustomerNote
from app.customers.serving_models import CustomerPreference
from app.customers.usage.models import CustomerAlert
from app.customers.usage.sweeping import sweep
from app.db.engine import Sessions
from app.demo.bank import AGENTS, PASSWORD, QUEUES
from app.demo.clients import demo_customers
from app.demo.dossiers import dossiers
from app.demo.seed import NotTheDemo, OnePassword, Seeded, Size, Switch, ensure_seeded
from app.desk.cases.models import Case
from app.desk.visits.models import FieldVisit
from app.floor.configuration import reading
from app.floor.loop.recovery import recover
from app.interactions.models import Interaction, InteractionEntry, QueueVisit
from app.telephony.models import CtiSource
from tests.fixtures.database import Database

SMALL = Size(customers=60, days=40)
KNOWN = Size(customers=300, days=1)
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=64))


async def seeded(sessions: Sessions, port: int = 9001, size: Size = SMALL) -> Seeded:
    return await ensure_seeded(sessions, Switch(f"http://127.0.0.1:{port}/commands"), size, QUICK)


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


async def test_what_is_known_of_customers_is_there_and_the_one_who_has_everything_shows_it(
    sessions: Sessions, database: Database
) -> None:
    await seeded(sessions, size=KNOWN)
    ids = {customer.id for customer in demo_customers(KNOWN.customers)}
    owned = (CustomerHolding, Agreement, CustomerAlert, Case, FieldVisit, CustomerPreference, CreditCheck, CustomerNote)
    async with sessions.read() as session:
        for table in owned:
            owners = (await session.scalars(select(table.customer_id))).all()
            assert owners, table
            assert ids.issuperset(filter(None, owners)), table
        assert await session.scalar(select(func.count()).select_from(AllowanceUse))
    everything = next(each for each in dossiers(demo_customers(KNOWN.customers), clock.now()) if all(each))
    connection = await asyncpg.connect(database.dsn)
    try:
        profile = await whole_profile(connection, everything.customer.id, clock.now(), Parts())
    finally:
        await connection.close()
    assert profile is not None
    told = {name: msgspec.json.decode(part) for name, part in profile.parts.items()}
    empty = {name for name, part in told.items() if not part}
    assert empty <= {"interactions", "open", "products", "ties", "external_ids", "emails", "addresses", "recordings"}
    assert len(told["alerts"]) == 3
    assert told["entitlement"]["covered"] is True
    assert told["cases"][0]["due_at"] is not None
    assert told["visits"][0]["engineer_name"]


async def test_an_alert_of_the_seed_is_not_counted_again_by_the_servers_sweep(sessions: Sessions) -> None:
    await seeded(sessions, size=KNOWN)
    async with sessions.read() as session:
        opened = await session.scalar(select(func.count()).select_from(CustomerAlert))
    await sweep(sessions, clock.utc(clock.now()))
    async with sessions.read() as session:
        assert opened
        assert (await session.scalars(select(CustomerAlert.count))).all() == [1] * opened


async def test_a_floor_goes_on_after_the_seeded_journal_with_nobody_there(
    sessions: Sessions, database: Database
) -> None:
    await seeded(sessions)
    connection = await asyncpg.connect(database.dsn)
    try:
        count = await connection.fetchval("select count(*) from events")
        config = await reading.load(connection)
        recovered = await recover(connection, "main", config, clock.now())
    finally:
        await connection.close()
    assert recovered.state.seq == count > 0
    assert recovered.last <= clock.now()
    assert {agent.state for agent in recovered.state.store.agents.values()} == {AgentState.LOGGED_OFF}
    assert not recovered.state.store.ended


async def test_the_password_that_everybody_has_is_hashed_once() -> None:
    passwords = OnePassword(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    kept = await passwords.hash(PASSWORD)
    assert await passwords.hash(PASSWORD) == kept
    assert await passwords.verify(kept, PASSWORD)
    assert await passwords.hash("another one") != kept
