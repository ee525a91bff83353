"""One WebSocket to one Asterisk: events come in, requests go out and are answered, on the same connection.

Asterisk serves the requests of one connection one after the other, so they may be sent without waiting for each
other's answers and still happen in their order.
"""

import asyncio
import base64
import itertools
import re
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import structlog
from websockets.exceptions import InvalidMessage, WebSocketException

from app.core.certificates import trusted
from app.core.errors import Unavailable
from app.telephony.adapters.asterisk_ari.actions import Request
from app.telephony.adapters.asterisk_ari.ari import events, requests
from app.telephony.adapters.asterisk_ari.ari.hang_ups import HangUps
from app.telephony.adapters.asterisk_ari.ari.wire import Wire, open_wire

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 10.0
"""An Asterisk that owes an answer and has answered nothing for so long does not answer any more."""

OPEN_SECONDS = 5.0
PING_SECONDS = 5.0
CLOSE_SECONDS = 1.0
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 400, 401, 403
CHANNELS, ALL_CHANNELS = "channel:", "__AST_CHANNEL_ALL_TOPIC"
AT_ONCE = 100
"""Devices in one request; Asterisk ends a connection over which it is asked for more than 64 KB at once."""

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


class _Application(msgspec.Struct, frozen=True):
    """What an application is told of."""

    channel_ids: tuple[str, ...] = ()


class _Asked(NamedTuple):
    """A request that is not answered yet, and when it was sent (the loop's time)."""

    request: Request
    answer: "asyncio.Future[Answered]"
    at: float


