"""Writes the demo bank into an empty database, once, in one transaction: it is there as a whole or not at all."""

from collections.abc import Sequence
from itertools import chain
from typing import ClassVar, NamedTuple

import msgspec
from argon2 import PasswordHasher
from sqlalchemy import func, select

from app.agents.service import create_agent, create_skill
from app.auth.models import User
from app.auth.passwords import Passwords
from app.auth.service import create_user
from app.core import clock
from app.core.errors import Conflict
from app.customers.bulk import upsert_many
from app.customers.models import Tier
from app.customers.service import GivenNumber, NewCustomer
from app.db.engine import Sessions, WriteSession
from app.db.partitions import ensure_partitions
from app.demo.bank import (
    ADMINISTRATOR,
    AGENTS,
    CUSTOMERS,
    DAYS,
    FLOOR,
    PASSWORD,
    QUEUES,
    SKILLS,
    SOURCE,
    SUPERVISORS,
    TIERS,
    WRAP_UP_CODES,
    StaffPlan,
)
from app.demo.clients import DemoCustomer, adviser, demo_customers
from app.demo.copying import copy
from app.demo.dossiers import dossiers
from app.demo.filing import file_all
from app.demo.history import (
    ENTRY_COLUMNS,
    EVENT_COLUMNS,
    INTERACTION_COLUMNS,
    VISIT_COLUMNS,
    PastDay,
    past_days,
    past_events,
)
from app.floor.journal.models import FloorHead
from app.floor.journal.models import LiveAgent as LiveAgentRow
from app.floor.memory.entities import LiveAgent
from app.routing.records.queues import create_queue, create_wrap_up_code
from app.telephony.models import CtiSource, DialledNumber
from app.telephony.service import create_source

REGION = "CN"


class NotTheDemo(Conflict):
    """The database holds somebody's data, and not the demo's."""

    code: ClassVar[str] = "not-the-demo"


class Size(NamedTuple):
    """How much is seeded: customers, and days of history."""

    customers: int = CUSTOMERS
    days: int = DAYS


DEMO_SIZE = Size()


class Switch(NamedTuple):
    """Where orders for the demo's calls go: to the simulated platform, or with an `account` to an Asterisk, which knows
    us by the `secret`."""

    command_url: str
    account: str | None = None
    secret: str | None = None

    @property
    def platform(self) -> str:
        """The name of the adapter."""
        return "generic" if self.account is None else "asterisk_ari"

    def address(self, agent: StaffPlan) -> str:
        """An agent's phone."""
        return agent.address if self.account is None else f"PJSIP/{agent.id}"


class Seeded(NamedTuple):
    """What the demo's database holds: whether it was filled just now, and the secret that its platform signs with."""

    new: bool
    secret: str


