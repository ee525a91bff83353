"""One WebSocket to one Asterisk: events come in, requests go out and are answered, on the same connection.

Asterisk serves the requests of one connection one after the other, so they may be sent without waiting for each
other's answers and still happen in their order.
"""

import asyncio
import base64
import itertools
import re
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import structlog
from websockets.exceptions import InvalidMessage, WebSocketException

from app.core.errors import Unavailable
from app.telephony.adapters.asterisk_ari import ari
from app.telephony.adapters.asterisk_ari.actions import Request
from app.telephony.adapters.asterisk_ari.wire import Wire, open_wire

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 10.0
OPEN_SECONDS = 5.0
PING_SECONDS = 5.0
CLOSE_SECONDS = 1.0
LEAST_VERSION = (22, 4)
WHY_VERSION = "requests over the events' WebSocket came with it, and transfers asked for by phones"


class SwitchAway(Unavailable):
    """The Asterisk does not answer, or the connection to it has broken."""

    code = "switch-away"


class SwitchUnusable(Unavailable):
    """The Asterisk answers, but it cannot be worked with until somebody changes something; the message says what."""

    code = "switch-unusable"


class Replaced(SwitchAway):
    """Another process has connected as the same application: events go there now."""

    code = "switch-taken-over"


class Answered(msgspec.Struct, frozen=True):
    """What Asterisk answered to a request."""

    status: int
    body: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class Access(msgspec.Struct, frozen=True):
    """Where an Asterisk's ARI is (`ws://host:8088/ari`), and who we are there."""

    url: str
    user: str
    password: str
    app: str

    @property
    def http(self) -> str:
        """The address of the same over HTTP."""
        return self.url.replace("ws", "http", 1).rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        """Who we are; a header, since addresses are logged."""
        word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {word}"}


class AriConnection:
    """Use as `async with await AriConnection.open(access) as connection`; `run` reads until the connection ends."""

    def __init__(self, access: Access, wire: Wire) -> None:
        self._access = access
        self._wire = wire
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Answered]] = {}
        self._ended = False

    @classmethod
    async def open(cls, access: Access) -> "AriConnection":
        """Connect. Raises `SwitchAway` or `SwitchUnusable`."""
        await ensure_usable(access)
        query = urlencode({"app": access.app, "subscribeAll": "true"})
        try:
            url = f"{access.url.rstrip('/')}/events?{query}"
            wire = await open_wire(url, access.headers, OPEN_SECONDS, PING_SECONDS)
        except (OSError, WebSocketException, TimeoutError, EOFError) as error:
            raise SwitchAway(f"{_host(access)} did not open a WebSocket{_hint(error)}: {_said(error)}.") from None
        return cls(access, wire)

    async def __aenter__(self) -> "AriConnection":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close(CLOSE_SECONDS)
        self._fail()

    async def run(self, on_event: Callable[[ari.Event], None]) -> None:
        """Hand each event over, in order, until the connection ends; raises `SwitchAway` then."""

        def take(frame: bytes) -> None:
            try:
                event = ari.decode(frame)
            except msgspec.DecodeError as error:
                log.warning("frame not understood", switch=_host(self._access), error=str(error))
                return
            if event.type == "RESTResponse":
                self._answer(event)
            else:
                on_event(event)

        try:
            self._wire.read(take)
            await asyncio.wait([self._wire.ended])
            self._wire.ended.result()
        finally:
            self._fail()
        raise SwitchAway(f"The connection to {_host(self._access)} has ended.")

    def send(self, request: Request) -> "asyncio.Future[Answered]":
        """Ask for something; the future gives the answer, or raises `SwitchAway`."""
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        if self._ended:
            future.set_exception(SwitchAway(f"The connection to {_host(self._access)} has ended."))
            return future
        number = str(next(self._numbers))
        self._asked[number] = future
        frame: dict[str, object] = {
            "type": "RESTRequest",
            "transaction_id": number,
            "request_id": number,
            "method": request.method,
            "uri": request.path,
        }
        if request.query:
            frame["query_strings"] = [{"name": key, "value": str(value)} for key, value in request.query.items()]
        if request.body is not None:
            frame["content_type"] = "application/json"
            frame["message_body"] = msgspec.json.encode(request.body).decode()
        self._wire.send(msgspec.json.encode(frame))
        return future

    async def ask(self, request: Request) -> Answered:
        """Ask and wait. Raises `SwitchAway`."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.send(request)
        except TimeoutError:
            raise SwitchAway(f"{_host(self._access)} did not answer {request.method} {request.path}.") from None

    def _answer(self, event: ari.Event) -> None:
        future = self._asked.pop(event.request_id, None)
        if future is not None and not future.done():
            future.set_result(Answered(event.status_code, event.message_body))

    def _fail(self) -> None:
        self._ended = True
        asked, self._asked = self._asked, {}
        for future in asked.values():
            if not future.done():
                future.set_exception(SwitchAway(f"The connection to {_host(self._access)} ended before its answer."))
                future.exception()  # whoever has gone meanwhile is not missed


async def ensure_usable(access: Access) -> None:
    """Raise `SwitchUnusable` unless the Asterisk knows us and is new enough, `SwitchAway` unless it answers."""
    try:
        async with httpx.AsyncClient(timeout=OPEN_SECONDS, trust_env=False) as http:
            told = await http.get(f"{access.http}/asterisk/info?only=system", headers=access.headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SwitchAway(f"{_host(access)} does not answer{_hint(error)}: {_said(error)}.") from None
    if told.status_code in (401, 403):
        raise SwitchUnusable(
            f"{_host(access)} does not accept ARI user {access.user!r} with the source's secret; "
            "look at the user's section in ari.conf (type=user, read_only=no)."
        )
    if not told.is_success:
        raise SwitchAway(f"{_host(access)} answered {told.status_code} to /asterisk/info; is ARI enabled in ari.conf?")
    version = _version_told(access, told.content)
    if (found := version_of(version)) is not None and found < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise SwitchUnusable(f"{_host(access)} is Asterisk {version}; {least} or newer is needed: {WHY_VERSION}.")


class _System(msgspec.Struct, frozen=True):
    version: str = ""


class _Told(msgspec.Struct, frozen=True):
    system: _System = _System()


def _version_told(access: Access, body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Told).system.version
    except msgspec.DecodeError:
        raise SwitchUnusable(f"{_host(access)} answers, but it is no Asterisk; look at `command_url`.") from None


def version_of(text: str) -> tuple[int, int] | None:
    """Major and minor of a version such as 22.10.1~dfsg; None for one that was built from no release."""
    found = re.match(r"(?:certified/)?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _hint(error: Exception) -> str:
    """Asterisk closes a connection without a word where it has as many as it may have."""
    wordless = isinstance(error, EOFError | InvalidMessage | httpx.RemoteProtocolError)
    return " (is its `sessionlimit` in http.conf reached?)" if wordless else ""


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _host(access: Access) -> str:
    try:
        return urlsplit(access.url).netloc or access.url
    except ValueError:
        return access.url
