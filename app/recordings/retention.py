"""Letting recordings go in time."""

import asyncio

import structlog

from app.core.errors import Unavailable
from app.recordings.archive import Archive

log = structlog.get_logger(__name__)


async def keep_retention(archive: Archive, every: float = 3600.0) -> None:
    """Delete what need not be kept any longer, every hour until cancelled; a failure is tried again the next hour."""
    while True:
        try:
            gone = await archive.expire()
            if gone:
                log.info("recordings deleted whose time is over", recordings=gone)
        except Unavailable as error:
            log.warning("recordings could not be deleted", error=str(error))
        except Exception:
            log.exception("recordings whose time is over could not be deleted")
        await asyncio.sleep(every)
