"""Asking a bureau over HTTP: bounded in time and size, without redirects, with a secret that nobody is shown."""

import asyncio
from collections.abc import Mapping

import httpx
import msgspec
import structlog

from app.credit.port import Bureau, Question, Rating, Unanswered
from app.credit.reading import Nonsense, rating_of

log = structlog.get_logger(__name__)

MOST_BYTES = 65_536


def open_bureau_client() -> httpx.AsyncClient:
    """A client for all bureaus. Redirects are not followed: what is said of customers goes where it was meant to."""
    return httpx.AsyncClient(follow_redirects=False, limits=httpx.Limits(max_connections=20))


class HttpBureaus:
    """See `app.credit.port.Asks`. `secrets` are the operator's, by name; the caller closes `client`."""

    def __init__(self, client: httpx.AsyncClient, secrets: Mapping[str, str]) -> None:
        self._client = client
        self._secrets = secrets

    async def ask(self, bureau: Bureau, question: Question) -> Rating | Unanswered:
        """Send the question as a JSON body, with GET as the query; the answer is JSON."""
        name = bureau.secret_name
        if name is not None and name not in self._secrets:
            return Unanswered(f"there is no secret named {name}; the operator sets CALLFLOOR_CREDIT_SECRETS")
        try:
            async with asyncio.timeout(bureau.timeout_seconds):
                status, body = await self._exchange(bureau, question)
        except TimeoutError:
            return Unanswered(f"no answer within {bureau.timeout_seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # only the kind: what the error says may hold a header, and that a secret
            log.warning("a credit bureau could not be asked", bureau=bureau.id, error=type(error).__name__)
            return Unanswered(f"no connection: {type(error).__name__}")
        return _understood(bureau, status, body)

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
