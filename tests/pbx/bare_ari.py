"""ARI with nothing around it: enough to see what the configuration makes Asterisk say."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets

from tests.pbx.site import PbxSite

Event = dict[str, Any]


class BareAri:
    """A connection as the application of the plan; keeps every event."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.events: list[Event] = []
        self._http = http
        self._came = asyncio.Condition()

    async def post(self, path: str, body: Event | None = None, **query: str) -> Any:
        """POST something, and what it gives."""
        answer = await self._http.post(path, params=query, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def delete(self, path: str) -> None:
        """Take something away."""
        await self._http.delete(path)

    async def event(self, kind: str, wanted: Callable[[Event], bool] = lambda _: True, seconds: float = 30) -> Event:
        """The first event of a type that is as wanted, also one that came already."""
        async with asyncio.timeout(seconds), self._came:
            while True:
                for event in self.events:
                    if event["type"] == kind and wanted(event):
                        return event
                await self._came.wait()

    async def take(self, event: Event) -> None:
        """An event came."""
        async with self._came:
            self.events.append(event)
            self._came.notify_all()


@asynccontextmanager
async def bare_ari(site: PbxSite) -> AsyncIterator[BareAri]:
    """ARI for a while."""
    plan = site.plan
    key = f"{plan.ari_user}:{plan.ari_password}"
    socket = f"ws://{plan.http}/ari/events?app={plan.app}&api_key={key}"
    async with (
        site.client() as http,
        websockets.connect(socket) as events,
        asyncio.TaskGroup() as tasks,
    ):
        ari = BareAri(http)

        async def listen() -> None:
            async for event in events:
                await ari.take(json.loads(event))

        listening = tasks.create_task(listen())
        yield ari
        listening.cancel()
