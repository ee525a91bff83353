"""HTTP requests of flows: bounded in time and size, tried again where the flow says so. They go where the operator lets
flows lead (`app.core.guarding`): whoever writes flows is not whoever may reach the bank's own systems."""

import asyncio
from collections.abc import Mapping

import httpx
import structlog

from app.core.guarding import Forbidden, host_in
from app.ivr.playing.state import MOST_BODY, Fetch, Fetched

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.2
MOST_BYTES = 4 * MOST_BODY
"""What so many characters take at most."""
_AGAIN = (408, 425, 429)


class Fetching:
    """Makes the requests. `secrets` are the operator's, by the name that flows know, and `hosts` the only host that
    each of these is sent to, as `host_named` spells it; the caller closes `client`, which follows no redirect: the flow
    named where it goes."""

    def __init__(
        self, client: httpx.AsyncClient, secrets: Mapping[str, str], hosts: Mapping[str, str] | None = None
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._hosts = hosts or {}

    async def fetch(self, request: Fetch) -> Fetched:
        """The answer, or why there is none. Never raises for what the other side does."""
        untold = self._secret_untold(request)
        if untold is not None:
            return Fetched(request=request.id, error=untold)
        headers = {"accept-encoding": "identity"} | dict(request.headers)
        if request.secret is not None:
            headers[request.secret_header] = self._secrets[request.secret]
        answer = Fetched(request=request.id, error="not tried")
        for attempt in range(1 + request.retries):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS)
            answer = await self._once(request, headers)
            if answer.error is None and answer.status < 500 and answer.status not in _AGAIN:
                break
        return answer

    def _secret_untold(self, request: Fetch) -> str | None:
        """Why the secret that the request is to carry cannot be sent."""
        name = request.secret
        if name is None:
            return None
        if name not in self._secrets:
            return f"there is no secret named {name}"
        if name in self._hosts and host_in(request.url) != self._hosts[name]:
            return f"the secret {name} is sent to {self._hosts[name]} only (CALLFLOOR_FLOW_HOSTS)"
        return None

    async def _once(self, request: Fetch, headers: dict[str, str]) -> Fetched:
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await self._read(request, headers)
        except TimeoutError:
            return Fetched(request=request.id, error=f"no answer within {request.timeout_seconds:g} s")
        except Forbidden:
            return Fetched(
                request=request.id, error="its address is not one that flows may ask (CALLFLOOR_FLOW_NETWORKS)"
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # only the kind: what the error says may hold a header, and that a secret
            log.warning("a request of a flow failed", method=request.method, error=type(error).__name__)
            return Fetched(request=request.id, error=f"no connection: {type(error).__name__}")

    async def _read(self, request: Fetch, headers: dict[str, str]) -> Fetched:
        body = {} if request.body is None else {"json": request.body}
        async with self._client.stream(request.method, request.url, headers=headers, **body) as response:
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                return Fetched(request=request.id, error="the answer is packed, and nobody asked for that")
            taken = bytearray()
            async for part in response.aiter_raw():
                taken += part
                if len(taken) > MOST_BYTES:  # whoever sends more is not read to the end
                    break
        text = taken.decode(errors="replace")
        return Fetched(request=request.id, status=response.status_code, body=text[: MOST_BODY + 1])
