"""One Asterisk: keeps connected to it, knows its calls, and does what their lines want done.

News of a call go to the floor one after the other, each once it is taken; requests to the switch do not wait for that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import msgspec
import structlog
from pydantic import SecretStr

from app.core.clock import Clock, iso
from app.core.errors import CallfloorError, Unavailable
from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari import ari, outcomes
from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Perform, Request, Stored, Told, Wake
from app.telephony.adapters.asterisk_ari.connection import (
    Access,
    Answered,
    AriConnection,
    SwitchAway,
    SwitchUnusable,
)
from app.telephony.adapters.asterisk_ari.inventory import Inventory, phone_word
from app.telephony.adapters.asterisk_ari.leg import Setup
from app.telephony.adapters.asterisk_ari.line import Line
from app.telephony.adapters.asterisk_ari.orders import obey
from app.telephony.adapters.asterisk_ari.prompts import Prompts
from app.telephony.adapters.asterisk_ari.tapes import Tapes
from app.telephony.events import CallEvent, EventType, OrderType
from app.telephony.instructions import Script
from app.telephony.port import Connection, Delivered, Missed, Notice, Outcome, Refused, SwitchCommand

log = structlog.get_logger(__name__)

APP = "callfloor"
BACK_OFF = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LOST_SECONDS = 20.0
"""A switch that has been away for so long is lost, with its calls."""


class Floor(Protocol):
    """What a switch needs of the floor: where news go. Bound to a source."""

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        """News of a call; gives its contact and what is to be carried out. Raises `Unavailable` to come again."""

    async def phone(self, address: str, word: str) -> None:
        """A phone is available, unavailable, in use."""


class _Call:
    """A line, and what waits to be told of it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.news: asyncio.Queue[Told | Perform | Stored | None] = asyncio.Queue()
        self.told = 0


