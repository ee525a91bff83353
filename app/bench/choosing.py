"""(e) What the engine is measured against: two usual ways to make the same decisions.

A scan looks at all who wait, in order, and for each at all who are ready. SQL asks a table for the first row that
fits, `order by ... limit 1 for update skip locked`, and changes both sides: one statement, one transaction.
"""

from typing import Any

from app.bench.scenes import Chosen, Scene, Turn
from app.db.pool import Connection
from app.routing.engine.requirement import Kind, Requirement, Skills, names, satisfies

SCAN, SQL = "scan", "SQL"


def scan(scene: Scene) -> Chosen | None:
    """The pair to make now, out of everybody: the longest idle for the first in the line who has anybody."""
    idle = sorted((standing.idle_since, agent, standing.kind) for agent, standing in scene.ready.items())
    for _, contact, wanted in sorted((each.place, key, each.wanted) for key, each in scene.waiting.items()):
        for _, agent, kind in idle:
            if names(wanted, agent) and satisfies(kind, wanted):
                return Chosen(agent, contact)
    return None


def plainly(scene: Scene, turn: Turn) -> Chosen | None:
    """The definition of a turn's decision: the best ready agent for who arrived, the first in line for who freed."""
    if turn.contact is not None:
        ready = [(each.idle_since, agent) for agent, each in scene.ready.items() if _may(scene, agent, turn.contact)]
        return Chosen(min(ready)[1], turn.contact) if ready else None
    assert turn.agent is not None
    line = [each.place for key, each in scene.waiting.items() if _may(scene, turn.agent, key)]
    return Chosen(turn.agent, min(line).contact) if line else None


def _may(scene: Scene, agent: str, contact: str) -> bool:
    waiting = scene.waiting[contact]
    if not _fits(agent, scene.duty[agent], waiting.wanted):
        return False
    if agent not in waiting.missed_by:
        return True
    others = (who for who in scene.duty if who not in waiting.missed_by)
    return not any(_fits(who, scene.duty[who], waiting.wanted) for who in others)


def _fits(agent: str, kind: Kind, wanted: Requirement) -> bool:
    return names(wanted, agent) and satisfies(kind, wanted)


class Tables:
    """The scene in a database, on a connection of its own. A skill at a level is one number of an array, so that what
    is held contains what is required; one of several is not asked here, nor who missed a contact."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def fill(self, scene: Scene) -> None:
        """Write the scene down, indexed for what is asked of it."""
        await self._connection.execute(_SCHEMA)
        agents = [
            (key, key in scene.ready, _codes(kind), scene.ready[key].idle_since if key in scene.ready else 0.0)
            for key, kind in scene.duty.items()
        ]
        await self._connection.copy_records_to_table("bench_agents", records=agents)
        contacts = [
            (key, True, *_required(each.wanted), each.place.virtual_arrival) for key, each in scene.waiting.items()
        ]
        await self._connection.copy_records_to_table("bench_contacts", records=contacts)
        await self._connection.execute("analyze bench_agents, bench_contacts")

    async def decide(self, turn: Turn) -> Chosen | None:
        """One decision, committed."""
        if turn.waiting is not None:
            place = turn.waiting.place
            values = (turn.contact, *_required(turn.waiting.wanted), place.virtual_arrival)
            agent = await self._connection.fetchval(_ARRIVES, *values)
            return Chosen(agent, place.contact) if agent is not None else None
        assert turn.agent is not None
        assert turn.standing is not None
        held = _codes(turn.standing.kind)
        contact = await self._connection.fetchval(_FREES, turn.agent, held, turn.standing.idle_since)
        return Chosen(turn.agent, contact) if contact is not None else None


def _codes(kind: Kind) -> list[int]:
    """Each skill with each level up to the one that is held."""
    return [_code(skill, lower) for skill, level in kind.skills for lower in range(1, level + 1)]


def _required(wanted: Requirement) -> tuple[list[int], str | None]:
    skills: Skills = wanted.skills
    return [_code(skill, level) for skill, level in skills], wanted.agents[0] if wanted.agents else None


def _code(skill: str, level: int) -> int:
    return 10 * int(skill.rpartition("-")[2]) + level


_SCHEMA = """
drop table if exists bench_agents, bench_contacts;
create table bench_agents (
    id text collate "C" primary key, ready bool not null, holds int[] not null, idle_since float8 not null);
create index on bench_agents (idle_since, id) where ready;
create table bench_contacts (
    id text collate "C" primary key, waiting bool not null, requires int[] not null, agent text collate "C",
    virtual_arrival float8 not null);
create index on bench_contacts (virtual_arrival, id) where waiting;"""

_ARRIVES = """
with first as (
    select id from bench_agents where ready and holds @> $2::int[] and ($3::text is null or id = $3)
    order by idle_since, id limit 1 for update skip locked),
taken as (update bench_agents a set ready = false from first where a.id = first.id returning a.id),
arrived as (
    insert into bench_contacts (id, waiting, requires, agent, virtual_arrival)
    select $1, not exists (select from first), $2, $3, $4)
select id from taken"""

_FREES = """
with first as (
    select id from bench_contacts where waiting and requires <@ $2::int[] and (agent is null or agent = $1)
    order by virtual_arrival, id limit 1 for update skip locked),
taken as (update bench_contacts c set waiting = false from first where c.id = first.id returning c.id),
freed as (update bench_agents set ready = not exists (select from first), idle_since = $3 where id = $1)
select id from taken"""
