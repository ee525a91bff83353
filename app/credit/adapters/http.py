"""Asking a bureau over HTTP: bounded in time and size, without redirects, with a secret that nobody is shown."""

import asyncio
from collections.abc import Mapping

import httpx
import msgspec
import structlog

from app.core.guarding import Forbidden, host_in
from app.credit.port import Bureau, Question, Rating, Unanswered
from app.credit.reading import Nonsense, rating_of

log = structlog.get_logger(__name__)

MOST_BYTES = 65_536


class HttpBureaus:
    """See `app.credit.port.Asks`. `secrets` are the operator's, by name, and `hosts` the only host that each of these
    is sent to, as `host_named` spells it; the caller closes `client`, which is to go nowhere that an administrator may
    not lead it (`app.core.guarding`)."""

    def __init__(
        self, client: httpx.AsyncClient, secrets: Mapping[str, str], hosts: Mapping[str, str] | None = None
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._hosts = hosts or {}

    async def ask(self, bureau: Bureau, question: Question) -> Rating | Unanswered:
        """Send the question as a JSON body, with GET as the query; the answer is JSON."""
        untold = self._secret_untold(bureau)
        if untold is not None:
            return Unanswered(untold)
        try:
            async with asyncio.timeout(bureau.timeout_seconds):
                status, body = await self._exchange(bureau, question)
        except TimeoutError:
            return Unanswered(f"no answer within {bureau.timeout_seconds:g} s")
        except Forbidden:
            return Unanswered("its address is not one that may be reached (CALLFLOOR_CREDIT_NETWORKS)")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # only the kind: what the error says may hold a header, and that a secret
            log.warning("a credit bureau could not be asked", bureau=bureau.id, error=type(error).__name__)
            return Unanswered(f"no connection: {type(error).__name__}")
        return _understood(bureau, status, body)

    def _secret_untold(self, bureau: Bureau) -> str | None:
        """Why the secret that the bureau is to be sent cannot be."""
        name = bureau.secret_name
        if name is None:
            return None
        if name not in self._secrets:
            return f"there is no secret named {name}; the operator sets CALLFLOOR_CREDIT_SECRETS"
        if name in self._hosts and host_in(bureau.url) != self._hosts[name]:
            return f"the secret {name} is sent to {self._hosts[name]} only (CALLFLOOR_CREDIT_HOSTS)"
        return None

    async def _exchange(self, bureau: Bureau, question: Question) -> tuple[int, bytes | None]:
        """The status, and the body unless it is too long or packed, which nobody asked for."""
        by_address = bureau.method == "GET"
        url = httpx.URL(bureau.url).copy_merge_params(question.facts if by_address else {})
        told = None if by_address else question.facts
        headers = {"accept": "application/json", "accept-encoding": "identity", "idempotency-key": question.id}
        if bureau.secret_name is not None:
            headers[bureau.secret_header] = self._secrets[bureau.secret_name]
        async with self._client.stream(bureau.method, url, json=told, headers=headers) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:  # whoever sends more is not read to the end
                    break
        packed = response.headers.get("content-encoding", "identity").lower() != "identity"
        return response.status_code, None if packed or len(body) > MOST_BYTES else bytes(body)


def _understood(bureau: Bureau, status: int, body: bytes | None) -> Rating | Unanswered:
    if 300 <= status < 400:
        return Unanswered(f"it answered {status}, and redirects are not followed")
    if not 200 <= status < 300:
        return Unanswered(f"it answered {status}")
    if body is None:
        return Unanswered(f"its answer is packed or longer than {MOST_BYTES} bytes")
    try:
        return rating_of(bureau, msgspec.json.decode(body))
    except Nonsense as error:
        return Unanswered(f"its answer makes no sense: {error}")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Unanswered("its answer is not JSON")