class Switch:
    """`run` for as long as this process owns the floor; `execute` hands an order over."""

    def __init__(
        self, source: str, access: Access, setup: Setup, prompts: Prompts, floor: Floor, tapes: Tapes, clock: Clock
    ) -> None:
        self._source = source
        self._access = access
        self._setup = setup
        self._prompts = prompts
        self._floor = floor
        self._tapes = tapes
        self._clock = clock
        self._tasks = Supervisor()
        self._calls: dict[str, _Call] = {}
        self._by_channel: dict[str, _Call] = {}
        self._connection: AriConnection | None = None
        self._away_since = clock()
        self._replaced = False
        self._phones: dict[str, str] = {}
        self.trouble: str | None = None

    @property
    def standing(self) -> Connection:
        """Whether it is connected, and what keeps it from that."""
        return Connection(connected=self._connection is not None, trouble=self.trouble, calls=len(self._calls))

    async def run(self) -> None:
        """Keep connected, until cancelled or until another process has taken our place."""
        attempt = 0
        try:
            while not self._replaced:
                try:
                    await self._connected()
                except (SwitchAway, SwitchUnusable) as error:
                    if self._connection is not None:
                        attempt, self._away_since = 0, self._clock()
                    self._connection = None
                    self._note(error)
                self._give_up_lost()
                await asyncio.sleep(BACK_OFF[min(attempt, len(BACK_OFF) - 1)])
                attempt += 1
        finally:
            await self._tasks.stop()

    async def execute(self, command: SwitchCommand) -> Outcome:
        """Carry out one order."""
        connection = self._connection
        if connection is None:
            return Missed(self.trouble or f"Asterisk {self._source} is not connected.")
        call = self._call_of(command)
        if call is None:
            return Refused(f"Asterisk {self._source} has no such call.")
        wanted = obey(call.line, command, self._clock())
        if isinstance(wanted, Refused):
            return wanted
        self._know_legs(call)
        try:
            await asyncio.gather(*self._do(call, wanted))
        except SwitchAway as error:
            return Missed(error.detail)
        return Delivered()

    # -- connecting

    async def _connected(self) -> None:
        async with await AriConnection.open(self._access) as connection:
            early: list[ari.Event] = []
            take: Callable[[ari.Event], None] = early.append
            reading = self._tasks.start(f"events of {self._source}", connection.run(lambda event: take(event)))
            try:
                await self._prepare(connection)
                self._connection, self.trouble = connection, None
                log.info("connected to an Asterisk", source=self._source, calls=len(self._calls))
                await self._resynchronise(connection)
                for event in early:
                    self._take(event)
                take = self._take
                await reading
            finally:
                reading.cancel()

    async def _prepare(self, connection: AriConnection) -> None:
        """The filter is lost with the last connection of an application, so it is set again each time."""
        unwanted = {"disallowed": [{"type": name} for name in ari.UNWANTED]}
        path = f"applications/{self._access.app}/eventFilter"
        answered = await connection.ask(Request(method="PUT", path=path, body=unwanted))
        if not answered.ok:
            raise SwitchUnusable(f"Asterisk {self._source} did not take the event filter: {answered.body}")

    async def _resynchronise(self, connection: AriConnection) -> None:
        """After a gap: what has ended meanwhile has ended, what lives and is not known is adopted."""
        there = await Inventory.taken(connection)
        for call in list(self._calls.values()):
            self._follow(call, there.changes(call.line, self._clock()))
        for line in there.unknown(self._setup, set(self._by_channel)):
            call = self._open(line)
            call.news.put_nowait(Told(type=EventType.OFFERED, at=self._clock(), leg_id=line.caller))
            call.news.put_nowait(Told(type=EventType.SCRIPT_LOST, at=self._clock()))
        for address, word in there.phones.items():
            self._phone(address, word)

    def _give_up_lost(self) -> None:
        if self._connection is None and self._clock() - self._away_since > LOST_SECONDS:
            for call in list(self._calls.values()):
                self._follow(call, call.line.lost(self._clock(), outcomes.SWITCH_LOST))

    def _note(self, error: CallfloorError) -> None:
        if self.trouble != error.detail:
            self.trouble = error.detail
            log.warning("no connection to an Asterisk", source=self._source, detail=error.detail)

    # -- events

    def _take(self, event: ari.Event) -> None:
        now = self._clock()
        match event.type:
            case "ApplicationReplaced":
                self._replaced = True
                log.warning("another process has taken over an Asterisk", source=self._source)
                return
            case "DeviceStateChanged" if event.device_state is not None:
                self._phone(event.device_state.name, phone_word(event.device_state.state))
                return
            case "StasisStart" if event.channel is not None and event.args[:1] == ("inbound",):
                self._inbound(event, event.channel)
                return
        call = self._call_about(event)
        if call is not None:
            self._follow(call, call.line.take(event, now))

    def _inbound(self, event: ari.Event, channel: ari.Channel) -> None:
        if channel.id in self._by_channel:
            return
        line = Line(self._setup, channel.id, caller=channel.id)
        line.from_, line.to = channel.caller.number or None, event.args[1] if len(event.args) > 1 else None
        call = self._open(line)
        call.news.put_nowait(Told(type=EventType.OFFERED, at=event.at, leg_id=channel.id))

    def _open(self, line: Line) -> _Call:
        call = self._calls[line.call] = _Call(line)
        self._know_legs(call)
        self._tasks.start(f"call {line.call}", self._live(call))
        return call

    def _know_legs(self, call: _Call) -> None:
        for channel in (call.line.caller, *call.line.legs):
            if channel is not None:
                self._by_channel[channel] = call

    def _call_about(self, event: ari.Event) -> _Call | None:
        if event.channel is not None:
            return self._by_channel.get(event.channel.id)
        if event.playback is not None:
            return self._calls.get(event.playback.id.partition(".play.")[0])
        if event.recording is not None:
            return next((call for call in self._calls.values() if call.line.records(event.recording.name)), None)
        return None

    def _call_of(self, command: SwitchCommand) -> _Call | None:
        call = self._calls.get(str(command.data.get("call_id")))
        if call is None and command.type == OrderType.DIAL:
            line = Line(self._setup, str(command.data["call_id"]), direction="outbound")
            line.contact = str(command.data["contact_id"])
            call = self._open(line)
        return call

    # -- actions

    def _follow(self, call: _Call, actions: Iterable[Action]) -> None:
        """Do what came of an event; whose requests are not taken, nobody waits for here."""
        self._know_legs(call)
        for sent in self._do(call, actions):
            sent.add_done_callback(_seen)

    def _do(self, call: _Call, actions: Iterable[Action]) -> list["asyncio.Future[Answered]"]:
        sent: list[asyncio.Future[Answered]] = []
        for action in actions:
            match action:
                case Request():
                    sent.append(self._send(call, action))
                case Told() | Perform() | Stored():
                    call.news.put_nowait(action)
                case Wake(at=at, token=token):
                    delay = max(0.0, at - self._clock())
                    asyncio.get_running_loop().call_later(delay, self._wake, call, token)
                case Ended():
                    self._forget(call)
        return sent

    def _send(self, call: _Call, request: Request) -> "asyncio.Future[Answered]":
        connection = self._connection
        if connection is None:
            future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
            future.set_exception(SwitchAway(f"Asterisk {self._source} is not connected."))
            return future
        future = connection.send(request)
        future.add_done_callback(lambda done: self._answered(call, request, done))
        return future

    def _answered(self, call: _Call, request: Request, done: "asyncio.Future[Answered]") -> None:
        if done.cancelled() or done.exception() is not None or done.result().ok:
            return
        told = done.result()
        log.debug("request refused", method=request.method, path=request.path, status=told.status, body=told.body)
        self._follow(call, call.line.refused(request, told.status, self._clock()))

    def _wake(self, call: _Call, token: str) -> None:
        self._follow(call, call.line.wake(token, self._clock()))

    def _forget(self, call: _Call) -> None:
        self._calls.pop(call.line.call, None)
        for channel in [each for each, owner in self._by_channel.items() if owner is call]:
            del self._by_channel[channel]
        call.news.put_nowait(None)

    # -- news

    async def _live(self, call: _Call) -> None:
        """Tell the floor what there is to tell of a call, until the call is over."""
        while (news := await call.news.get()) is not None:
            match news:
                case Told():
                    await self._until_taken(lambda news=news: self._tell(call, news))  # type: ignore[misc]
                case Stored():
                    self._keep_aside(call, news)
                case Perform(script=script):
                    await self._perform(call, script)

    def _keep_aside(self, call: _Call, stored: Stored) -> None:
        """A recording takes its time, in which other news of the call do not wait."""
        keeping = self._until_taken(lambda: self._keep(call, stored))
        self._tasks.start(f"recording {stored.recording}", keeping)

    async def _until_taken(self, attempt: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await attempt()
            except Unavailable as error:
                await asyncio.sleep(error.retry_after)
            except CallfloorError as error:
                log.error("news of a call were not taken", source=self._source, error=error.detail)
                return None
            except Exception:  # one piece of news must not cost all that follow
                log.exception("news of a call could not be told", source=self._source)
                return None

    async def _tell(self, call: _Call, told: Told) -> None:
        line = call.line
        event = CallEvent(
            source=self._source,
            type=told.type,
            call_id=line.call,
            at=round(told.at, 3),
            direction=line.direction,
            from_=line.from_,
            to=line.to,
            leg_id=told.leg_id,
            agent=told.agent,
            cause=told.cause,
            details=told.details,
        )
        delivery = f"{line.call}:{told.type}:{told.leg_id or ''}:{event.at:.3f}:{told.details.get('script', '')}"
        contact, script = await self._floor.take(Notice(event, _raw(event)), delivery, told.secret)
        line.contact = line.contact or contact
        if script is not None:
            await self._perform(call, script)
        elif told.type in (EventType.OFFERED, EventType.DIGITS, EventType.SCRIPT_DONE):
            self._follow(call, line.waits())

    async def _perform(self, call: _Call, script: Script) -> None:
        media = await self._prompts.playable(script)
        self._follow(call, call.line.perform(script, media, self._clock()))

    async def _keep(self, call: _Call, recording: Stored) -> None:
        kept = await self._tapes.keep(call.line.contact, recording)
        kind = EventType.RECORDING_READY if kept else EventType.RECORDING_FAILED
        details: dict[str, Any] = {"recording": recording.recording} if recording.ordered else {}
        details |= {"started_at": iso(recording.started_at), "seconds": round(recording.seconds, 3)}
        await self._tell(call, Told(type=kind, at=self._clock(), details=details))

    def _phone(self, address: str, word: str | None) -> None:
        if word is None or self._phones.get(address) == word:
            return
        self._phones[address] = word
        self._tasks.start(f"phone {address}", self._until_taken(lambda: self._floor.phone(address, word)))


def _seen(sent: "asyncio.Future[Answered]") -> None:
    """The connection has ended before the answer; the resynchronisation sees to what came of the request."""
    if not sent.cancelled():
        sent.exception()


def _raw(event: CallEvent) -> bytes:
    data: dict[str, Any] = {
        "call_id": event.call_id,
        "direction": event.direction,
        "from": event.from_,
        "to": event.to,
        "leg_id": event.leg_id,
        "agent": event.agent,
        "cause": event.cause,
        **event.details,
    }
    told = {key: value for key, value in data.items() if value is not None}
    return msgspec.json.encode({"type": event.type, "at": event.at, "data": told})
