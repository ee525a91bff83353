"""The speaking half of the generic adapter: orders are posted, signed, to the source's command address.

Outcomes are shown to agents and kept with the order, so they name the source and what kind of failure it was. The
address may carry credentials and the answer anything at all: both go to the server's log only.
"""

import asyncio

import httpx
import msgspec
import structlog

from app.core.clock import Clock, iso
from app.core.retry_after import seconds_asked
from app.core.signing import key_of, sign
from app.core.wire import keepable
from app.telephony.adapters.generic.keepalive import KeepAlive
from app.telephony.directory import SourceAccess
from app.telephony.port import Delivered, Missed, Outcome, Refused, SwitchCommand

log = structlog.get_logger(__name__)

ATTEMPT_SECONDS = 10.0
TRY_AGAIN = frozenset({408, 425, 429})
"""The only 4xx answers after which the same command may still be taken."""


def open_client() -> httpx.AsyncClient:
    """An HTTP client for the driver. The environment's proxies are not ours to use for a switch."""
    plain = {"accept-encoding": "identity"}  # nothing of an answer is unpacked
    return httpx.AsyncClient(transport=KeepAlive(), timeout=5.0, trust_env=False, headers=plain)


class GenericDriver:
    """Posts commands; see `app.telephony.port.Driver`. The caller closes `http`."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Post one command; only an answer 2xx confirms it."""
        secret = next((each for each in access.secrets if key_of(each)), None)
        if access.command_url is None:
            return Refused(f"Source {access.id} has no command_url, so nothing can be ordered from it; set one.")
        if secret is None:
            return Refused(f"Source {access.id} has no usable secret to sign with; set one (base64, 12 bytes or more).")
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                response = await self._post(access.command_url, secret, command)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            log.warning("command not sent", source=access.id, command=command.key, error=repr(error))
            return Refused(f"The command_url of source {access.id} is not an http(s) address.")
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("command not answered", source=access.id, command=command.key, error=repr(error))
            return Missed(f"Source {access.id} did not answer ({type(error).__name__}).")
        outcome = outcome_of(response, access.id, self._clock())
        if not isinstance(outcome, Delivered):
            said = keepable(response.text[:200]).strip()
            log.warning(
                "command not taken", source=access.id, command=command.key, status=response.status_code, said=said
            )
        return outcome

    async def _post(self, url: str, secret: str, command: SwitchCommand) -> httpx.Response:
        body = body_of(command)
        sent_at = int(self._clock())
        headers = {
            "content-type": "application/json",
            "webhook-id": command.key,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": sign(secret, command.key, sent_at, body),
        }
        return await self._http.post(url, content=body, headers=headers, follow_redirects=False)


def body_of(command: SwitchCommand) -> bytes:
    """The message of a command: the same bytes at every attempt."""
    return msgspec.json.encode({"type": command.type, "timestamp": iso(command.at), "data": command.data})


def outcome_of(response: httpx.Response, source: str, now: float) -> Outcome:
    """What the answer of a source means: 2xx confirmed; 408, 425, 429 and 5xx perhaps later; all else never."""
    status = response.status_code
    if 200 <= status < 300:
        return Delivered()
    detail = f"Source {source} answered {status}."
    if status in TRY_AGAIN or status >= 500:
        return Missed(detail, seconds_asked(response.headers.get("retry-after"), now))
    return Refused(detail)
