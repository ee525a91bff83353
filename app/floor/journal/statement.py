"""The one statement that writes a batch: every part in a common table expression, all of them gated on ownership.

`head` moves the floor's sequence on only if this process still owns the floor (its epoch) and nothing was committed
since (its sequence). No head, no rows: a process that lost the floor cannot write.
"""

from functools import lru_cache
from typing import Any, NamedTuple

_OURS = "(SELECT id FROM head)"


class Part(NamedTuple):
    """The columns that a part's rows carry, with their types, and what is done with them as `u`, or with the first
    column as the array `ids`: a join may be planned as a hash of the whole table, while that is small."""

    columns: dict[str, str]
    sql: str


PARTS: dict[str, Part] = {
    "contacts": Part(
        {"id": "uuid", "customer_id": "uuid", "state": "json", "profile": "json"},
        """INSERT INTO live_contacts (floor, id, customer_id, state, profile)
           SELECT head.id, u.* FROM head, {u}
           ON CONFLICT (floor, id) DO UPDATE SET state = excluded.state, customer_id = excluded.customer_id,
                                                  profile = coalesce(excluded.profile, live_contacts.profile)""",
    ),
    "dropped": Part(
        {"id": "uuid"},
        f"DELETE FROM live_contacts WHERE floor = {_OURS} AND id = ANY ({{ids}})",  # noqa: S608 - made of the constant above
    ),
    "agents": Part(
        {"id": "text", "state": "json"},
        """INSERT INTO live_agents (floor, id, state) SELECT head.id, u.* FROM head, {u}
           ON CONFLICT (floor, id) DO UPDATE SET state = excluded.state""",
    ),
    "phones": Part(
        {"address": "text", "state": "json"},
        """INSERT INTO live_phones (floor, address, state) SELECT head.id, u.* FROM head, {u}
           ON CONFLICT (floor, address) DO UPDATE SET state = excluded.state""",
    ),
    "phones_gone": Part(
        {"address": "text"},
        f"DELETE FROM live_phones WHERE floor = {_OURS} AND address = ANY ({{ids}})",  # noqa: S608 - made of the constant above
    ),
    "audited": Part(
        {"who": "text", "action": "text", "thing": "text", "after": "jsonb"},
        """INSERT INTO audit_entries (who, action, kind, thing, after)
           SELECT u.who, u.action, 'call', u.thing, u.after FROM head, {u}""",
    ),
    "events": Part(
        {"seq": "int8", "at": "float8", "type": "text", "contact_id": "uuid", "agent_id": "text", "data": "json"},
        """INSERT INTO events (floor, seq, at, type, contact_id, agent_id, data)
           SELECT head.id, u.seq, to_timestamp(u.at), u.type, u.contact_id, u.agent_id, u.data FROM head, {u}""",
    ),
    "inbox": Part(
        {"scope": "text", "id": "text", "at": "float8", "answer": "bytea"},
        """INSERT INTO inbox (floor, scope, id, at, answer)
           SELECT head.id, u.scope, u.id, to_timestamp(u.at), u.answer FROM head, {u}""",
    ),
    "orders": Part(
        {"id": "int8", "source": "text", "contact": "uuid", "type": "text", "payload": "jsonb", "at": "float8"},
        """INSERT INTO outbox (floor, id, source_id, contact_id, type, payload, created_at)
           SELECT head.id, u.id, u.source, u.contact, u.type, u.payload, to_timestamp(u.at) FROM head, {u}""",
    ),
    "interactions": Part(
        {
            "id": "uuid",
            "started_at": "float8",
            "ended_at": "float8",
            "channel": "text",
            "direction": "text",
            "source_id": "text",
            "call_id": "text",
            "from_raw": "text",
            "to_raw": "text",
            "customer_id": "uuid",
            "tier_id": "text",
            "queue_id": "text",
            "agent_id": "text",
            "outcome": "text",
            "cause": "text",
            "wait_seconds": "float8",
            "talk_seconds": "float8",
            "hold_seconds": "float8",
            "wrap_up_seconds": "float8",
            "wrap_up_code": "text",
            "note": "text",
            "legs": "jsonb",
        },
        """INSERT INTO interactions ({columns})
           SELECT u.id, to_timestamp(u.started_at), to_timestamp(u.ended_at), u.channel, u.direction, u.source_id,
                  u.call_id, u.from_raw, u.to_raw, u.customer_id, u.tier_id, u.queue_id, u.agent_id, u.outcome, u.cause,
                  u.wait_seconds, u.talk_seconds, u.hold_seconds, u.wrap_up_seconds, u.wrap_up_code, u.note, u.legs
           FROM head, {u}""",
    ),
    "unknown": Part(
        {"id": "uuid", "started_at": "float8", "number": "text"},
        """INSERT INTO unknown_callers (interaction_id, started_at, number)
           SELECT u.id, to_timestamp(u.started_at), u.number FROM head, {u}""",
    ),
    "entries": Part(
        {"started_at": "float8", "interaction_id": "uuid", "at": "float8", "kind": "text", "data": "jsonb"},
        """INSERT INTO interaction_entries ({columns})
           SELECT to_timestamp(u.started_at), u.interaction_id, to_timestamp(u.at), u.kind, u.data FROM head, {u}""",
    ),
    "visits": Part(
        {
            "started_at": "float8",
            "interaction_id": "uuid",
            "queue_id": "text",
            "tier_id": "text",
            "entered_at": "float8",
            "left_at": "float8",
            "outcome": "text",
            "wait_seconds": "float8",
            "agent_id": "text",
            "estimated_wait_seconds": "float8",
        },
        """INSERT INTO queue_visits ({columns})
           SELECT to_timestamp(u.started_at), u.interaction_id, u.queue_id, u.tier_id, to_timestamp(u.entered_at),
                  to_timestamp(u.left_at), u.outcome, u.wait_seconds, u.agent_id, u.estimated_wait_seconds
           FROM head, {u}""",
    ),
    "answered": Part(
        {"id": "uuid", "started_at": "float8", "agent_id": "text", "seconds": "float8", "leg": "jsonb"},
        """UPDATE interactions SET outcome = 'answered', agent_id = u.agent_id, talk_seconds = u.seconds,
                  wait_seconds = greatest(0, interactions.wait_seconds - u.seconds), legs = interactions.legs || u.leg
           FROM head, {u} WHERE interactions.id = u.id AND interactions.started_at = to_timestamp(u.started_at)
             AND interactions.outcome = 'abandoned'""",
    ),
    "answered_visits": Part(
        {"id": "uuid", "started_at": "float8", "agent_id": "text", "seconds": "float8"},
        """UPDATE queue_visits SET outcome = 'answered', agent_id = u.agent_id,
                  wait_seconds = greatest(0, queue_visits.wait_seconds - u.seconds),
                  left_at = greatest(entered_at, left_at - make_interval(secs => u.seconds))
           FROM head, {u} WHERE interaction_id = u.id AND queue_visits.started_at = to_timestamp(u.started_at)
             AND queue_visits.outcome = 'abandoned'""",
    ),
    "amends": Part(
        {"id": "uuid", "started_at": "float8", "seconds": "float8", "code": "text", "note": "text"},
        """UPDATE interactions SET wrap_up_seconds = interactions.wrap_up_seconds + u.seconds,
                  wrap_up_code = coalesce(u.code, interactions.wrap_up_code), note = coalesce(u.note, interactions.note)
           FROM head, {u}
           WHERE interactions.id = u.id AND interactions.started_at = to_timestamp(u.started_at)""",
    ),
}


