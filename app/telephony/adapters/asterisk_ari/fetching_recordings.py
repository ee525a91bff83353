"""Recordings on their way from an Asterisk to the archive. They come over HTTP: a WebSocket carries text only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.core.certificates import trusted
from app.core.errors import Invalid, NotFound, Unavailable
from app.telephony.adapters.asterisk_ari.actions import Stored
from app.telephony.adapters.asterisk_ari.ari.connection import Access
from app.telephony.port import RecordingSink

log = structlog.get_logger(__name__)

SECONDS = 60.0
AT_ONCE = 4
"""Recordings of one Asterisk that are fetched side by side: after days without an archive there may be thousands."""

LATER_SECONDS = 30
"""Until it is tried again where somebody has to change something first."""

PIECE = 64 * 1024
WAV_HEADER = 44
WAV_BYTES_A_SECOND = 16_000
"""Asterisk's format `wav`: 8,000 samples of 16 bits."""


class RecordingGone(NotFound):
    """The switch has no such recording (any more)."""

    code = "recording-gone"


def open_client() -> httpx.AsyncClient:
    """An HTTP client for the recordings of all Asterisks. The environment's proxies are not ours to use for a switch,
    nor to tell who we are there."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
    return httpx.AsyncClient(verify=trusted(), limits=limits, trust_env=False)


class Tapes:
    """Fetches what one Asterisk has recorded, has it kept, and deletes it there."""

    def __init__(self, http: httpx.AsyncClient, access: Access, source: str, sink: RecordingSink) -> None:
        self._http = http
        self._access = access
        self._source = source
        self._sink = sink
        self.trouble: str | None = None
        """Why recordings wait on the switch, where they do."""

        self._turns = asyncio.Semaphore(AT_ONCE)

    async def keep(self, contact: str, stored: Stored) -> Stored | None:
        """What is kept now, with its length; None where it can never be. Raises `Unavailable` to come again. On the
        switch it is until `forget`."""
        async with self._turns:
            try:
                kept = await self._keep(contact, stored)
            except Unavailable as error:
                self._note(error)
                raise
        if kept is not None and self.trouble is not None:
            self.trouble = None
            log.info("recordings are kept again", source=self._source)
        return kept

    def _note(self, error: Unavailable) -> None:
        if self.trouble is None:  # not for each of thousands that wait, nor each time
            log.error("recordings cannot be kept for now", source=self._source, error=str(error))
        self.trouble = f"Its recordings wait: {error.detail}"

    async def _keep(self, contact: str, stored: Stored) -> Stored | None:
        try:
            async with self._opened(stored.name) as response:
                seconds = _seconds(response) if stored.seconds is None else stored.seconds
                over = stored.started_at + seconds
                await self._sink.keep(
                    recording_id=stored.recording,
                    contact_id=contact,
                    source=self._source,
                    audio=self._audio(response),
                    media_type="audio/wav",
                    started_at=stored.started_at,
                    seconds=seconds,
                    pauses=[(begin, min(end, over)) for begin, end in stored.pauses if begin < over],
                )
        except (RecordingGone, Invalid) as error:
            log.error("a recording is lost", recording=stored.recording, source=self._source, error=error.detail)
            return None
        return msgspec.structs.replace(stored, seconds=seconds)

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[httpx.Response]:
        url = f"{self._stored(name)}/file"
        async with AsyncExitStack() as stack:
            try:
                response = await stack.enter_async_context(
                    self._http.stream("GET", url, headers=self._access.headers, timeout=SECONDS)
                )
            except httpx.HTTPError as error:
                raise self._away(error) from None
            if response.status_code == httpx.codes.NOT_FOUND:
                raise RecordingGone(f"Asterisk {self._source} has no recording {name}.")
            if not response.is_success:
                raise Unavailable(f"Asterisk {self._source} answered {response.status_code} to a recording.")
            yield response

    async def _audio(self, response: httpx.Response) -> AsyncIterator[bytes]:
        try:
            async for piece in response.aiter_bytes(PIECE):
                yield piece
        except httpx.HTTPError as error:
            raise self._away(error) from None

    def _away(self, error: httpx.HTTPError) -> Unavailable:
        return Unavailable(f"A recording did not come from Asterisk {self._source}: {error!r}.")

    async def forget(self, name: str) -> None:
        """Delete it on the switch. What could not be deleted is found there, and tried again, after the next gap."""
        try:
            answer = await self._http.delete(self._stored(name), headers=self._access.headers)
            why = "" if answer.is_success or answer.status_code == httpx.codes.NOT_FOUND else f"{answer.status_code}"
        except httpx.HTTPError as error:
            why = repr(error)
        if why:
            log.warning(
                "a recording that is kept is still on the switch", recording=name, source=self._source, error=why
            )

    def _stored(self, name: str) -> str:
        return f"{self._access.http}/recordings/stored/{quote(name, safe='')}"


def _seconds(response: httpx.Response) -> float:
    """How long the recording is that comes."""
    size = response.headers.get("content-length", "")
    if not size.isdecimal():
        detail = "A recording came without its length; whatever stands before Asterisk must leave its Content-Length."
        raise Unavailable(detail, retry_after=LATER_SECONDS)
    return max(0, int(size) - WAV_HEADER) / WAV_BYTES_A_SECOND
