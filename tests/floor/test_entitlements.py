"""What a contact is entitled to is decided in the commit that ends it: it is there when the last event is answered."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.core import clock
from app.core.ids import new_id
from app.db.engine import Sessions, create_engine
from app.floor import commands as c
from app.floor.service import Floor
from tests.customers.agreements.factories import ALWAYS, LI, SOON, THREE, promise
from tests.customers.factories import customer_id
from tests.fixtures.database import Database
from tests.floor.factories import call_event
from tests.floor.live import memory, on, owned, recovered, running, same


@pytest.fixture
async def promised(bank: Database) -> UUID:
    """A customer of the bank who has an agreement."""
    engine = create_engine(bank.url)
    async with Sessions(engine).write() as session:
        customer = await customer_id(session, "Amy", ["13800138000"])
        await promise(session, customer, ALWAYS, SOON, LI, THREE)
    await engine.dispose()
    return customer


async def call(floor: Floor, call_id: str, customer: UUID, *, answered_by: str | None = None) -> str:
    """A whole call of the customer; each event is told twice, as a platform that heard no answer does."""
    caller, contact = c.Recognised(customer=c.CustomerCard(str(customer), "Amy")), new_id()

    async def told(kind: str, **more: str) -> None:
        event = call_event(kind, call_id, clock.now(), from_="13800138000", to="100", **more)
        command = c.TakeEvent(event=event, contact_id=contact, caller=caller)
        for _ in range(2):
            assert (await floor.submit(command, "cti:pbx", f"{call_id} {kind}")).ok

    await told("offered")
    if answered_by is not None:
        assert (await floor.submit(c.AcceptOffer(agent_id=answered_by, contact_id=contact))).ok
        await told("established", agent=answered_by)
    await told("cleared")
    if answered_by is not None:
        assert (await floor.submit(c.FinishWrapUp(agent_id=answered_by, contact_id=contact))).ok
    return contact


async def test_what_was_decided_is_there_when_the_call_has_ended(bank: Database, promised: UUID) -> None:
    async with running(bank) as (floor, _):
        await on(await owned(floor), "ann")
        served = await call(floor, "answered", promised, answered_by="ann")
        await floor.submit(c.NotReady(agent_id="ann", reason="break"))
        missed = await call(floor, "missed", promised)
        connection = await asyncpg.connect(bank.dsn)
        said = await connection.fetch("select interaction_id, covered, fault from entitlements order by started_at")
        dues = await connection.fetch("select interaction_id, kind, clause_id, owner from dues order by 1, 2")
        used = await connection.fetchval("select used from allowance_counts")
        await connection.close()
        same(memory(floor), await recovered(bank))
    assert [tuple(row) for row in said] == [(UUID(served), True, None), (UUID(missed), True, None)]
    assert [tuple(row) for row in dues] == [
        (UUID(served), "manager_notice", "3", "Li Na"),
        (UUID(missed), "manager_notice", "3", "Li Na"),
        (UUID(missed), "response", "2", None),
    ]
    assert used == 1


async def test_many_contacts_of_one_customer_in_one_commit(bank: Database, promised: UUID) -> None:
    async with running(bank) as (floor, _):
        await owned(floor)
        contacts = await asyncio.gather(*(call(floor, f"c{n}", promised) for n in range(20)))
        connection = await asyncpg.connect(bank.dsn)
        rows = await connection.fetch("select interaction_id, kind from dues")
        await connection.close()
    wanted = {(UUID(one), kind) for one in contacts for kind in ("manager_notice", "response")}
    assert (len(rows), {tuple(row) for row in rows}) == (40, wanted)
