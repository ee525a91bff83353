"""Looking a caller up before the floor is told: a read, so the floor never waits for a query."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog
from prometheus_client import Counter

from app.core.errors import Unavailable
from app.db.errors import meaning
from app.floor.commands import Recognised
from app.telephony.events import CallEvent

log = structlog.get_logger(__name__)

UNRECOGNISED = Counter("callfloor_recognition_failures", "Callers served unrecognised because the look-up failed.")
PATIENCE_SECONDS = 5.0

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
