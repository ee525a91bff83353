"""The floor decides by what was written over the API."""

from typing import Any

import asyncpg
import msgspec
import pytest

from app.agents.service import change_agent, create_skill, set_skills
from app.agents.teams import create_team
from app.api.schemas.agents import AgentPatch
from app.api.schemas.queues import QueueIn, QueuePatch
from app.core.clock import now
from app.db.engine import Sessions
from app.floor.configuration.config import FloorConfig, LooserStep, QueueRules
from app.floor.configuration.reading import Reader, load
from app.routing.engine.capacity import ONE_CALL, Blending
from app.routing.engine.requirement import Selection
from app.routing.overflow.rules import Do, OverflowRule, When
from app.routing.records.queues import change_queue, create_queue
from app.telephony.service import create_source, set_dialled_number
from tests.customers.factories import make_agent
from tests.fixtures.database import Database
from tests.floor.factories import Bench

ASKED = {"one_of": [{"zh": 3, "en": 3}], "agents": ["mei"], "teams": ["vip"], "excluded": ["tom"]}
RULES = {
    **ASKED,
    "requires": {"cards": 4},
    "language_level": 2,
    "steps": [
        {"after_seconds": 30, "requires": {"cards": 2}, "language_level": 1, **ASKED},
        {"after_seconds": 60.5, "requires": {"cards": 1}},
    ],
    "preferred_seconds": 20,
    "last_agent_seconds": 10,
    "selection": "least_skilled",
    "strict_tiers": True,
    "offer_agents": 3,
    "wrap_up_ends": "by_agent",
    "record": "on",
}


async def read(database: Database) -> FloorConfig:
    connection = await asyncpg.connect(database.dsn)
    try:
        return await load(connection)
    finally:
        await connection.close()


async def test_rules_are_read_as_they_were_written(database: Database, sessions: Sessions) -> None:
    async with sessions.write() as session:
        for skill in ("cards", "zh", "en"):
            await create_skill(session, skill, skill)
        await create_team(session, "vip", "Vip")
        for agent in ("mei", "tom"):
            await make_agent(session, agent)
        await change_agent(session, "mei", {"team_id": "vip"}, now)
        await create_queue(session, **QueueIn.model_validate({"id": "cards", "name": "Cards", **RULES}).model_dump())
    config = await read(database)
    group = (("en", 3), ("zh", 3))
    asked: dict[str, Any] = {"one_of": (group,), "agents": ("mei",), "teams": ("vip",), "excluded": ("tom",)}
    first = LooserStep(after_seconds=30, requires=(("cards", 2),), language_level=1, **asked)
    wanted = QueueRules(
        id="cards", name="Cards", requires=(("cards", 4),), language_level=2, preferred_seconds=20,
        steps=(first, LooserStep(after_seconds=60.5, requires=(("cards", 1),))), last_agent_seconds=10,
        selection=Selection.LEAST_SKILLED, strict_tiers=True, offer_agents=3, wrap_up_ends="by_agent", record="on",
        **asked,
    )  # fmt: skip
    assert msgspec.to_builtins(config.queues["cards"]) == msgspec.to_builtins(wanted)
    assert {agent: record.team for agent, record in config.agents.items()} == {"mei": "vip", "tom": None}


async def test_overflow_and_capacity_are_read_as_they_were_written(database: Database, sessions: Sessions) -> None:
    rules = [
        {"when": "closed", "at": None, "do": "message", "queue": None, "message": "Until tomorrow."},
        {"when": "length", "at": 20, "do": "callback"},
        {"when": "wait", "at": 90.5, "do": "queue", "queue": "service"},
        {"when": "no_agent", "do": "voicemail"},
    ]
    async with sessions.write() as session:
        await create_queue(session, **QueueIn.model_validate({"id": "service", "name": "Service"}).model_dump())
        given = {"id": "cards", "name": "Cards", "overflow": rules}
        await create_queue(session, **QueueIn.model_validate(given).model_dump())
        for agent in ("mei", "tom"):
            await make_agent(session, agent)
        patch = AgentPatch.model_validate(
            {"capacity": {"voice": 1, "chat": 3}, "blending": "mixed", "auto_accept": True}
        )
        await change_agent(session, "mei", patch.changes(), now)
    config = await read(database)
    assert config.queues["service"].overflow == ()
    assert config.queues["cards"].overflow == (
        OverflowRule(when=When.CLOSED, do=Do.MESSAGE, message="Until tomorrow."),
        OverflowRule(when=When.LENGTH, at=20, do=Do.CALLBACK),
        OverflowRule(when=When.WAIT, at=90.5, do=Do.QUEUE, queue="service"),
        OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL),
    )
    assert {
        agent: (record.capacity, record.blending, record.auto_accept) for agent, record in config.agents.items()
    } == {
        "mei": ((("chat", 3), ("voice", 1)), Blending.MIXED, True),
        "tom": (ONE_CALL, Blending.EXCLUSIVE, False),
    }


