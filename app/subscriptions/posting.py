"""One attempt at one webhook: signed, bounded in time, without redirects.

What is said of a failure is shown to administrators: the status or the kind of failure, never the receiver's own words.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import httpx
import msgspec
import structlog
from standardwebhooks import Webhook

from app.core.clock import Clock, iso, utc
from app.core.guarding import Forbidden
from app.core.retry_after import seconds_asked

log = structlog.get_logger(__name__)

MOST_READ = 65_536
GONE = 410
"""The answer of a receiver that wants nothing any more (Standard Webhooks)."""


class Message(msgspec.Struct, frozen=True):
    """An event as it is sent: the same `id` and bytes at every attempt."""

    id: UUID
    type: str
    at: datetime
    data: str

    @property
    def body(self) -> str:
        """The JSON of it."""
        told = {"type": self.type, "timestamp": iso(self.at.timestamp()), "data": msgspec.Raw(self.data.encode())}
        return msgspec.json.encode(told).decode()


class Outcome(msgspec.Struct, frozen=True):
    """What came of an attempt: without `error` it was taken. `gone`: nothing is wanted there any more. `wait` is how
    long (seconds) the receiver asks to be left alone."""

    status: int | None = None
    error: str | None = None
    gone: bool = False
    wait: float | None = None


class Poster:
    """Posts webhooks; the caller closes `client`. An attempt takes at most `seconds`."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, seconds: float) -> None:
        self._client = client
        self._clock = clock
        self._seconds = seconds

    async def post(self, url: str, secrets: Sequence[str], message: Message) -> Outcome:
        """One attempt; never raises for what the other side does. 2xx means that it was taken."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._exchange(url, secrets, message)
        except TimeoutError:
            return Outcome(error=f"no answer within {self._seconds:g} s")
        except Forbidden:
            return Outcome(error="the address is not one that webhooks may go to (CALLFLOOR_WEBHOOKS_NETWORKS)")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("webhook not answered", message=str(message.id), error=repr(error))
            return Outcome(error=f"no answer: {type(error).__name__}")

    async def _exchange(self, url: str, secrets: Sequence[str], message: Message) -> Outcome:
        body, now = message.body, self._clock()
        signatures = [Webhook(secret).sign(str(message.id), utc(now), body) for secret in secrets]
        headers = {
            "content-type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(int(now)),
            "webhook-signature": " ".join(signatures),
        }
        async with self._client.stream("POST", url, content=body.encode(), headers=headers) as response:
            await _read_off(response)
        return outcome_of(response.status_code, response.headers.get("retry-after"), now)


def outcome_of(status: int, retry_after: str | None, now: float) -> Outcome:
    """What an answer means."""
    if 200 <= status < 300:
        return Outcome(status)
    if 300 <= status < 400:
        return Outcome(status, f"answered {status}; redirects are not followed, change the address instead")
    return Outcome(status, f"answered {status}", status == GONE, seconds_asked(retry_after, now))


async def _read_off(response: httpx.Response) -> None:
    """A short answer is read, so that the connection can be used again; a long one is not worth it."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > MOST_READ:
            return
