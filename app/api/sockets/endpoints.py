"""/ws/agent and /ws/floor."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from prometheus_client import Counter, Gauge
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from app.api.http.problems import refusal
from app.api.platforms.recognition import Recognition
from app.api.sockets import told
from app.api.sockets.admission import Admission, Verify
from app.api.sockets.asked import COMMANDS, OVERSEEING, Ask, CloseProfile, Dial, OpenProfile, Reader
from app.api.sockets.conversation import Conversation, Timing
from app.api.sockets.doorkeeper import Doorkeeper
from app.api.sockets.line import OUR_FAULT, TOO_SLOW, TRY_LATER, Close, Gone, Line
from app.api.sockets.narrowed import Narrowed
from app.api.sockets.open_profiles import OpenProfiles, Profiles
from app.api.sockets.opening import Guest, Kind, Narrow, SocketFloor, greet, level, turned_away
from app.api.sockets.tabs import Tabs
from app.api.sockets.used import UsedIds
from app.core.clock import Clock
from app.core.errors import CallfloorError, Invalid, Unavailable
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.frames import AGENT_TOPIC, FLOOR_TOPIC
from app.floor.service import NOT_OWNED
from app.realtime.hub import Dismissed, Hub, Subscription, TooSlow
from app.telephony.events import CallEvent

log = structlog.get_logger(__name__)

AGENT = Kind(path="/ws/agent", roles=frozenset({"agent"}), commands=COMMANDS, backlog=256)
FLOOR = Kind(
    path="/ws/floor", roles=frozenset({"supervisor", "administrator"}), commands=OVERSEEING, backlog=4096, in_part=True
)

OPEN = Gauge("callfloor_sockets", "Open sockets.", ["path"])
CLOSED = Counter("callfloor_sockets_closed", "Sockets closed by the server, by close code.", ["path", "code"])


class Sockets:
    """Serves both sockets. No connection to the database is held by any of them."""

    def __init__(
        self,
        *,
        floor: SocketFloor,
        hub: Hub,
        verify: Verify,
        recognition: Recognition,
        narrowed: Narrowed,
        tabs: Tabs,
        profiles: Profiles,
        doorkeeper: Doorkeeper,
        clock: Clock,
        timing: Timing | None = None,
    ) -> None:
        self._floor = floor
        self._hub = hub
        self._verify = verify
        self._recognition = recognition
        self._narrowed = narrowed
        self._tabs = tabs
        self._profiles = profiles
        self._doorkeeper = doorkeeper
        self._clock = clock
        self._timing = timing or Timing()
        self._used = UsedIds()
        self._readers = {kind: Reader(kind.commands) for kind in (AGENT, FLOOR)}

    def routes(self) -> list[WebSocketRoute]:
        """The routes to add to an application."""
        return [WebSocketRoute(AGENT.path, self.agent), WebSocketRoute(FLOOR.path, self.supervisor)]

    async def agent(self, websocket: WebSocket) -> None:
        """One agent's tab."""
        await self._serve(websocket, AGENT, self._with_agent)

    async def supervisor(self, websocket: WebSocket) -> None:
        """One watcher of the floor, or of a part of it."""
        await self._serve(websocket, FLOOR, self._with_supervisor)

    async def _serve(self, websocket: WebSocket, kind: Kind, talk: Callable[[Line, Guest], Awaitable[None]]) -> None:
        line = Line(websocket, self._clock)
        with OPEN.labels(kind.path).track_inprogress():
            try:
                await line.accept()
                if self._floor.status == "standby":
                    raise Close(NOT_OWNED, "another process owns the floor")
                await talk(line, await greet(line, kind, self._readers[kind], self._admit, self._timing.hello))
            except Gone:
                return
            except Exception as error:
                close = _close(error)
                CLOSED.labels(kind.path, close.code).inc()
                await line.close(close.code, close.reason)

    async def _with_agent(self, line: Line, guest: Guest) -> None:
        self._tabs.opened(guest.id)
        try:
            await self._talk(line, guest, AGENT, guest.id)
        finally:
            self._tabs.closed(guest.id, line.last_heard)

    async def _with_supervisor(self, line: Line, guest: Guest) -> None:
        if guest.hello.only is None:
            await self._talk(line, guest, FLOOR, None)
            return
        with self._narrowed.watching(guest.hello.only, FLOOR.backlog) as watch:
            since = await self._begin(line, guest, None, partial(self._narrowed.opened, watch))
            await self._converse(line, guest, FLOOR, watch.subscription, since)

    async def _talk(self, line: Line, guest: Guest, kind: Kind, agent_id: str | None) -> None:
        topic = FLOOR_TOPIC if agent_id is None else AGENT_TOPIC + agent_id
        with self._hub.subscribe(topic, kind.backlog) as subscription:
            since = await self._begin(line, guest, agent_id)
            await self._converse(line, guest, kind, subscription, since)

    async def _begin(self, line: Line, guest: Guest, agent_id: str | None, narrow: Narrow | None = None) -> int:
        try:
            async with asyncio.timeout(self._timing.begin):
                await self._connect(line, guest, agent_id)
                return await level(line, self._floor, guest, agent_id, narrow)
        except (Unavailable, Invalid) as error:
            raise await turned_away(line, guest.hello.id, error) from None

    async def _converse(self, line: Line, guest: Guest, kind: Kind, subscription: Subscription, since: int) -> None:
        with (
            self._doorkeeper.inside(guest.admission, subscription),
            self._profiles.of(guest.admission.principal, subscription.put) as profiles,
        ):
            await Conversation(
                line,
                subscription,
                reader=self._readers[kind],
                answer=lambda ask: self._answer(guest, profiles, ask),
                status=lambda: self._floor.status,
                admission=guest.admission,
                since=since,
                timing=self._timing,
            ).run()

    async def _admit(self, token: str) -> Admission:
        admission = Admission(self._verify(token), self._verify, self._clock, self._timing.grace)
        async with asyncio.timeout(self._timing.begin):
            return await self._doorkeeper.let_in(admission)

    async def _connect(self, line: Line, guest: Guest, agent_id: str | None) -> None:
        if agent_id is None:
            return
        answer = await self._floor.submit(c.Connect(agent_id=agent_id))
        if not answer.ok:
            raise await turned_away(line, guest.hello.id, refusal(**answer.body))

    async def _answer(self, guest: Guest, profiles: OpenProfiles, ask: Ask) -> bytes:
        if isinstance(ask, OpenProfile | CloseProfile):
            return await profiles.answer(ask)
        try:
            self._used.claim(guest.scope, ask)
            command = await self._dialled(guest, ask) if isinstance(ask, Dial) else ask.command(guest.id)
            return told.answered(ask.id, await self._floor.submit(command, guest.scope, str(ask.id)))
        except CallfloorError as error:
            return told.refused(ask.id, error)
        except Exception:
            log.exception("command failed", agent=guest.id, command=type(ask).__name__)
            return told.refused(
                ask.id, CallfloorError("Something went wrong on our side; the log of the server tells more.")
            )

    async def _dialled(self, guest: Guest, dial: Dial) -> c.Command:
        """The person at the number is looked up as a caller would be."""
        contact_id = new_id()
        event = CallEvent(
            source=dial.source or "",
            type="call.dial",
            call_id=contact_id,
            at=self._clock(),
            direction="outbound",
            to=dial.to,
        )
        caller = await self._recognition.of(event)
        return c.Dial(agent_id=guest.id, contact_id=contact_id, to=dial.to, source=dial.source, caller=caller)


def _close(error: Exception) -> Close:
    """How a conversation that ended with `error` is closed."""
    if isinstance(error, Close):
        return error
    if isinstance(error, Dismissed):
        return Close(error.code, error.reason)
    if isinstance(error, TooSlow):
        return Close(TOO_SLOW, f"{error}; resume from the last frame you have")
    if isinstance(error, TimeoutError):
        return Close(TRY_LATER, "the welcome took too long")
    log.error("socket failed", exc_info=error)
    return Close(OUR_FAULT, "something went wrong on our side")
