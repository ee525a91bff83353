"""HTTP requests of flows: bounded in time and size, tried again where the flow says so."""

import asyncio
from collections.abc import Mapping

import httpx
import structlog

from app.ivr.state import MOST_BODY, Fetch, Fetched

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.2
_AGAIN = (408, 425, 429)


def open_fetching_client() -> httpx.AsyncClient:
    """A client for the requests of all flows. Redirects are not followed: the flow named where it wants to go."""
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=100, max_keepalive_connections=50))


class Fetching:
    """Makes the requests. `secrets` are the operator's, by the name that flows know."""

    def __init__(self, client: httpx.AsyncClient, secrets: Mapping[str, str]) -> None:
        self._client = client
        self._secrets = secrets

    async def fetch(self, request: Fetch) -> Fetched:
        """The answer, or why there is none. Never raises for what the other side does."""
        headers = dict(request.headers)
        if request.secret is not None:
            if request.secret not in self._secrets:
                return Fetched(request=request.id, error=f"there is no secret named {request.secret}")
            headers[request.secret_header] = self._secrets[request.secret]
        answer = Fetched(request=request.id, error="not tried")
        for attempt in range(1 + request.retries):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS)
            answer = await self._once(request, headers)
            if answer.error is None and answer.status < 500 and answer.status not in _AGAIN:
                break
        return answer

    async def _once(self, request: Fetch, headers: dict[str, str]) -> Fetched:
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await self._read(request, headers)
        except TimeoutError:
            return Fetched(request=request.id, error=f"no answer within {request.timeout_seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # only the kind: what the error says may hold a header, and that a secret
            log.warning("a request of a flow failed", method=request.method, error=type(error).__name__)
            return Fetched(request=request.id, error=f"no connection: {type(error).__name__}")

    async def _read(self, request: Fetch, headers: dict[str, str]) -> Fetched:
        body = {} if request.body is None else {"json": request.body}
        async with self._client.stream(request.method, request.url, headers=headers, **body) as response:
            text = ""
            async for part in response.aiter_text():
                text += part
                if len(text) > MOST_BODY:  # whoever sends more is not read to the end
                    break
        return Fetched(request=request.id, status=response.status_code, body=text[: MOST_BODY + 1])
