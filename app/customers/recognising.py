"""Who is calling: the look-up behind every screen pop, in one round trip."""

from datetime import timedelta
from uuid import UUID

import msgspec

from app.core.clock import utc
from app.customers.masking import AS_AGENT, Sight
from app.customers.numbers import extension_of, normalise, storable
from app.customers.profiles.parts import POPPING
from app.customers.profiles.reading import Parts, assembled, of_customer, of_number
from app.customers.profiles.whole import bounds
from app.db.pool import Fetches

ENDED_CALLS = timedelta(days=2)
"""How long after a call began a straggling event still finds its record."""


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


class _SpokenWith(msgspec.Struct):
    agent: str | None


_matches = msgspec.json.Decoder(tuple[CustomerMatch, ...]).decode
_spoken_with = msgspec.json.Decoder(list[_SpokenWith]).decode


async def recognise(
    database: Fetches,
    *,
    source: str,
    call_id: str,
    raw_number: str | None,
    default_region: str,
    now: float,
    parts: Parts | None = None,
    sight: Sight = AS_AGENT,
) -> CallerLookup:
    """Look up the caller `raw_number` of a call: active customers with that number, profile, whether it has ended.

    Numbers are compared in E.164; one that has no such form is compared as it is with others that have none, and
    a withheld one matches nobody.
    `parts` remembers which parts of profiles are in trouble; the profile is for somebody with this `sight`.
    """
    number = normalise(raw_number or "", default_region)
    statement = of_number("raw" if number.e164 is None else "e164")
    wanted = number.e164 or (number.raw if number.matchable else None)
    moment = utc(now)
    extension = extension_of(raw_number or "")
    given = (wanted, *bounds(moment), storable(source), storable(call_id), moment - ENDED_CALLS, extension)
    found = await (parts or Parts()).read(database, statement, given, POPPING, now)
    assert found is not None, "a look-up tells a row, though of nobody"
    row, ended = found.row, None
    if row["ended_id"] is not None:
        ended = EndedCall(str(row["ended_id"]), row["started_at"].timestamp(), row["ended_at"].timestamp())
    certain = row["customer_id"] is not None
    return CallerLookup(
        _matches(row["matches"]),
        assembled(POPPING, found.parts, sight, candidates="[]" if certain else row["matches"]),
        ended,
        preferred_agent=row["preferred_agent"],
        last_agent=_last_agent(found.parts["interactions"]),
        certain=certain,
    )


async def profile(database: Fetches, customer_id: UUID, now: float, sight: Sight = AS_AGENT) -> bytes | None:
    """What pops of a customer, active or not, as JSON, that of who survives them if they were merged; None if there is
    no such customer."""
    found = await Parts().read(database, of_customer, (customer_id, *bounds(utc(now))), POPPING, now)
    return None if found is None else assembled(POPPING, found.parts, sight, candidates="[]")


def _last_agent(interactions: str) -> str | None:
    if not interactions.startswith("["):  # they are unavailable
        return None
    return next((each.agent for each in _spoken_with(interactions) if each.agent is not None), None)
