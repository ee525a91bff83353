"""Events as frames: the same live, replayed from the log, and in every tab.

The profile of a screen pop is kept once, with the contact: a replay after the contact has left the floor comes without.
"""

import asyncpg

from app.core.clock import iso
from app.db.pool import Connection
from app.floor.effects import Happened

_COLUMNS = """SELECT e.seq, extract(epoch FROM e.at)::float8 AS at, e.type, e.data::text AS data,
                     c.profile::text AS profile
              FROM events e LEFT JOIN live_contacts c
                ON c.floor = e.floor AND c.id = e.contact_id AND e.type = 'contact.offered'
              WHERE e.floor = $1 AND e.seq > $2 AND e.seq <= $3 """
_OF_AGENT = _COLUMNS + "AND e.agent_id = $5 ORDER BY e.seq LIMIT $4"
_OF_FLOOR = _COLUMNS + "AND e.type NOT LIKE 'call.%' ORDER BY e.seq LIMIT $4"

AGENT_TOPIC = "agent:"
FLOOR_TOPIC = "floor"


def frame(seq: int, at: float, kind: str, body: bytes, profile: bytes | None = None) -> bytes:
    """A frame's JSON. `body` is the JSON object of the event's data; `profile` is added to a screen pop."""
    head = b'{"seq":%d,"type":"%s","at":"%s"' % (seq, kind.encode(), iso(at).encode())
    if has_profile(kind):
        head += b',"profile":' + (profile or b"null")
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
    query, whose = (_OF_AGENT, (agent,)) if agent is not None else (_OF_FLOOR, ())
    rows = await connection.fetch(query, floor, after, upto, limit, *whose)
    return [(row["seq"], _row_frame(row)) for row in rows]


def _row_frame(row: asyncpg.Record) -> bytes:
    profile = row["profile"].encode() if row["profile"] is not None else None
    return frame(row["seq"], row["at"], row["type"], row["data"].encode(), profile)
