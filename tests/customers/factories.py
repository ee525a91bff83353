"""Customers for tests: as few words as the test needs, real rows through the real service."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent
from app.auth.models import User
from app.customers.models import Tier
from app.customers.record.finding import CustomerRecord
from app.customers.service import GivenNumber, NewCustomer, change_customer, create_customer

REGION = "CN"


async def make_tier(session: AsyncSession, tier: str = "gold", rank: int = 3, bonus: float = 45.0) -> str:
    """A tier, made unless it exists; its id."""
    values = {"id": tier, "name": tier.capitalize(), "rank": rank, "bonus_seconds": bonus, "colour": "#e0b13c"}
    await session.execute(insert(Tier).values(values).on_conflict_do_nothing())
    return tier


async def make_agent(session: AsyncSession, agent: str = "lin") -> str:
    """An agent with an account; their id."""
    name = agent.capitalize()
    await session.execute(insert(User).values(id=agent, name=name, role="agent", password_hash="-"))
    await session.execute(insert(Agent).values(id=agent, name=name, address=f"sip:{agent}@bank"))
    return agent


def new_customer(name: str = "王小明", numbers: Iterable[str] = (), **given: Any) -> NewCustomer:
    """A customer that is not written yet."""
    return NewCustomer(name=name, numbers=tuple(GivenNumber(raw) for raw in numbers), **given)


async def make_customer(
    session: AsyncSession, name: str = "王小明", numbers: Iterable[str] = (), **given: Any
) -> CustomerRecord:
    """A customer with these numbers; `tier` is made if need be, `active=False` makes a closed one."""
    active = given.pop("active", True)
    if given.get("tier"):
        await make_tier(session, given["tier"])
    record = await create_customer(session, new_customer(name, numbers, **given), REGION)
    if not active:
        record = await change_customer(session, record.customer.id, record.customer.version, {"active": False})
    return record


async def customer_id(session: AsyncSession, name: str = "王小明", numbers: Iterable[str] = (), **given: Any) -> UUID:
    """The id of a fresh customer."""
    return (await make_customer(session, name, numbers, **given)).customer.id
