"""Who is calling: the look-up behind every screen pop, in one round trip."""

from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc
from app.customers.numbers import extension_of, normalise, storable
from app.customers.statements import BY_E164, BY_ID, BY_RAW

HISTORY = timedelta(days=396)
"""How far back a profile looks for the last contacts; older months are not even opened."""

ENDED_CALLS = timedelta(days=2)
"""How long after a call began a straggling event still finds its record."""

AHEAD = timedelta(days=1)
"""Upper end of both, so that the months made ahead are left alone; more than any clock may differ."""


class Fetches(Protocol):
    """What is needed of the database: an asyncpg connection or pool."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """The first row of the answer."""


class CustomerMatch(msgspec.Struct, frozen=True):
    """A customer as routing and a list of candidates need one."""

    id: str
    name: str
    tier: str | None = None
    language: str | None = None


class EndedCall(msgspec.Struct, frozen=True):
    """The record of a call that is over (epoch seconds)."""

    interaction_id: str
    started_at: float
    ended_at: float


class CallerLookup(msgspec.Struct, frozen=True):
    """What is known of a caller. `profile` is ready JSON; `ended` tells that this very call has already ended.

    `certain` says that the number tells who it is: one customer has it, and it is not known to be shared. A provisional
    customer is no match: of them there is a profile, and nobody is known.

    `preferred_agent` is the agent of the sole customer; `last_agent` whom they spoke to last, among the contacts that
    the profile shows.
    """

    matches: tuple[CustomerMatch, ...]
    profile: bytes
    ended: EndedCall | None = None
    preferred_agent: str | None = None
    last_agent: str | None = None
    certain: bool = False

    @property
    def customer(self) -> CustomerMatch | None:
        """The customer, if the number belongs to exactly one and says so."""
        return self.matches[0] if self.certain and self.matches else None

    @property
    def candidates(self) -> tuple[CustomerMatch, ...]:
        """Those who may be calling, at most twenty; none of them is guessed to be the caller."""
        return () if self.certain else self.matches


async def recognise(
    database: Fetches,
    *,
    source: str,
    call_id: str,
    raw_number: str | None,
    default_region: str,
    now: float,
) -> CallerLookup:
    """Look up the caller `raw_number` of a call: active customers with that number, profile, whether it has ended.

    Numbers are compared in E.164; one that has no such form is compared as it is, and a withheld one matches nobody.
    """
    number = normalise(raw_number or "", default_region)
    query = BY_RAW if number.e164 is None else BY_E164
    wanted = number.e164 or (number.raw if number.matchable else None)
    moment = utc(now)
    row = await database.fetchrow(
        query,
        wanted,
        *_bounds(moment),
        storable(source),
        storable(call_id),
        moment - ENDED_CALLS,
        extension_of(raw_number or ""),
    )
    ended = None
    if row["ended_id"] is not None:
        ended = EndedCall(str(row["ended_id"]), row["started_at"].timestamp(), row["ended_at"].timestamp())
    matches = msgspec.json.decode(row["matches"], type=tuple[CustomerMatch, ...])
    return CallerLookup(
        matches,
        row["profile"].encode(),
        ended,
        preferred_agent=row["preferred_agent"],
        last_agent=row["last_agent"],
        certain=row["certain"],
    )


async def profile(database: Fetches, customer_id: UUID, now: float) -> bytes | None:
    """The profile of a customer, active or not, as JSON, that of who survives them if they were merged; None if there
    is no such customer."""
    row = await database.fetchrow(BY_ID, customer_id, *_bounds(utc(now)))
    return None if row["matches"] == "[]" else row["profile"].encode()


def _bounds(moment: datetime) -> tuple[datetime, datetime]:
    return moment - HISTORY, moment + AHEAD


async def connection_of(session: AsyncSession) -> Fetches:
    """The asyncpg connection beneath a session, for these queries; it sees what the session has written."""
    raw = await (await session.connection()).get_raw_connection()
    assert raw.driver_connection is not None
    connection: Fetches = raw.driver_connection
    return connection