class OnePassword(Passwords):
    """Everybody of the demo has the same public password: it is hashed once, which is slow on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        super().__init__(hasher)
        self._kept: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        """The hash to keep, the same for the same password."""
        if password not in self._kept:
            self._kept[password] = await super().hash(password)
        return self._kept[password]


async def ensure_seeded(
    sessions: Sessions, switch: Switch, size: Size = DEMO_SIZE, passwords: Passwords | None = None
) -> Seeded:
    """Fill an empty database, or find the demo bank in it as it was left. Raises `NotTheDemo`.

    `switch` is where orders for calls go this time; it is of the kind that the bank was filled for.
    """
    async with sessions.write() as session:
        source = await session.get(CtiSource, SOURCE)
        if source is not None:
            source.command_url = switch.command_url
            source.secrets = [switch.secret] if switch.secret is not None else source.secrets
            return Seeded(False, source.secrets[0])
        if await session.scalar(select(func.count()).select_from(User)):
            raise NotTheDemo(
                "This database is in use and does not hold the demo bank; give the demo a folder of its own."
            )
        return Seeded(True, await _seed(session, switch, size, passwords or OnePassword()))


async def _seed(session: WriteSession, switch: Switch, size: Size, passwords: Passwords) -> str:
    customers = demo_customers(size.customers)
    await _configure(session)
    await _hire(session, switch, passwords)
    _, secret = await create_source(
        session,
        id=SOURCE,
        name="Simulated platform" if switch.account is None else "Asterisk",
        platform=switch.platform,
        default_queue=QUEUES[0].id,
        **switch._asdict(),
    )
    session.add_all(DialledNumber(source_id=SOURCE, number=queue.number, queue_id=queue.id) for queue in QUEUES)
    await upsert_many(session, [_new_customer(customer) for customer in customers], REGION)
    await _remember(session, customers, size.days)
    # after the past: what agreements promise now is no judge of it
    now = clock.now()
    await file_all(session, list(dossiers(customers, now)), clock.utc(now))
    return secret


async def _configure(session: WriteSession) -> None:
    session.add_all(
        Tier(id=tier.id, name=tier.name, rank=tier.rank, bonus_seconds=tier.bonus, colour=tier.colour) for tier in TIERS
    )
    for skill, name in SKILLS.items():
        await create_skill(session, skill, name)
    for code, name in WRAP_UP_CODES.items():
        await create_wrap_up_code(session, code, name)
    for queue in QUEUES:
        await create_queue(
            session,
            queue.requires,
            id=queue.id,
            name=queue.name,
            bonus_seconds=queue.bonus,
            offer_seconds=queue.offer_seconds,
            wrap_up_seconds=queue.wrap_up_seconds,
            language_level=queue.language_level,
            default_language="zh",
            service_level_seconds=queue.target_seconds,
            **queue.rules,
        )


async def _hire(session: WriteSession, switch: Switch, passwords: Passwords) -> None:
    people = [(login, name, "supervisor") for login, name in SUPERVISORS.items()]
    for login, name, role in (*people, (ADMINISTRATOR, "Administrator", "administrator")):
        await create_user(session, passwords, user_id=login, name=name, role=role, password=PASSWORD)
    for agent in AGENTS:
        await create_agent(
            session,
            passwords,
            agent_id=agent.id,
            name=agent.name,
            address=switch.address(agent),
            password=PASSWORD,
            skills=agent.skills,
            auto_accept=switch.account is not None,
        )


def _new_customer(customer: DemoCustomer) -> NewCustomer:
    return NewCustomer(
        id=customer.id,
        external_id=customer.external_id,
        name=customer.name,
        latin_name=customer.latin_name,
        tier=customer.tier,
        language=customer.language,
        preferred_agent=adviser(customer),
        attributes=customer.attributes,
        numbers=tuple(GivenNumber(number.raw, number.label) for number in customer.numbers),
    )


async def _remember(session: WriteSession, customers: list[DemoCustomer], days: int) -> None:
    """Copy the past in; COPY is how PostgreSQL takes a hundred thousand rows in a second."""
    now = clock.now()
    await ensure_partitions(await session.connection(), clock.utc(now - (days + 1) * 86400), clock.utc(now))
    past = list(past_days(customers, now, days=days))
    calls = [call for day in past for call in day.calls]
    await copy(session, "interactions", (call.interaction for call in calls), INTERACTION_COLUMNS)
    await copy(session, "interaction_entries", chain.from_iterable(call.entries for call in calls), ENTRY_COLUMNS)
    await copy(session, "queue_visits", (call.visit for call in calls), VISIT_COLUMNS)
    await _journal(session, past, now)


async def _journal(session: WriteSession, past: Sequence[PastDay], now: float) -> None:
    """What the floor would have kept of it: it goes on from there, with nobody logged on."""
    await copy(session, "events", past_events(FLOOR, past), EVENT_COLUMNS)
    session.add(FloorHead(id=FLOOR, seq=sum(len(day.changes) for day in past)))
    everybody = {change.agent for day in past for change in day.changes}
    gone = [LiveAgent(id=agent, since=now, idle_since=now) for agent in sorted(everybody)]
    session.add_all(LiveAgentRow(floor=FLOOR, id=each.id, state=msgspec.to_builtins(each)) for each in gone)
