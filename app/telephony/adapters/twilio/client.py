"""Twilio's REST API, as far as we need it: calls, conferences and who is in them. Thin: one method a request."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.core.certificates import trusted
from app.core.clock import Clock
from app.core.retry_after import seconds_asked
from app.core.wire import keepable
from app.telephony.directory import SourceAccess
from app.telephony.port import Missed, Refused

log = structlog.get_logger(__name__)

API = "https://api.twilio.com"
ATTEMPT_SECONDS = 10.0
TRY_AGAIN = frozenset({408, 425, 429})
"""The only 4xx answers after which the same request may still be taken."""

Value = str | int | bool | list[str]
Fields = Mapping[str, Value]


class Failure(Exception):
    """The platform did not do what was asked; `outcome` says what that means, `status` is 0 where nobody answered."""

    def __init__(self, outcome: Missed | Refused, status: int = 0, code: int | None = None) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome
        self.status = status
        self.code = code


class Participant(msgspec.Struct, frozen=True):
    """Who is in a conference, or being dialled into it."""

    call_sid: str
    label: str | None = None
    status: str | None = None
    hold: bool = False
    muted: bool = False
    coaching: bool = False

    @property
    def heard(self) -> bool:
        """Whether everybody in it hears them."""
        return self.status == "connected" and not self.muted and not self.coaching


class Conference(msgspec.Struct, frozen=True):
    """One conference; several may have had its name."""

    sid: str
    status: str


class _Participants(msgspec.Struct, frozen=True):
    participants: list[Participant]


class _Conferences(msgspec.Struct, frozen=True):
    conferences: list[Conference]


class _Made(msgspec.Struct, frozen=True):
    call_sid: str = ""


def open_client() -> httpx.AsyncClient:
    """An HTTP client for the driver. The environment's proxies are not ours to use for telephony."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    patience = httpx.Timeout(5.0, read=ATTEMPT_SECONDS)
    return httpx.AsyncClient(verify=trusted(), timeout=patience, limits=limits, trust_env=False)


class TwilioApi:
    """The API of one account. Every method raises `Failure` for what the network or the platform does."""

    def __init__(self, http: httpx.AsyncClient, access: SourceAccess, clock: Clock, order: str) -> None:
        self._http = http
        self._access = access
        self._clock = clock
        self._order = order
        base = (access.command_url or API).rstrip("/")
        self._base = f"{base}/2010-04-01/Accounts/{quote(access.account or '', safe='')}"

    async def update_call(self, call: str, fields: Fields) -> None:
        """Give a call new TwiML, or end it."""
        await self._send("POST", f"/Calls/{quote(call, safe='')}.json", fields)

    async def live_conference(self, name: str) -> Conference | None:
        """The conference of this name that is not over."""
        found = msgspec.convert(
            await self._send("GET", "/Conferences.json", {"FriendlyName": name, "PageSize": 20}), _Conferences
        )
        return next((each for each in found.conferences if each.status != "completed"), None)

    async def participants(self, conference: str) -> list[Participant]:
        """Who is in it, those who still ring included."""
        path = f"/Conferences/{conference}/Participants.json"
        return msgspec.convert(await self._send("GET", path, {"PageSize": 100}), _Participants).participants

    async def add_participant(self, name: str, fields: Fields) -> str:
        """Dial somebody into the conference of this name, which begins with them if it has not; gives their call."""
        path = f"/Conferences/{quote(name, safe='')}/Participants.json"
        return msgspec.convert(await self._send("POST", path, fields), _Made).call_sid

    async def update_participant(self, conference: str, who: str, fields: Fields) -> None:
        """Hold or mute somebody, by their label or call."""
        await self._send("POST", f"/Conferences/{conference}/Participants/{quote(who, safe='')}.json", fields)

    async def _send(self, method: str, path: str, fields: Fields) -> Any:
        told = {name: _written(value) for name, value in fields.items()}
        sent: dict[str, Any] = {"params": told} if method == "GET" else {"data": told}
        auth = (self._access.account or "", self._access.secrets[0])
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                response = await self._http.request(method, self._base + path, auth=auth, **sent)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            self._note(error=repr(error))
            raise Failure(Refused(f"The command_url of source {self._access.id} is no http(s) address.")) from None
        except (httpx.HTTPError, TimeoutError) as error:
            self._note(error=repr(error))
            detail = f"Source {self._access.id} did not answer ({type(error).__name__})."
            raise Failure(Missed(detail)) from None
        return self._read(response)

    def _read(self, response: httpx.Response) -> Any:
        body = _json(response)
        if response.is_success:
            if isinstance(body, dict):
                return body
            raise Failure(Missed(f"Source {self._access.id} answered with something that is not JSON."), 200)
        status, code = response.status_code, body.get("code") if isinstance(body, dict) else None
        self._note(status=status, code=code, said=keepable(response.text[:200]).strip())
        detail = f"Source {self._access.id} answered {status}" + (f" (error {code})." if code else ".")
        if status in TRY_AGAIN or status >= 500:
            raise Failure(
                Missed(detail, seconds_asked(response.headers.get("retry-after"), self._clock())), status, code
            )
        raise Failure(Refused(detail), status, code)

    def _note(self, **facts: object) -> None:
        log.warning("request not taken", source=self._access.id, command=self._order, **facts)


def _written(value: Value) -> str | list[str]:
    if isinstance(value, list):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return None
