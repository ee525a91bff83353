"""Trying again: to connect to an Asterisk, and to tell the floor something."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.core.errors import CallfloorError, Unavailable
from app.telephony.adapters.asterisk_ari.ari.connection import Replaced, SwitchUnusable

log = structlog.get_logger(__name__)

BACK_OFF = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
UNUSABLE_SECONDS = 30.0
"""Until it is tried again where somebody has to change something first: a refused password may get us shut out."""

REPLACED_SECONDS = 10.0
"""Longer than it takes to learn that the floor is somebody else's. Who still has it then takes the switch back."""

LEAST_PAUSE = BACK_OFF[0]


def pause_before(error: CallfloorError, attempt: int) -> float:
    """How long not to try again."""
    if isinstance(error, Replaced):
        return REPLACED_SECONDS
    return UNUSABLE_SECONDS if isinstance(error, SwitchUnusable) else BACK_OFF[min(attempt, len(BACK_OFF) - 1)]


async def until_taken(source: str, attempt: Callable[[], Awaitable[None]]) -> None:
    """Try to tell something until it is taken, or can never be."""
    while True:
        try:
            return await attempt()
        except Unavailable as error:
            await asyncio.sleep(error.retry_after)
        except CallfloorError as error:
            log.error("news of a call were not taken", source=source, error=error.detail)
            return None
        except Exception:  # one piece of news must not cost all that follow
            log.exception("news of a call could not be told", source=source)
            return None
