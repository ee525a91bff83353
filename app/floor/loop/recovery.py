"""The floor's memory from its tables: what the last commit left, no more and no less."""

from typing import NamedTuple

import msgspec

from app.core.clock import utc
from app.db.pool import Connection
from app.floor.configuration.config import FloorConfig
from app.floor.memory.entities import Contact, EndedCall, LiveAgent, Phone
from app.floor.memory.store import ENDED_MEMORY_SECONDS
from app.floor.state import FloorState
from app.routing.estimate import Average, Flow

INBOX_MEMORY_SECONDS = 600.0
FLOW_MEMORY_SECONDS = 86_400.0
INBOX_MEMORY_ROWS = 100_000


class Recovered(NamedTuple):
    """The state, the answers given lately by (scope, id), oldest first, and when the last event happened."""

    state: FloorState
    inbox: dict[tuple[str, str], bytes]
    last: float


async def recover(connection: Connection, floor: str, config: FloorConfig, now: float) -> Recovered:
    """Read the floor as of its last commit. `now` (epoch seconds) bounds what is still remembered of ended calls."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        seq = await connection.fetchval("SELECT seq FROM floors WHERE id = $1", floor)
        state = FloorState(config, seq or 0)
        await _contacts(connection, floor, state)
        await _agents(connection, floor, state)
        await _phones(connection, floor, state)
        await _ended(connection, state, now)
        await _flows(connection, state, now)
        inbox = await _inbox(connection, floor, now)
        last = await connection.fetchval(
            "SELECT extract(epoch FROM at)::float8 FROM events WHERE floor = $1 ORDER BY seq DESC LIMIT 1", floor
        )
    state.store.reindex(config)
    return Recovered(state, inbox, last or 0.0)


async def _contacts(connection: Connection, floor: str, state: FloorState) -> None:
    decoder = msgspec.json.Decoder(Contact)
    rows = await connection.fetch("SELECT state, profile FROM live_contacts WHERE floor = $1 ORDER BY id", floor)
    for row in rows:
        contact = decoder.decode(row["state"])
        state.store.contacts[contact.id] = contact
        if row["profile"] is not None:
            state.store.profiles[contact.id] = row["profile"].encode()


async def _agents(connection: Connection, floor: str, state: FloorState) -> None:
    decoder = msgspec.json.Decoder(LiveAgent)
    for row in await connection.fetch("SELECT state FROM live_agents WHERE floor = $1 ORDER BY id", floor):
        agent = decoder.decode(row["state"])
        state.store.agents[agent.id] = agent


async def _phones(connection: Connection, floor: str, state: FloorState) -> None:
    decoder = msgspec.json.Decoder(Phone)
    for row in await connection.fetch("SELECT state FROM live_phones WHERE floor = $1 ORDER BY address", floor):
        phone = decoder.decode(row["state"])
        state.store.phones[phone.address] = phone


async def _ended(connection: Connection, state: FloorState, now: float) -> None:
    rows = await connection.fetch(
        """SELECT id, source_id, call_id, started_at, ended_at,
                  (SELECT max((leg ->> 'since')::timestamptz) FROM jsonb_array_elements(legs) leg) AS said_at
           FROM interactions
           WHERE ended_at > to_timestamp($1) AND started_at > to_timestamp($1) - interval '2 days'
           ORDER BY ended_at, id""",
        now - ENDED_MEMORY_SECONDS,
    )
    for row in rows:
        said_at = row["said_at"] or row["ended_at"]
        ended = EndedCall(
            str(row["id"]), row["started_at"].timestamp(), row["ended_at"].timestamp(), said_at.timestamp()
        )
        state.store.ended[(row["source_id"], row["call_id"])] = ended


async def _flows(connection: Connection, state: FloorState, now: float) -> None:
    """What each queue remembers for its predictions: read off its last contacts, so nearly what it was."""
    rows = await connection.fetch(_FLOWS, utc(now - FLOW_MEMORY_SECONDS))
    for row in rows:
        if row["ended"] or row["handled"]:
            state.store.flows[row["id"]] = Flow(
                last_wait=row["last_wait"],
                last_at=row["last_at"] or 0.0,
                handling=Average(row["handling"], row["handled"]) if row["handled"] else None,
                waited=Average(row["waited"], row["ended"]) if row["ended"] else None,
                lost=Average(row["lost"], row["ended"]) if row["ended"] else None,
            )


async def _inbox(connection: Connection, floor: str, now: float) -> dict[tuple[str, str], bytes]:
    rows = await connection.fetch(
        """SELECT scope, id, answer FROM inbox WHERE floor = $1 AND at > to_timestamp($2)
           ORDER BY at DESC LIMIT $3""",
        floor,
        now - INBOX_MEMORY_SECONDS,
        INBOX_MEMORY_ROWS,
    )
    return {(row["scope"], row["id"]): row["answer"] for row in reversed(rows)}


_FLOWS = """
    SELECT q.id, h.handled, h.handling, v.ended, v.waited, v.lost, v.last_wait, v.last_at
    FROM queues q
    CROSS JOIN LATERAL
        (SELECT count(*) AS handled, avg(i.seconds)::float8 AS handling FROM
            (SELECT talk_seconds + hold_seconds + wrap_up_seconds AS seconds FROM interactions
             WHERE queue_id = q.id AND outcome = 'answered' AND started_at > $1
             ORDER BY started_at DESC LIMIT 50) i) h
    CROSS JOIN LATERAL
        (SELECT count(*) AS ended, avg(l.wait_seconds)::float8 AS waited,
                avg((l.outcome = 'abandoned')::int)::float8 AS lost,
                (array_agg(l.wait_seconds ORDER BY l.left_at DESC) FILTER (WHERE l.outcome = 'answered'))[1]
                    AS last_wait,
                extract(epoch FROM max(l.left_at) FILTER (WHERE l.outcome = 'answered'))::float8 AS last_at FROM
            (SELECT wait_seconds, left_at, outcome FROM queue_visits
             WHERE queue_id = q.id AND outcome IN ('answered', 'abandoned') AND started_at > $1 AND entered_at > $1
             ORDER BY entered_at DESC LIMIT 200) l) v"""
