"""A real server with the sockets and a floor of the test's own, and a client that speaks the protocol."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.api.platforms.recognition import Recognition
from app.api.sockets.conversation import Timing
from app.api.sockets.doorkeeper import Doorkeeper
from app.api.sockets.endpoints import Sockets
from app.api.sockets.narrowed import Narrowed
from app.api.sockets.open_profiles import Profiles
from app.api.sockets.tabs import Tabs
from app.auth.access_tokens import Principal, Role, TokenService
from app.auth.errors import BadToken
from app.core.clock import now
from app.core.tasks import Supervisor
from app.customers.masking import USUAL
from app.customers.profiles.reads import ReadLog
from app.customers.profiles.watching import Watcher
from app.customers.profiles.whole import Profiles as Customers
from app.db.engine import Sessions, create_engine
from app.db.errors import DatabaseUnavailable
from app.floor.commands import Recognised
from app.realtime.hub import Hub
from app.telephony.events import CallEvent
from tests.api.fake_floor import FakeFloor
from tests.fixtures.serving import Serving, serving

V1 = Subprotocol("callfloor.v1")
TOKENS = TokenService(b"a key of the tests, thirty-two bytes long", now)
QUICK = Timing(hello=30.0, begin=30.0, ping=0.05, silence=30.0, bad_frames=3)
"""Pings often; nobody is too late for want of a turn on a busy machine, except for what a test is about."""

SETTINGS: dict[str, Any] = {"ws_max_size": 65_536, "ws_per_message_deflate": False, "ws_ping_interval": None}


def token(login: str = "li", role: Role = "agent", sign_in: str | None = None) -> str:
    return TOKENS.issue(Principal(login, login.title(), role, sign_in=sign_in))


class SignIns:
    """Sign-ins of which those that are `gone` have ended, or of which nothing is known while `away`; `fault` is
    raised once, and what is asked once it is `stuck` has no answer."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.away = False
        self.stuck = False
        self.fault: Exception | None = None

    async def ensure(self, principal: Principal) -> None:
        if principal.sign_in is not None and await self.ended([principal.sign_in]):
            raise BadToken("This sign-in has ended.")

    async def ended(self, sign_ins: Collection[str]) -> frozenset[str]:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        if self.stuck:
            await asyncio.Event().wait()
        if self.away:
            raise DatabaseUnavailable("Nobody knows.")
        return frozenset(self.gone.intersection(sign_ins))


class Client:
    """One socket. `hear` gives the next frame; pings are answered with pongs unless it is told to be `mute`."""

    def __init__(self, socket: ClientConnection, mute: bool = False) -> None:
        self.socket = socket
        self.mute = mute
        self.pings = 0

    async def say(self, frame: object) -> None:
        text = frame if isinstance(frame, str | bytes) else msgspec.json.encode(frame).decode()
        await self.socket.send(text)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                frame: dict[str, Any] = msgspec.json.decode(await self.socket.recv())
                if frame.get("type") != "ping":
                    return frame
                self.pings += 1
                if not self.mute:
                    await self.say({"type": "pong"})

    async def ask(self, number: int | str, kind: str, **data: Any) -> dict[str, Any]:
        await self.say({"id": number, "type": kind, **data})
        return await self.hear()

    async def hello(self, login: str = "li", role: Role = "agent", **data: Any) -> dict[str, Any]:
        return await self.ask(1, "hello", token=token(login, role), **data)

    async def closed(self) -> tuple[int, str]:
        """The server's close code and reason, whatever frames come before."""
        with suppress(ConnectionClosed):
            while True:
                await self.hear()
        return self.socket.close_code or 0, self.socket.close_reason or ""


@asynccontextmanager
async def _nothing_to_lend() -> AsyncIterator[Any]:
    raise DatabaseUnavailable("These sockets have no customers.")
    yield


async def _no_connection() -> Any:
    raise OSError


def no_profiles() -> Profiles:
    """Profiles of a server that has no database."""
    watcher = Watcher(
        connect=_no_connection, lend=_nothing_to_lend, profiles=Customers(_nothing_to_lend, now), clock=now
    )
    return Profiles(watcher, ReadLog(Sessions(create_engine("postgresql+asyncpg://nowhere/none")), now), USUAL, now)


class Desk:
    """The server side: floor, hub, sockets."""

    def __init__(
        self,
        timing: Timing | None = None,
        floor: Any = None,
        hub: Hub | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        self.hub = hub or Hub()
        self.floor: Any = floor or FakeFloor(self.hub)
        self.narrowed = Narrowed(self.hub)
        self.tasks = Supervisor()
        self.tabs = Tabs(self.floor, self.tasks)
        self.recognised: list[CallEvent] = []
        self.standing = SignIns()
        self.doorkeeper = Doorkeeper(self.standing)
        self.sockets = Sockets(
            narrowed=self.narrowed,
            floor=self.floor,
            hub=self.hub,
            verify=TOKENS.verify,
            recognition=Recognition(self._recognise),
            tabs=self.tabs,
            profiles=profiles or no_profiles(),
            doorkeeper=self.doorkeeper,
            clock=now,
            timing=timing,
        )
        self.app = FastAPI()
        self.app.router.routes.extend(self.sockets.routes())
        self.address = ""
        self.server: Serving | None = None

    async def _recognise(self, event: CallEvent) -> Recognised:
        self.recognised.append(event)
        return Recognised(profile=b"{}")

    @asynccontextmanager
    async def client(self, path: str = "/ws/agent", mute: bool = False, **options: Any) -> AsyncIterator[Client]:
        options = {
            "subprotocols": [V1],
            "compression": None,
            "proxy": None,
            "ping_interval": None,
            "close_timeout": 0.3,
            **options,
        }
        async with connect(f"ws://{self.address}{path}", **options) as socket:
            yield Client(socket, mute)


@asynccontextmanager
async def open_desk(timing: Timing | None = None, ws: Any = "auto", **options: Any) -> AsyncIterator[Desk]:
    desk = Desk(timing, **options)
    async with serving(desk.app, ws=ws, **SETTINGS) as (desk.address, desk.server):
        yield desk
    await desk.tasks.stop()