@lru_cache(maxsize=256)
def _sql(parts: tuple[str, ...]) -> str:
    pieces = ["head AS (UPDATE floors SET seq = $2 WHERE id = $1 AND epoch = $3 AND seq = $4 RETURNING id)"]
    parameter = 4
    for name in parts:
        columns, sql = PARTS[name]
        arrays = []
        for kind in columns.values():
            parameter += 1
            arrays.append(f"${parameter}::{kind}[]")
        names = ", ".join(columns)
        source = f"unnest({', '.join(arrays)}) AS u({names})"
        pieces.append(f"{name} AS ({sql.format(u=source, ids=arrays[0], columns=names)})")
    return f"WITH {', '.join(pieces)} SELECT count(*) FROM head"  # noqa: S608 - pieces are the constants above


def statement(rows: dict[str, list[tuple[Any, ...]]]) -> tuple[str, list[list[Any]]]:
    """SQL and its array parameters from $5 on, for the parts that have rows.

    $1 is the floor, $2 the new sequence, $3 the epoch, $4 the sequence before. The result counts the head: 1 or 0.
    """
    arrays: list[list[Any]] = []
    for name, part_rows in rows.items():
        assert len(part_rows[0]) == len(PARTS[name].columns)
        arrays += [list(column) for column in zip(*part_rows, strict=True)]
    return _sql(tuple(rows)), arrays