class AriConnection:
    """Use as `async with await AriConnection.open(access) as connection`; `run` reads until the connection ends."""

    def __init__(self, access: Access, wire: Wire) -> None:
        self._access = access
        self._wire = wire
        self._numbers = itertools.count(1)
        self._asked: dict[int, _Asked] = {}
        self._answered_last = 0
        self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._silent: str | None = None
        self._ended = False
        self._devices: set[str] = set()
        self._hang_ups: HangUps[Answered] = HangUps()

    @classmethod
    async def open(cls, access: Access) -> "AriConnection":
        """Connect. Raises `SwitchAway` or `SwitchUnusable`."""
        await ensure_usable(access)
        query = urlencode({"app": access.app})  # and no subscribeAll: see `set_up`
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

    async def run(self, on_event: Callable[[events.Event], None]) -> None:
        """Hand each event over, in order, until the connection ends, or what is asked for is not answered; raises
        `SwitchAway` then."""

        def take(frame: bytes) -> None:
            try:
                event = events.decode(frame)
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
        except WebSocketException as error:
            raise SwitchAway(f"{_host(self._access)} said what cannot be read: {_said(error)}.") from None
        finally:
            self._fail()
        raise SwitchAway(self._silent or f"The connection to {_host(self._access)} has ended.")

    def send(self, request: Request) -> "asyncio.Future[Answered]":
        """Ask for something; the future gives the answer, or raises `SwitchAway`. A hang-up that is under way or was
        done is not asked for again: see `HangUps`."""
        if not self._ended and (before := self._hang_ups.before(request)) is not None:
            return before
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        if self._ended:
            future.set_exception(SwitchAway(f"The connection to {_host(self._access)} has ended."))
            return future
        number, loop = next(self._numbers), asyncio.get_running_loop()
        self._asked[number] = _Asked(request, future, loop.time())
        self._hang_ups.asked(request, future)
        if self._watch is None:
            self._watch = loop.call_later(ANSWER_SECONDS, self._look)
        frame: dict[str, object] = {
            "type": "RESTRequest",
            "transaction_id": str(number),
            "request_id": str(number),
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
        return await self.send(request)

    async def set_up(self, unwanted: Iterable[str]) -> None:
        """To be called first: be told of all channels, and not of these events, which is lost with the last connection
        of an application. Raises `SwitchUnusable` where that is refused, and `SwitchAway`.

        Not everything is asked for (`subscribeAll`): Asterisk 22.10 may crash or stand still where a connection that is
        told of all endpoints and devices ends while one of them changes (docs/adr/0038). A channel that came before the
        request would be told of twice from then on, by itself and among all: it is let go of by itself."""
        app = self._access.app
        hearing, leaving = self.send(requests.hear_of(app, [CHANNELS])), self.send(requests.leave_out(app, unwanted))
        for answered in (await hearing, await leaving):
            self._taken(answered, f"does not let {app} say what it hears of")
        for channel in _channels(await hearing):
            self.send(requests.hear_no_more_of(app, [f"{CHANNELS}{channel}"]))

    async def hear_of(self, devices: Iterable[str]) -> frozenset[str]:
        """Be told from now on of the states of these devices as well, such as PJSIP/anna, also of one that is not there
        yet; gives those that had not been asked for over this connection. Raises `SwitchUnusable` where Asterisk tells
        of no device, and `SwitchAway`."""
        new = [each for each in dict.fromkeys(devices) if each not in self._devices]
        for at in range(0, len(new), AT_ONCE):
            states = [f"deviceState:{each}" for each in new[at : at + AT_ONCE]]
            answered = await self.ask(requests.hear_of(self._access.app, states))
            hint = "; let modules.conf load res_stasis_device_state.so" if answered.status == BAD_REQUEST else ""
            self._taken(answered, f"does not tell of {new[at]} and others{hint}")
            self._devices.update(new[at : at + AT_ONCE])
        return frozenset(new)

    def give_up(self, why: str) -> None:
        """End the connection, which is then over for this reason."""
        self._silent = why
        self._fail()
        self._wire.abort()

    def _taken(self, answered: Answered, trouble: str) -> None:
        """Raise what is wrong where a request was not taken: the user, what the request says, or the moment."""
        if answered.status == FORBIDDEN:
            raise SwitchUnusable(
                f"{_host(self._access)} lets ARI user {self._access.user!r} only read; "
                "say read_only=no in the user's section in ari.conf."
            )
        if not answered.ok:
            fault = SwitchUnusable if answered.status == BAD_REQUEST else SwitchAway
            raise fault(f"{_host(self._access)} {trouble}: {answered.status} {answered.body}")

    def _answer(self, event: events.Event) -> None:
        number = int(event.request_id) if event.request_id.isdecimal() else 0
        asked = self._asked.pop(number, None)
        if asked is None:
            return
        self._answered_last, self._heard_at = max(number, self._answered_last), asyncio.get_running_loop().time()
        answered = Answered(event.status_code, event.message_body)
        if not answered.ok:
            self._hang_ups.refused(asked.request)
        if not asked.answer.done():
            asked.answer.set_result(answered)

    def _look(self) -> None:
        """Give the connection up where an answer does not come. Asterisk answers in order, so the oldest request waits
        for its turn as long as others are answered, but not once later ones have been: its answer is lost. What
        came of it is seen by listing what there is, at the next connection."""
        self._watch, loop = None, asyncio.get_running_loop()
        if not self._asked or self._ended:
            return
        number, oldest = next(iter(self._asked.items()))
        since = oldest.at if number < self._answered_last else max(oldest.at, self._heard_at)
        left = since + ANSWER_SECONDS - loop.time()
        if left > 0:
            self._watch = loop.call_later(left, self._look)
            return
        self.give_up(f"{_host(self._access)} did not answer {oldest.request.method} {oldest.request.path}.")

    def _fail(self) -> None:
        self._ended = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        asked, self._asked = self._asked, {}
        for each in asked.values():
            if not each.answer.done():
                why = self._silent or f"The connection to {_host(self._access)} ended before its answer."
                each.answer.set_exception(SwitchAway(why))
                each.answer.exception()  # whoever has gone meanwhile is not missed


async def ensure_usable(access: Access) -> None:
    """Raise `SwitchUnusable` unless the Asterisk knows us and is new enough, `SwitchAway` unless it answers."""
    try:
        async with httpx.AsyncClient(verify=trusted(), timeout=OPEN_SECONDS, trust_env=False) as http:
            told = await http.get(f"{access.http}/asterisk/info?only=system", headers=access.headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SwitchAway(f"{_host(access)} does not answer{_hint(error)}: {_said(error)}.") from None
    if told.status_code in (UNAUTHORIZED, FORBIDDEN):
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


def _channels(told: Answered) -> list[str]:
    """The channels that an application is told of by themselves."""
    there = msgspec.json.decode(told.body, type=_Application)
    return [each for each in there.channel_ids if each != ALL_CHANNELS]


def _hint(error: Exception) -> str:
    """Asterisk closes a connection without a word where it has as many as it may have."""
    wordless = isinstance(error, EOFError | InvalidMessage | httpx.RemoteProtocolError)
    return " (is its `sessionlimit` in http.conf reached?)" if wordless else ""


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _host(access: Access) -> str:
    try:
        return urlsplit(access.url).netloc.rpartition("@")[2] or access.url
    except ValueError:
        return access.url
