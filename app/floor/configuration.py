"""Reading the floor's configuration from the records."""

from collections import defaultdict
from functools import lru_cache
from typing import Any

import asyncpg
import msgspec
import structlog

from app.db.pool import Connection
from app.floor.config import AgentRecord, FloorConfig, FlowBook, LooserStep, QueueRules, SourceRules, TierRules
from app.ivr.flow import Flow
from app.ivr.queries import LIVE_VERSIONS
from app.ivr.reading import FlowFaulty, read_flow
from app.routing.capacity import Blending
from app.routing.hours import Hours
from app.routing.hours_form import hours_of
from app.routing.overflow import OverflowRule
from app.routing.requirement import Selection, Skills, sorted_skills
from app.telephony.numbers import plain

log = structlog.get_logger(__name__)


async def load(connection: Connection, region: str = "CN") -> FloorConfig:
    """The whole configuration as of one moment; national numbers are those of `region`."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version = await version_of(connection)
        queues = await connection.fetch("SELECT * FROM queues")
        hours = {row["id"]: _hours(row) for row in await connection.fetch("SELECT * FROM business_hours")}
        queue_skills = await _skills(connection, "SELECT queue_id, skill_id, level FROM queue_skills")
        agents = await connection.fetch(
            """SELECT a.id, a.name, a.address, a.team_id AS team, a.capacity, a.blending, a.auto_accept
               FROM agents a JOIN users u ON u.id = a.id WHERE a.active AND u.active"""
        )
        former = await connection.fetch(
            """SELECT a.id, a.name, a.address FROM agents a JOIN users u ON u.id = a.id
               WHERE NOT (a.active AND u.active)"""
        )
        agent_skills = await _skills(connection, "SELECT agent_id, skill_id, level FROM agent_skills")
        sources = await connection.fetch(
            "SELECT id, default_queue, default_flow, platform <> 'generic' AS steered FROM cti_sources WHERE active"
        )
        numbers = await connection.fetch("SELECT source_id, number, queue_id, flow_id FROM dialled_numbers")
        tiers = await connection.fetch("SELECT id, bonus_seconds, rank FROM tiers")
        teams = await connection.fetch("SELECT id, name FROM teams")
        codes = await connection.fetch("SELECT id FROM wrap_up_codes WHERE active")
        flows = await connection.fetch(LIVE_VERSIONS)
    return FloorConfig(
        queues={row["id"]: _queue(row, queue_skills[row["id"]], hours) for row in queues},
        agents={row["id"]: _agent(row, agent_skills[row["id"]]) for row in agents},
        former={row["id"]: AgentRecord(**row) for row in former},
        sources={
            row["id"]: _source(row, [each for each in numbers if each["source_id"] == row["id"]]) for row in sources
        },
        tiers={row["id"]: TierRules(row["bonus_seconds"], row["rank"]) for row in tiers},
        wrap_up_codes=frozenset(row["id"] for row in codes),
        teams={row["id"]: row["name"] for row in teams},
        hours=hours,
        flows=_book(flows),
        region=region,
        version=version,
    )


async def version_of(connection: Connection) -> int:
    """The version that a trigger raises with every change."""
    version: int | None = await connection.fetchval("SELECT version FROM configuration")
    return version or 0


async def _skills(connection: Connection, query: str) -> dict[str, Skills]:
    held: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for owner, skill, level in await connection.fetch(query):
        held[owner].append((skill, level))
    return defaultdict(tuple, {owner: tuple(sorted(skills)) for owner, skills in held.items()})


def _agent(row: asyncpg.Record, skills: Skills) -> AgentRecord:
    kept = dict(row)
    kept["capacity"] = tuple(sorted(msgspec.json.decode(kept["capacity"]).items()))
    kept["blending"] = Blending(kept["blending"])
    return AgentRecord(**kept, skills=skills)


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


def _queue(row: asyncpg.Record, requires: Skills, hours: dict[str, Hours]) -> QueueRules:
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
        hours=hours.get(row["hours_id"]),
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
