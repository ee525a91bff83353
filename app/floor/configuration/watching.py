"""Keeping memory level with the records: whoever changes the configuration, every process obeys within a second."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from app.db.errors import DRIVER
from app.floor.configuration import reading
from app.floor.configuration.config import FloorConfig
from app.telephony.directory import SourceAccess, SourceDirectory

log = structlog.get_logger(__name__)

_SOURCES = """SELECT id, secrets, command_url, platform, account, public_url, caller_id, emergency_number, languages,
                     dial, active
              FROM cti_sources"""

Obey = Callable[[FloorConfig], None]


class ConfigurationWatch:
    """Reads the configuration when its version has changed, and hands it to the source directory and to `obey`."""

    def __init__(self, pool: "asyncpg.Pool[Any]", directory: SourceDirectory, obey: Obey, region: str = "CN") -> None:
        self._pool = pool
        self._reader = reading.Reader(region)
        self._directory = directory
        self._obey = obey
        self._version = -1

    async def look(self) -> bool:
        """Read what has changed; tells whether anything had."""
        async with self._pool.acquire() as connection:
            version = await reading.version_of(connection)
            if version == self._version:
                return False
            config = await self._reader.read(connection)
            rows = await connection.fetch(_SOURCES)
        self._directory.replace(map(_access, rows))
        self._obey(config)
        self._version = config.version
        return True

    async def run(self, every: float = 1.0) -> None:
        """Look every `every` seconds until cancelled; a database that is away is asked again."""
        while True:
            await asyncio.sleep(every)
            try:
                if await self.look():
                    log.info("configuration changed", version=self._version)
            except (OSError, *DRIVER) as error:
                log.warning("the configuration cannot be read now", error=repr(error))
            except Exception:
                # the floor goes on by what it knows; after a restart it would know nothing
                log.exception("the configuration cannot be read")


def _access(row: asyncpg.Record) -> SourceAccess:
    values = dict(row)
    return SourceAccess(**{**values, "secrets": tuple(values["secrets"]), "languages": tuple(values["languages"])})
