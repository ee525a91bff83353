"""Reading the floor's configuration from the records."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Generic, TypeVar

import asyncpg
import msgspec
import structlog

from app.db.pool import Connection
from app.floor.configuration.config import (
    AgentRecord,
    FloorConfig,
    FlowBook,
    LooserStep,
    QueueRules,
    SourceRules,
    TierRules,
)
from app.ivr.language.flow import Flow
from app.ivr.language.reading import FlowFaulty, read_flow
from app.ivr.records.queries import LIVE_VERSIONS
from app.routing.engine.capacity import Blending
from app.routing.engine.requirement import Selection, Skills, sorted_skills
from app.routing.hours.calendar import Hours
from app.routing.hours.form import hours_of
from app.routing.overflow.rules import OverflowRule
from app.telephony.dialable import plain

log = structlog.get_logger(__name__)

Value = TypeVar("Value")

_AGENTS = """
SELECT a.id, a.name, a.address, a.team_id AS team, a.capacity, a.blending, a.auto_accept, held.skills
FROM agents a JOIN users u ON u.id = a.id
LEFT JOIN (SELECT agent_id, jsonb_object_agg(skill_id, level) AS skills FROM agent_skills GROUP BY agent_id) held
     ON held.agent_id = a.id
WHERE a.active AND u.active
"""
_FORMER = """
SELECT a.id, a.name, a.address FROM agents a JOIN users u ON u.id = a.id WHERE NOT (a.active AND u.active)
"""
_SOURCES = """
SELECT id, default_queue, default_flow, platform <> 'generic' AS steered FROM cti_sources WHERE active
"""


async def load(connection: Connection, region: str = "CN") -> FloorConfig:
    """The whole configuration as of one moment; national numbers are those of `region`."""
    return await Reader(region).read(connection)


class Reader:
    """Reads the configuration again and again: what the records say as they did is the same object as before, so that a
    change costs by what has changed. Thousands of agents are read in pieces: the loop carries calls meanwhile."""

    def __init__(self, region: str = "CN") -> None:
        """National numbers are those of `region`."""
        self._region = region
        self._queues, self._hours, self._sources = Kept(_queue), Kept(_hours), Kept(_source)
        self._agents, self._former = Kept(_agent), Kept(_former)

    async def read(self, connection: Connection) -> FloorConfig:
        """The whole configuration as of one moment."""
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            version = await version_of(connection)
            queues = await connection.fetch("SELECT * FROM queues")
            hours = await connection.fetch("SELECT * FROM business_hours")
            queue_skills = await _skills(connection, "SELECT queue_id, skill_id, level FROM queue_skills")
            agents = await connection.fetch(_AGENTS)
            former = await connection.fetch(_FORMER)
            sources = await connection.fetch(_SOURCES)
            numbers = await _numbers(connection)
            tiers = await connection.fetch("SELECT id, bonus_seconds, rank FROM tiers")
            teams = await connection.fetch("SELECT id, name FROM teams")
            codes = await connection.fetch("SELECT id FROM wrap_up_codes WHERE active")
            flows = await connection.fetch(LIVE_VERSIONS)
        open_at = await self._hours.renewed((row["id"], (row,)) for row in hours)
        asked = ((row["id"], (row, queue_skills[row["id"]], open_at.get(row["hours_id"]))) for row in queues)
        return FloorConfig(
            queues=await self._queues.renewed(asked),
            agents=await self._agents.renewed((row["id"], (row,)) for row in agents),
            former=await self._former.renewed((row["id"], (row,)) for row in former),
            sources=await self._sources.renewed((row["id"], (row, numbers[row["id"]])) for row in sources),
            tiers={row["id"]: TierRules(row["bonus_seconds"], row["rank"]) for row in tiers},
            wrap_up_codes=frozenset(row["id"] for row in codes),
            teams={row["id"]: row["name"] for row in teams},
            hours=open_at,
            flows=_book(flows),
            region=self._region,
            version=version,
        )


AT_ONCE = 200
"""So many records are compared, or made values, before the loop looks at everything else: agents' take a hundredth of a
millisecond each."""


class Kept(Generic[Value]):
    """Values by id, and what each was made of: from the same it is not made anew."""

    def __init__(self, make: Callable[..., Value]) -> None:
        self._make = make
        self._known: dict[str, tuple[tuple[Any, ...], Value]] = {}
        self._values: dict[str, Value] = {}

    async def renewed(self, found: Iterable[tuple[str, tuple[Any, ...]]]) -> dict[str, Value]:
        """The values of all that was found, by id; the same object as before where nothing has changed."""
        known: dict[str, tuple[tuple[Any, ...], Value]] = {}
        for place, (key, made_of) in enumerate(found, 1):
            before = self._known.get(key)
            same = before is not None and before[0] == made_of
            known[key] = before if before is not None and same else (made_of, self._make(*made_of))
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        values = {key: value for key, (_, value) in known.items()}
        if len(values) != len(self._values) or any(self._values.get(key) is not each for key, each in values.items()):
            self._values = values
        self._known = known
        return self._values


async def version_of(connection: Connection) -> int:
    """The version that a trigger raises with every change."""
    version: int | None = await connection.fetchval("SELECT version FROM configuration")
    return version or 0


async def _skills(connection: Connection, query: str) -> dict[str, Skills]:
    held: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for owner, skill, level in await connection.fetch(query):
        held[owner].append((skill, level))
    return defaultdict(tuple, {owner: tuple(sorted(skills)) for owner, skills in held.items()})


async def _numbers(connection: Connection) -> dict[str, list[asyncpg.Record]]:
    """What dialled numbers lead to, by source."""
    found: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch("SELECT source_id, number, queue_id, flow_id FROM dialled_numbers"):
        found[row["source_id"]].append(row)
    return found


def _agent(row: asyncpg.Record) -> AgentRecord:
    kept = dict(row)
    kept["capacity"] = tuple(sorted(msgspec.json.decode(kept["capacity"]).items()))
    kept["blending"] = Blending(kept["blending"])
    kept["skills"] = sorted_skills(msgspec.json.decode(kept["skills"])) if kept["skills"] is not None else ()
    return AgentRecord(**kept)


def _former(row: asyncpg.Record) -> AgentRecord:
    return AgentRecord(**row)


def _source(row: asyncpg.Record, numbers: list[asyncpg.Record]) -> SourceRules:
    return SourceRules(
        **dict(row),
        numbers={each["number"]: each["queue_id"] for each in numbers if each["queue_id"] is not None},
        flows={each["number"]: each["flow_id"] for each in numbers if each["flow_id"] is not None},
        written={
            bare: each["number"] for each in numbers if (bare := plain(each["number"])) not in (None, each["number"])
        },
    )


def _book(rows: list[asyncpg.Record]) -> FlowBook:
    """The flows of calls that begin now and of those that began with a version that has been retired since."""
    read = {(row["flow_id"], row["number"]): _flow(row["text"]) for row in rows}
    current = {row["flow_id"]: row["number"] for row in rows if row["published"]}
    return FlowBook(current=current, versions={key: flow for key, flow in read.items() if flow is not None})


@lru_cache(maxsize=1024)  # a version never changes
def _flow(text: str) -> Flow | None:
    try:
        return read_flow(text)
    except FlowFaulty as faulty:  # it was judged before it was published, by the rules of then
        log.error("a published flow cannot be read; its callers go to the default queue", why=faulty.detail)
        return None


def _hours(row: asyncpg.Record) -> Hours:
    record = dict(row)
    return hours_of({**record, **{name: msgspec.json.decode(record[name]) for name in ("weekly", "exceptions")}})


def _queue(row: asyncpg.Record, requires: Skills, hours: Hours | None) -> QueueRules:
    return QueueRules(
        id=row["id"],
        name=row["name"],
        requires=requires,
        bonus=row["bonus_seconds"],
        offer_seconds=row["offer_seconds"],
        wrap_up_seconds=row["wrap_up_seconds"],
        decline_keeps_ready=row["decline_keeps_ready"],
        language_level=row["language_level"],
        default_language=row["default_language"],
        preferred_seconds=row["preferred_seconds"],
        last_agent_seconds=row["last_agent_seconds"],
        selection=Selection(row["selection"]),
        strict_tiers=row["strict_tiers"],
        offer_agents=row["offer_agents"],
        wrap_up_ends=row["wrap_up_ends"],
        overflow=msgspec.json.decode(row["overflow"], type=tuple[OverflowRule, ...]),
        hours=hours,
        record=row["record"],
        steps=tuple(_step(each) for each in msgspec.json.decode(row["steps"])),
        one_of=tuple(sorted_skills(group) for group in msgspec.json.decode(row["one_of"])),
        agents=tuple(msgspec.json.decode(row["agents"])),
        teams=tuple(msgspec.json.decode(row["teams"])),
        excluded=tuple(msgspec.json.decode(row["excluded"])),
    )


def _step(given: dict[str, Any]) -> LooserStep:
    """A step as the records keep it: skills as an object, the rest as lists."""
    return LooserStep(
        after_seconds=given["after_seconds"],
        requires=sorted_skills(given.get("requires", {})),
        one_of=tuple(sorted_skills(group) for group in given.get("one_of", ())),
        agents=tuple(given.get("agents", ())),
        teams=tuple(given.get("teams", ())),
        excluded=tuple(given.get("excluded", ())),
        language_level=given.get("language_level", 0),
    )
