"""Events as frames, that of the screen pop with the profile: the same live, replayed from the log, and in every tab.

The profile of a screen pop is kept once, with the contact: a replay after the contact has left the floor comes without.
Supervisors are shown no profile at all: whoever looks at one is written down, so they open it.
"""

import asyncpg
import msgspec

from app.core.clock import iso
from app.db.pool import Connection
from app.floor.memory.effects import Happened

_OF_AGENT = """SELECT e.seq, extract(epoch FROM e.at)::float8 AS at, e.type, e.data::text AS data,
                      c.profile::text AS profile
               FROM events e LEFT JOIN live_contacts c
                 ON c.floor = e.floor AND c.id = e.contact_id AND e.type = 'contact.offered'
               WHERE e.floor = $1 AND e.seq > $2 AND e.seq <= $3 AND e.agent_id = $5 ORDER BY e.seq LIMIT $4"""
_OF_FLOOR = """SELECT seq, extract(epoch FROM at)::float8 AS at, type, data::text AS data FROM events
               WHERE floor = $1 AND seq > $2 AND seq <= $3 AND type NOT LIKE 'call.%' ORDER BY seq LIMIT $4"""

AGENT_TOPIC = "agent:"
FLOOR_TOPIC = "floor"

_PROFILE = b'"profile":'
_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def frame(seq: int, at: float, kind: str, body: bytes, profile: bytes | None = None) -> bytes:
    """A frame's JSON, for an agent. `body` is the JSON object of the event's data; `profile` is added to a screen
    pop."""
    return _joined(seq, at, kind, b"," + _PROFILE + (profile or b"null") if has_profile(kind) else b"", body)


def floor_frame(seq: int, at: float, kind: str, body: bytes) -> bytes:
    """The same for supervisors, without a profile."""
    if _PROFILE in body:
        body = msgspec.json.encode({name: part for name, part in _parts(body).items() if name != "profile"})
    return _joined(seq, at, kind, b"", body)


def _joined(seq: int, at: float, kind: str, more: bytes, body: bytes) -> bytes:
    head = b'{"seq":%d,"type":"%s","at":"%s"' % (seq, kind.encode(), iso(at).encode()) + more
    inner = body.strip()[1:]
    return head + (b"}" if inner.lstrip().startswith(b"}") else b"," + inner)


def has_profile(kind: str) -> bool:
    """Whether it is a screen pop: the one frame that carries the profile beside its data."""
    return kind == "contact.offered"


def is_frame(event: Happened) -> bool:
    """Whether supervisors see it: what the floor did, not what platforms said."""
    return not event.type.startswith("call.")


async def replay(
    connection: Connection, floor: str, after: int, upto: int, agent: str | None, limit: int
) -> list[tuple[int, bytes]]:
    """Frames with after < seq <= upto, oldest first, at most `limit`: those of an agent, or with None the floor's."""
    if agent is None:
        rows = await connection.fetch(_OF_FLOOR, floor, after, upto, limit)
        return [(row["seq"], floor_frame(row["seq"], row["at"], row["type"], row["data"].encode())) for row in rows]
    rows = await connection.fetch(_OF_AGENT, floor, after, upto, limit, agent)
    return [(row["seq"], _row_frame(row)) for row in rows]


def _row_frame(row: asyncpg.Record) -> bytes:
    profile = row["profile"].encode() if row["profile"] is not None else None
    return frame(row["seq"], row["at"], row["type"], row["data"].encode(), profile)
