"""Signed webhooks to Callfloor, each sent until it is acknowledged, under the same webhook-id every time."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import httpx
import msgspec
import structlog
from standardwebhooks import Webhook

from app.core import clock
from app.core.tasks import Supervisor

log = structlog.get_logger(__name__)
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


@dataclass
class Told:
    """What was told so far, in events; `retried` counts attempts that found Callfloor away or busy."""

    delivered: int = 0
    repeated: int = 0
    late: int = 0
    unknown: int = 0
    retried: int = 0
    refused: int = 0
    pending: int = 0


class Teller:
    """Posts events to one webhook address."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: str, tasks: Supervisor) -> None:
        self.told = Told()
        self._client = client
        self._url = url
        self._signer = Webhook(secret)
        self._tasks = tasks
        self._hurry = asyncio.Event()
        self._later: set[asyncio.Task[None]] = set()

    async def tell(self, webhook_id: str, body: bytes) -> bool:
        """Deliver `body`; returns whether it was accepted. Never gives up on a server that is away or busy."""
        self.told.pending += 1
        try:
            return await self._until_answered(webhook_id, body)
        finally:
            self.told.pending -= 1

    def tell_later(self, seconds: float, webhook_id: str, body: bytes) -> None:
        """Deliver `body` after so many (real) seconds, unless it has to be hurried up before."""
        task = self._tasks.start("later", self._tell_later(seconds, webhook_id, body))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def hurry(self, seconds: float) -> None:
        """Deliver at once whatever was to be told later; wait up to `seconds` for that."""
        self._hurry.set()
        if self._later:
            await asyncio.wait(self._later, timeout=seconds)

    async def _tell_later(self, seconds: float, webhook_id: str, body: bytes) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        await self.tell(webhook_id, body)

    async def _until_answered(self, webhook_id: str, body: bytes) -> bool:
        pause = FIRST_PAUSE
        while True:
            response = await self._attempt(webhook_id, body)
            if response is not None and response.is_success:
                self.told.delivered += 1
                return True
            if response is not None and response.status_code < 500 and response.status_code != 429:
                self.told.refused += 1
                log.warning("webhook refused", status=response.status_code, answer=response.text[:300])
                return False
            self.told.retried += 1
            await asyncio.sleep(_asked_pause(response) or pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _attempt(self, webhook_id: str, body: bytes) -> httpx.Response | None:
        """One delivery, signed with the time of this attempt; None when nobody answered."""
        moment = clock.utc(clock.now())
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signer.sign(webhook_id, moment, body.decode()),
        }
        try:
            return await self._client.post(self._url, content=body, headers=headers)
        except httpx.TransportError:
            return None


def event_body(kind: str, at: float, data: dict[str, object]) -> bytes:
    """The body of one event; absent facts are left out."""
    told = {name: value for name, value in data.items() if value is not None}
    return msgspec.json.encode({"type": kind, "timestamp": clock.iso(at), "data": told})


def _asked_pause(response: httpx.Response | None) -> float | None:
    """The wait that the server asked for (Retry-After in seconds), kept within reason."""
    asked = response.headers.get("retry-after", "") if response is not None else ""
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else None
