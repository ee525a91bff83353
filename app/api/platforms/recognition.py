"""Looking a caller up before the floor is told: a read, so the floor never waits for a query."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import structlog
from prometheus_client import Counter

from app.core.clock import Clock
from app.core.errors import Unavailable
from app.customers.masking import AS_AGENT, Sight
from app.customers.profiles.reading import Parts
from app.customers.recognising import recognise
from app.db.errors import meaning
from app.floor.commands import CustomerCard, Recognised
from app.telephony.events import CallEvent

log = structlog.get_logger(__name__)

UNRECOGNISED = Counter("callfloor_recognition_failures", "Callers served unrecognised because the look-up failed.")
PATIENCE_SECONDS = 5.0

AT_ONCE = 4
"""So many look-ups are with the database at a time. More would be answered no sooner, and each connection that is used
now and then has to fetch anew all that the database knows of the tables, which costs it as much as the look-up."""

Recogniser = Callable[[CallEvent], Awaitable[Recognised]]


class Recognition:
    """Wraps the look-up: an absent database is told as such, any other fault, and a look-up that takes longer
    than `patience` seconds, costs the caller's name, not the call."""

    def __init__(self, look_up: Recogniser, patience: float = PATIENCE_SECONDS) -> None:
        self._look_up = look_up
        self._patience = patience

    async def of(self, event: CallEvent) -> Recognised | None:
        """What is known of the caller; None where the look-up is broken or slow. Raises `Unavailable` without
        a database."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._look_up(event)
        except TimeoutError:  # an OSError, too, but slow is not away
            UNRECOGNISED.inc()
            log.warning("looking a caller up took too long", source=event.source, call_id=event.call_id)
            return None
        except Unavailable:
            raise
        except asyncpg.InterfaceError as error:
            raise Unavailable("The connection to the database was lost.") from error
        except Exception as error:
            unavailable = meaning(error)
            if unavailable is not None:
                raise unavailable from error
            UNRECOGNISED.inc()
            log.exception("caller not looked up", source=event.source, call_id=event.call_id)
            return None


class CallerLookUp:
    """Looks callers up by their number, the called party of an outbound call likewise. What pops is for `sight`."""

    def __init__(self, pool: "asyncpg.Pool[Any]", region: str, clock: Clock, sight: Sight = AS_AGENT) -> None:
        self._sight = sight
        self._clock = clock
        self._pool = pool
        self._region = region
        self._parts = Parts()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def look_up(self, event: CallEvent) -> Recognised:
        """Who it is, and whether their call is one that has ended already."""
        number = event.to if event.direction == "outbound" else event.from_
        async with self._turns:
            found = await recognise(
                self._pool,
                source=event.source,
                call_id=event.call_id,
                raw_number=number,
                default_region=self._region,
                now=self._clock(),
                parts=self._parts,
                sight=self._sight,
            )
        ended = found.ended
        return Recognised(
            customer=_card(found.customer) if found.customer else None,
            candidates=tuple(_card(match) for match in found.candidates),
            profile=found.profile,
            ended_contact=str(ended.interaction_id) if ended else None,
            ended_started_at=ended.started_at if ended else None,
            ended_at=ended.ended_at if ended else None,
            preferred_agent=found.preferred_agent,
            last_agent=found.last_agent,
        )


def _card(match: Any) -> CustomerCard:
    return CustomerCard(str(match.id), match.name, match.tier, match.language)
