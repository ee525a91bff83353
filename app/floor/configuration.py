"""Reading the floor's configuration from the records."""

from collections import defaultdict

import asyncpg

from app.db.pool import Connection
from app.floor.config import AgentRecord, FloorConfig, QueueRules, SourceRules
from app.routing.requirement import Skills


async def load(connection: Connection) -> FloorConfig:
    """The whole configuration as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version = await version_of(connection)
        queues = await connection.fetch("SELECT * FROM queues")
        queue_skills = await _skills(connection, "SELECT queue_id, skill_id, level FROM queue_skills")
        agents = await connection.fetch("SELECT id, name, address FROM agents WHERE active")
        agent_skills = await _skills(connection, "SELECT agent_id, skill_id, level FROM agent_skills")
        sources = await connection.fetch("SELECT id, default_queue FROM cti_sources WHERE active")
        numbers = await connection.fetch("SELECT source_id, number, queue_id FROM dialled_numbers")
        tiers = await connection.fetch("SELECT id, bonus_seconds FROM tiers")
        codes = await connection.fetch("SELECT id FROM wrap_up_codes WHERE active")
    by_source: dict[str, dict[str, str]] = defaultdict(dict)
    for row in numbers:
        by_source[row["source_id"]][row["number"]] = row["queue_id"]
    return FloorConfig(
        queues={row["id"]: _queue(row, queue_skills[row["id"]]) for row in queues},
        agents={row["id"]: AgentRecord(**dict(row), skills=agent_skills[row["id"]]) for row in agents},
        sources={
            row["id"]: SourceRules(id=row["id"], numbers=by_source[row["id"]], default_queue=row["default_queue"])
            for row in sources
        },
        tiers={row["id"]: row["bonus_seconds"] for row in tiers},
        wrap_up_codes=frozenset(row["id"] for row in codes),
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


def _queue(row: asyncpg.Record, requires: Skills) -> QueueRules:
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
    )