async def test_a_changed_step_keeps_nothing_of_the_one_before(database: Database, sessions: Sessions) -> None:
    async with sessions.write() as session:
        given = {"id": "cards", "name": "Cards", "steps": [{"after_seconds": 30, "language_level": 3}]}
        await create_queue(session, **QueueIn.model_validate(given).model_dump())
        version = (await read(database)).version
    async with sessions.write() as session:
        patch = QueuePatch.model_validate({"steps": [{"after_seconds": 5}]})
        await change_queue(session, "cards", patch.model_dump())
    config = await read(database)
    assert config.queues["cards"].steps == (LooserStep(after_seconds=5),)
    assert config.version > version


async def test_what_the_records_say_as_before_is_the_same_object(database: Database, sessions: Sessions) -> None:
    async with sessions.write() as session:
        for skill in ("cards", "zh"):
            await create_skill(session, skill, skill)
        for agent in ("mei", "tom", "jo", "kim"):
            await make_agent(session, agent)
        for queue in ("cards", "loans"):
            await create_queue(session, **QueueIn.model_validate({"id": queue, "name": queue}).model_dump())
        await create_source(session, id="pbx", name="Pbx", default_queue="loans")
    reader = Reader()
    connection = await asyncpg.connect(database.dsn)
    try:
        first = await reader.read(connection)
        async with sessions.write() as session:
            await set_skills(session, "mei", {"zh": 5, "cards": 3}, "skills")
            await change_agent(session, "jo", {"active": False}, now)
            await change_queue(session, "cards", {"requires": {"zh": 2}})
            await set_dialled_number(session, "pbx", "100", "cards")
        second = await reader.read(connection)
        async with sessions.write() as session:
            await set_skills(session, "mei", {"zh": 5}, "skills")
        third = await reader.read(connection)
        assert [await load(connection)] == [third]
    finally:
        await connection.close()
    assert second.agents["tom"] is first.agents["tom"]
    assert second.queues["loans"] is first.queues["loans"]
    assert second.agents["mei"].skills == (("cards", 3), ("zh", 5))
    assert (set(second.agents), set(second.former)) == ({"mei", "tom", "kim"}, {"jo"})
    assert second.queues["cards"].requires == (("zh", 2),)
    assert second.sources["pbx"].numbers == {"100": "cards"}
    assert third.agents["mei"].skills == (("zh", 5),)
    assert (third.former, third.queues) == (second.former, second.queues)
    assert third.queues is second.queues


@pytest.mark.parametrize(
    ("written", "told"),
    [("400-820 8820", "4008208820"), ("+8695501", "+86 955-01"), ("400-820 8820", "(400) 820 8820"), ("desk", "desk")],
)
async def test_a_number_is_found_however_it_is_written(
    database: Database, sessions: Sessions, written: str, told: str
) -> None:
    async with sessions.write() as session:
        for queue in ("cards", "loans"):
            await create_queue(session, **QueueIn.model_validate({"id": queue, "name": queue}).model_dump())
        await create_source(session, id="pbx", name="Pbx", default_queue="loans")
        await set_dialled_number(session, "pbx", written, "cards")
    floor = Bench(await read(database))
    assert floor.contact(floor.arrives(to=told)).queue == "cards"
    assert floor.contact(floor.arrives(to="4008208821", call_id="c2")).queue == "loans"
