"""The bank that is measured: its configuration, its customers and their past calls, in whatever numbers are asked."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core import clock
from app.customers.numbers import normalise
from app.db.engine import Sessions, WriteSession
from app.db.partitions import ensure_partitions
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules, SourceRules, TierRules

SOURCE = "bench"
REGION = "CN"
HISTORY_DAYS = 90
FEWEST = 24
"""So many agents are needed for every kind of caller to find one."""

CALLS_EACH = 12
"""Most past calls of a customer; half of it on average."""

PRODUCTS = ("accounts", "business", "cards", "disputes", "funds", "insurance", "loans", "online")
LANGUAGES = ("zh", "en")
TIERS = {"private": 300.0, "gold": 60.0, "standard": 0.0}
CODES = ("solved", "callback", "complaint")

Row = tuple[Any, ...]


def configuration(agents: int, offer_seconds: float = 20.0) -> FloorConfig:
    """Eight queues, each with its skill and the caller's language, and `agents` who hold two or three skills."""
    return FloorConfig(
        queues={name: _queue(name, offer_seconds) for name in PRODUCTS},
        agents={agent.id: agent for agent in map(_agent, range(agents))},
        sources={SOURCE: SourceRules(id=SOURCE, numbers={number(name): name for name in PRODUCTS})},
        tiers={name: TierRules(bonus) for name, bonus in TIERS.items()},
        wrap_up_codes=frozenset(CODES),
    )


def number(queue: str) -> str:
    """The number that is dialled to reach a queue."""
    return f"+8695{PRODUCTS.index(queue):03d}"


def caller(place: int) -> str:
    """The telephone number of the customer at `place`, as the platform sends it."""
    return f"+86138{place:08d}"


def _queue(name: str, offer_seconds: float) -> QueueRules:
    return QueueRules(
        id=name,
        name=name.title(),
        requires=((name, 2),),
        offer_seconds=offer_seconds,
        language_level=2,
        default_language="zh",
    )


def _agent(place: int) -> AgentRecord:
    skills = {PRODUCTS[place % 8]: 3, PRODUCTS[(place // 8 + 3) % 8]: 2 + place % 3, "zh": 5}
    if place % 3 == 0:
        skills["en"] = 4
    return AgentRecord(
        id=f"agent-{place:05d}",
        name=f"Agent {place}",
        address=f"sip:{20_000 + place}@bench",
        skills=tuple(sorted(skills.items())),
    )


async def found_bank(sessions: Sessions, *, agents: int, customers: int, secret: str, command_url: str) -> FloorConfig:
    """Write the bank into an empty database. Events are signed with `secret`, commands go to `command_url`."""
    config = configuration(agents)
    async with sessions.write() as session:
        await _configure(session, config, secret, command_url)
        await _people(session, config)
        await session.execute(_CUSTOMERS, {"count": customers})
        await _numbers(session, customers)
        now = clock.now()
        connection = await session.connection()
        await ensure_partitions(connection, clock.utc(now - (HISTORY_DAYS + 1) * 86_400), clock.utc(now))
        await session.execute(_HISTORY, {"most": CALLS_EACH, "days": HISTORY_DAYS, "agents": agents})
    async with sessions.write() as session:
        await session.execute(text("analyze"))
    return config


async def _configure(session: WriteSession, config: FloorConfig, secret: str, command_url: str) -> None:
    await _copy(session, "skills", ("id", "name"), [(name, name) for name in (*PRODUCTS, *LANGUAGES)])
    tiers = [(name, name.title(), rank, bonus) for rank, (name, bonus) in enumerate(TIERS.items())]
    await _copy(session, "tiers", ("id", "name", "rank", "bonus_seconds"), tiers)
    await _copy(session, "wrap_up_codes", ("id", "name"), [(code, code) for code in CODES])
    columns = ("id", "name", "language_level", "default_language")
    queues = config.queues.values()
    await _copy(session, "queues", columns, [(q.id, q.name, q.language_level, q.default_language) for q in queues])
    required = [(q.id, skill, level) for q in queues for skill, level in q.requires]
    await _copy(session, "queue_skills", ("queue_id", "skill_id", "level"), required)
    source = (SOURCE, "Platform of the bench", [secret], command_url)
    await _copy(session, "cti_sources", ("id", "name", "secrets", "command_url"), [source])
    dialled = [(SOURCE, each, queue) for each, queue in config.sources[SOURCE].numbers.items()]
    await _copy(session, "dialled_numbers", ("source_id", "number", "queue_id"), dialled)


async def _people(session: WriteSession, config: FloorConfig) -> None:
    agents = config.agents.values()
    users = [(agent.id, agent.name, "agent", "-") for agent in agents]
    await _copy(session, "users", ("id", "name", "role", "password_hash"), users)
    await _copy(session, "agents", ("id", "name", "address"), [(a.id, a.name, a.address) for a in agents])
    held = [(agent.id, skill, level) for agent in agents for skill, level in agent.skills]
    await _copy(session, "agent_skills", ("agent_id", "skill_id", "level"), held)


async def _numbers(session: WriteSession, customers: int) -> None:
    ids: dict[str, UUID] = dict((await session.execute(text("select external_id, id from customers"))).all())
    rows = [
        (ids[str(place)], caller(place), normalise(caller(place), REGION).e164, "mobile") for place in range(customers)
    ]
    await _copy(session, "customer_numbers", ("customer_id", "raw", "e164", "label"), rows)


async def _copy(session: WriteSession, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    await driver.copy_records_to_table(table, records=rows, columns=columns)


_CUSTOMERS = text("""
    insert into customers (external_id, name, latin_name, tier_id, language, attributes)
    select n::text, '王' || chr(0x4e00 + n % 5000) || chr(0x5000 + n % 3000), 'Wang ' || n,
           case when n % 50 = 0 then 'private' when n % 5 = 0 then 'gold' else 'standard' end,
           case when n % 10 = 0 then 'en' else 'zh' end,
           jsonb_build_object('branch', 'Branch ' || n % 300, 'products', jsonb_build_array('savings', 'debit card'))
    from generate_series(0, :count - 1) n""")

_HISTORY = text("""
    insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id, from_raw, to_raw,
        customer_id, tier_id, queue_id, agent_id, outcome, cause, wait_seconds, talk_seconds, hold_seconds,
        wrap_up_seconds, wrap_up_code, note, legs)
    select uuidv7(began - now()), began, began + interval '4 minutes', 'voice', 'inbound', 'past',
           c.external_id || '-' || k, '+861380000', '+8695000', c.id, c.tier_id, 'cards',
           'agent-' || lpad((k * 7 % :agents)::text, 5, '0'), 'answered', 'normal', 9.5, 210.25, 0, 18.5, 'solved',
           'Asked about the last statement; explained the annual fee and sent the list of branches.',
           '[{"id": "customer", "party": "customer", "talk_seconds": 210.25}]'::jsonb
    from customers c
    cross join lateral generate_series(1, c.external_id::int % (:most + 1)) k
    cross join lateral (select now() - make_interval(
        days => (c.external_id::int * 31 + k * 17) % :days, secs => 60.0 * k + 3600) as began) b""")
