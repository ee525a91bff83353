"""Recordings on their way from an Asterisk to the archive. They come over HTTP: a WebSocket carries text only."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.core.errors import Invalid, NotFound, Unavailable
from app.telephony.adapters.asterisk_ari.actions import Stored
from app.telephony.adapters.asterisk_ari.connection import Access
from app.telephony.port import RecordingSink

log = structlog.get_logger(__name__)

SECONDS = 60.0
AT_ONCE = 4
"""Recordings of one Asterisk that are fetched side by side: after days without an archive there may be thousands."""

PIECE = 64 * 1024
WAV_HEADER = 44
WAV_BYTES_A_SECOND = 16_000
"""Asterisk's format `wav`: 8,000 samples of 16 bits."""


class RecordingGone(NotFound):
    """The switch has no such recording (any more)."""

    code = "recording-gone"


class Tapes:
    """Fetches what one Asterisk has recorded, has it kept, and deletes it there."""

    def __init__(self, http: httpx.AsyncClient, access: Access, source: str, sink: RecordingSink) -> None:
        self._http = http
        self._access = access
        self._source = source
        self._sink = sink
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def keep(self, contact: str, stored: Stored) -> Stored | None:
        """What is kept now, with its length; None where it can never be. Raises `Unavailable` to come again. On the
        switch it is until `forget`."""
        async with self._turns:
            return await self._keep(contact, stored)

    async def _keep(self, contact: str, stored: Stored) -> Stored | None:
        try:
            seconds = await self._seconds(stored.name) if stored.seconds is None else stored.seconds
            over = stored.started_at + seconds
            await self._sink.keep(
                recording_id=stored.recording,
                contact_id=contact,
                source=self._source,
                audio=self._audio(stored.name),
                media_type="audio/wav",
                started_at=stored.started_at,
                seconds=seconds,
                pauses=[(begin, min(end, over)) for begin, end in stored.pauses if begin < over],
            )
        except (RecordingGone, Invalid) as error:
            log.error("a recording is lost", recording=stored.recording, source=self._source, error=error.detail)
            return None
        return msgspec.structs.replace(stored, seconds=seconds)

    async def _seconds(self, name: str) -> float:
        return max(0, sum([len(piece) async for piece in self._audio(name)]) - WAV_HEADER) / WAV_BYTES_A_SECOND

    async def _audio(self, name: str) -> AsyncIterator[bytes]:
        url = f"{self._stored(name)}/file"
        try:
            async with self._http.stream("GET", url, headers=self._access.headers, timeout=SECONDS) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise RecordingGone(f"Asterisk {self._source} has no recording {name}.")
                if not response.is_success:
                    raise Unavailable(f"Asterisk {self._source} answered {response.status_code} to a recording.")
                async for piece in response.aiter_bytes(PIECE):
                    yield piece
        except httpx.HTTPError as error:
            raise Unavailable(f"A recording did not come from Asterisk {self._source}: {error!r}.") from None

    async def forget(self, name: str) -> None:
        """Delete it on the switch."""
        try:
            await self._http.delete(self._stored(name), headers=self._access.headers)
        except httpx.HTTPError as error:
            log.warning("a recording that is kept is still on the switch", recording=name, error=repr(error))

    def _stored(self, name: str) -> str:
        return f"{self._access.http}/recordings/stored/{quote(name, safe='')}"
