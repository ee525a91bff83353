"""One Asterisk: keeps connected to it, knows its calls, and does what their lines want done.

News of a call go to the floor one after the other, each once it is taken; requests to the switch do not wait for that.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from app.core.clock import Clock
from app.core.errors import Unavailable
from app.core.tasks import Supervisor, begin
from app.telephony.adapters.asterisk_ari.actions import (
    Action,
    Ended,
    Later,
    Perform,
    Referred,
    Request,
    Stored,
    Told,
    Wake,
)
from app.telephony.adapters.asterisk_ari.ari import events, requests
from app.telephony.adapters.asterisk_ari.ari.connection import Access, Answered, AriConnection, Replaced, SwitchAway
from app.telephony.adapters.asterisk_ari.ari.reconnecting import Link
from app.telephony.adapters.asterisk_ari.ari.retrying import LEAST_PAUSE, until_taken
from app.telephony.adapters.asterisk_ari.calls import LiveCall, Sent, all_answered, seen
from app.telephony.adapters.asterisk_ari.ended_calls import Gone
from app.telephony.adapters.asterisk_ari.fetching_recordings import Tapes
from app.telephony.adapters.asterisk_ari.gaps import adopting
from app.telephony.adapters.asterisk_ari.gaps.inventory import Inventory
from app.telephony.adapters.asterisk_ari.gaps.left_recordings import left
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight, left_over, resumed
from app.telephony.adapters.asterisk_ari.line import names, outcomes, phone_calls, referring
from app.telephony.adapters.asterisk_ari.line.leg import Setup, endpoint
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.orders import after_the_end, not_obeyed, obey
from app.telephony.adapters.asterisk_ari.messenger import Messenger
from app.telephony.adapters.asterisk_ari.missing_phones import Lookout
from app.telephony.adapters.asterisk_ari.phones import Phones, phone_word
from app.telephony.adapters.asterisk_ari.ports import Floor
from app.telephony.adapters.asterisk_ari.prompts import Prompts
from app.telephony.adapters.asterisk_ari.switch_clock import SwitchClock
from app.telephony.events import OrderType
from app.telephony.port import Connection, KnownCall, KnownRecording, Missed, Outcome, Refused, SwitchCommand

log = structlog.get_logger(__name__)

APP = "callfloor"
REPLACED_BY = "Another process, or another source that reaches the same Asterisk by another address,"
LOST_SECONDS = 20.0
"""A switch that has been away for so long is lost, with its calls."""


class Switch:
    """`run` for as long as this process owns the floor; `execute` hands an order over."""

    def __init__(
        self,
        source: str,
        access: Access,
        setup: Setup,
        prompts: Prompts,
        floor: Floor,
        tapes: Tapes,
        clock: Clock,
        on_death: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self._source = source
        self._setup = setup
        self._floor = floor
        self._clock, self._its_clock = clock, SwitchClock(clock)
        self._tapes = tapes
        self._tasks = Supervisor(on_death)
        self._messenger = Messenger(source, floor, prompts, tapes, self._tasks, clock, self._follow)
        self._calls: dict[str, LiveCall] = {}
        self._by_channel: dict[str, LiveCall] = {}
        self._gone = Gone()
        self._connection: AriConnection | None = None
        self._open_to_new = True
        self._running_since: str | None = None
        self._phones = Phones(self._tell_phone, self._rings_for_us)
        self._lookout = Lookout(self._phones, floor.addresses, lambda: self._connection)
        self._link = Link(source, access, clock, self._connected, self._left)

    @property
    def trouble(self) -> str | None:
        """Why there is no connection."""
        return self._link.trouble

    @property
    def standing(self) -> Connection:
        """Whether it is connected, and what keeps it from that or its recordings from the archive."""
        trouble = self.trouble or self._tapes.trouble
        return Connection(connected=self._connection is not None, trouble=trouble, calls=len(self._calls))

    @property
    def missing(self) -> frozenset[str]:
        """The addresses of agents at which it has no phone, as far as that is known."""
        return self._phones.missing

    @property
    def busy(self) -> bool:
        """Whether there are calls, or news of calls that are not told yet."""
        return bool(self._calls) or self._messenger.busy

    def change(self, access: Access, setup: Setup, prompts: Prompts, tapes: Tapes, active: bool) -> None:
        """Go on like this, with the calls that there are. One that is not `active` leaves new ones to the dialplan."""
        self._setup, self._tapes, self._open_to_new = setup, tapes, active
        self._messenger.change(prompts, tapes)
        if access.url != self._link.access.url:
            self._phones.forget()  # they may be others there
        if access != self._link.access:
            self._link.move(access)

    async def run(self) -> None:
        """Keep connected, until cancelled."""
        self._tasks.start(f"phones of {self._source}", self._phones.run())
        self._tasks.start(f"look-out of {self._source}", self._lookout.run())
        try:
            await self._link.run()
        finally:
            self._connection = None
            for call in self._calls.values():
                call.stop_timers()
            await self._tasks.stop()

    def _left(self, was_connected: bool) -> None:
        if not was_connected:
            self._phones.forget()  # a connection that is there again at once tells anew what they are
        self._connection = None
        self._give_up_lost()

    async def execute(self, command: SwitchCommand) -> Outcome:
        """Carry out one order."""
        if self._connection is None:
            return Missed(self.trouble or f"Asterisk {self._source} is not connected.")
        call = self._call_of(command)
        if call is None:
            return after_the_end(command)
        wanted = self._lacking(command) or obey(call.line, command, self._its_clock())
        if isinstance(wanted, Refused):
            if call.line.caller is None and not call.line.legs:  # it was opened for this order
                self._forget(call)
            self._follow(call, not_obeyed(call.line, command))
            return wanted
        self._know_legs(call)
        return await all_answered(self._source, self._do(call, wanted))

    def _lacking(self, command: SwitchCommand) -> Refused | None:
        """A supervisor's phone may be any one, so that only the switch can tell that it has none of that name."""
        address = (command.data.get("agent") or {}).get("address")
        if command.type != OrderType.LISTEN or address is None or self._phones.has(str(address)):
            return None
        return Refused(f"There is no endpoint {address} at {self._source}; give the address of a phone that is there.")

    # -- connecting

    async def _connected(self, access: Access) -> None:
        async with await AriConnection.open(access) as connection:
            early: list[events.Event] = []
            take: Callable[[events.Event], None] = early.append
            reading = begin(f"events of {self._source}", connection.run(lambda event: take(event)))
            try:
                await connection.set_up(events.UNWANTED)
                await self._lookout.listen(connection)  # before all else is read, or what it does then would be missed
                recordings = [name for call in self._calls.values() for name in call.line.recordings]
                there = await Inventory.taken(connection, recordings)
                known, waited_for = await self._known()
                # from here to the first event nothing else runs: what is asked for from now on comes after what we saw
                self._connection = connection
                self._link.made()
                log.info("connected to an Asterisk", source=self._source, calls=len(self._calls))
                self._resynchronise(there, known, waited_for)
                self._look_for_recordings(there.sight, known, waited_for)
                take = self._take
                for event in early:
                    take(event)
                await reading
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _known(self) -> tuple[list[KnownCall], list[KnownRecording]]:
        """The calls that the floor holds to be alive, and the recordings that it waits for."""
        while True:
            try:
                return self._floor.calls(), self._floor.recordings()
            except Unavailable:
                await asyncio.sleep(LEAST_PAUSE)

    def _resynchronise(self, there: Inventory, known: list[KnownCall], waited_for: list[KnownRecording]) -> None:
        """After a gap: what has ended meanwhile has ended, what lives and is not known is adopted."""
        now, since = self._clock(), self._running_since
        self._running_since = there.running_since
        if since not in (None, there.running_since):
            self._lose({*self._calls, *(each.id for each in known)}, outcomes.SWITCH_LOST)
            known = []
        for call in list(self._calls.values()):
            self._follow(call, resumed(call.line, there.sight, now))
        believed = {each.id: each for each in known}
        ours = set(self._by_channel)
        for line, actions in adopting.adopted(
            self._setup, there.sight, ours, now, believed, self._agent_at, waited_for
        ):
            left = adopting.left_behind(line, believed[line.call], now) if line.call in believed else []
            self._follow(self._open(line), [*actions, *left])
        self._lose([each for each in believed if each not in self._calls], outcomes.DROPPED)
        for bridge in left_over(there.sight, [call.line for call in self._calls.values()]):
            self._ask(bridge)
        self._lookout.connected(there.phones)

    def _look_for_recordings(self, there: Sight, known: list[KnownCall], waited_for: list[KnownRecording]) -> None:
        """What has ended of them while nobody looked is kept, and told."""
        lines = {key: call.line for key, call in self._calls.items()}
        for key, action in left(there, lines, known, waited_for, self._messenger.keeping, self._clock()):
            call = self._calls.get(key)
            if call is not None:
                self._follow(call, [action])
            else:
                self._follow(self._open(Line(self._setup, key)), [action, Ended()])

    def _give_up_lost(self) -> None:
        if self._clock() - self._link.away_since > LOST_SECONDS:
            with suppress(Unavailable):
                self._lose({*self._calls, *(each.id for each in self._floor.calls())}, outcomes.SWITCH_LOST)

    def _lose(self, calls: Iterable[str], cause: str) -> None:
        """These are over, also those that only the floor knows of."""
        for each in calls:
            call = self._calls.get(each) or self._open(Line(self._setup, each))
            self._follow(call, call.line.lost(self._clock(), cause))

    # -- events

    def _take(self, event: events.Event) -> None:
        now = self._clock()
        self._its_clock.heard(event.at)
        match event.type:
            case "ApplicationReplaced":
                raise Replaced(f"{REPLACED_BY} has connected to Asterisk {self._source} as {APP}.")
            case "DeviceStateChanged" if event.device_state is not None:
                self._phones.saw(event.device_state.name, phone_word(event.device_state.state))
                return
            case "StasisStart" if event.channel is not None and event.args[:1] in (("inbound",), ("phone",)):
                self._began(event, event.channel)
                return
            case "ChannelTransfer":
                self._referred(event)
                return
        call = self._call_about(event)
        if call is not None:
            self._follow(call, call.line.take(event, now))
            if event.channel is not None and event.type in ("StasisEnd", "ChannelDestroyed"):
                self._phones.left(event.channel.address)

    def _began(self, event: events.Event, channel: events.Channel) -> None:
        if channel.id in self._by_channel or channel.id in self._gone:
            return
        if not self._open_to_new:
            self._ask(requests.fall_back(channel.id))
            return
        if event.args[0] == "phone":
            agent, colleague = self._agent_at(channel), self._phones.known(event.dialled)
            line, actions = phone_calls.begun(self._setup, event, channel, agent, colleague)
        else:
            self._phones.is_trunk(channel.address)
            line, actions = phone_calls.came(self._setup, event, channel)
        self._follow(self._open(line), actions)

    def _agent_at(self, channel: events.Channel | None) -> str | None:
        with suppress(Unavailable):
            return self._floor.agent_at(channel.address) if channel is not None else None
        return None

    def _referred(self, event: events.Event) -> None:
        """A phone asks for a transfer: to somebody whom it has called itself, or to where it says. With a state, it has
        been told what became of that."""
        source, other = event.subject, event.refer_to.destination_channel if event.refer_to else None
        call = self._by_channel.get(source.id) if source is not None else None
        second = self._by_channel.get(other.id) if other is not None else None
        if source is None or (call is None and event.state):
            return
        if call is None:
            later = asyncio.get_running_loop().call_later  # see `referring.not_joined`
            for answer in referring.refused(source.id):
                later(referring.ENDS_SECONDS if other is not None else 0, self._ask, answer)
        elif event.state:
            self._follow(call, referring.heard(call.line, source.id, event.state))
        elif second is None:
            self._follow(call, referring.asked(call.line, event, self._clock()))
        else:
            self._join(call, second, event)

    def _join(self, call: LiveCall, second: LiveCall, event: events.Event) -> None:
        agent = self._agent_at(event.refer_to.connected_channel if event.refer_to else None)
        came = referring.joined(call.line, second.line, event, agent, self._clock())
        for each, actions in zip((call, second), came, strict=True):
            self._follow(each, actions)
        self._know_legs(call)

    def _open(self, line: Line) -> LiveCall:
        call = self._calls[line.call] = LiveCall(line)
        self._gone.back(line.call)
        self._know_legs(call)
        self._messenger.begin(call)
        return call

    def _know_legs(self, call: LiveCall) -> None:
        if call.over:
            return
        for channel in (call.line.caller, *call.line.legs):
            if channel is not None:
                self._by_channel[channel] = call
                call.channels.add(channel)

    def _call_about(self, event: events.Event) -> LiveCall | None:
        if event.channel is not None:
            return self._by_channel.get(event.channel.id)
        if event.playback is not None:
            return self._calls.get(event.playback.id.partition(".play.")[0])
        if event.recording is not None:
            return next((call for call in self._calls.values() if call.line.records(event.recording.name)), None)
        return None

    def _call_of(self, command: SwitchCommand) -> LiveCall | None:
        call = self._calls.get(str(command.data.get("call_id")))
        if call is None and command.type == OrderType.DIAL and command.data["call_id"] not in self._gone:
            line = Line(self._setup, str(command.data["call_id"]), direction="outbound")
            line.contact = str(command.data["contact_id"])
            call = self._open(line)
        return call

    def _follow(self, call: LiveCall, actions: Iterable[Action]) -> None:
        """Do what came of an event; whose requests are not taken, nobody waits for here."""
        for _, answer in self._do(call, actions):
            answer.add_done_callback(seen)
        self._know_legs(call)

    def _do(self, call: LiveCall, actions: Iterable[Action]) -> list[Sent]:
        sent: list[Sent] = []
        for action in actions:
            match action:
                case Request():
                    sent.append((action, self._send(call, action)))
                case Later(seconds=seconds, request=later):
                    call.wake_in(seconds, lambda later=later: self._follow(call, [later]))  # type: ignore[misc]
                case Told() | Perform() | Stored() | Referred():
                    self._messenger.put(call, action)
                case Wake(at=at, token=token):
                    call.wake_in(at - self._clock(), lambda token=token: self._wake(call, token))  # type: ignore[misc]
                case Ended():
                    self._forget(call)
        return sent

    def _send(self, call: LiveCall, request: Request) -> "asyncio.Future[Answered]":
        connection = self._connection
        if connection is None:
            future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
            future.set_exception(SwitchAway(f"Asterisk {self._source} is not connected."))
            return future
        future = connection.send(request)
        future.add_done_callback(lambda done: self._answered(call, request, done))
        return future

    def _ask(self, request: Request) -> None:
        """Ask for something that concerns no call."""
        if self._connection is not None:
            self._connection.send(request).add_done_callback(seen)

    def _answered(self, call: LiveCall, request: Request, done: "asyncio.Future[Answered]") -> None:
        if done.cancelled() or done.exception() is not None or done.result().ok:
            return
        told, rung = done.result(), str(request.query.get("endpoint", ""))
        say = log.warning if told.status >= 500 else log.debug
        say("request refused", method=request.method, path=request.path, rung=rung, status=told.status, body=told.body)
        self._follow(call, call.line.refused(request, told.status, self._clock(), self._phones.signed_on(rung)))

    def _wake(self, call: LiveCall, token: str) -> None:
        self._follow(call, call.line.wake(token, self._clock()))

    def _forget(self, call: LiveCall) -> None:
        call.close()
        self._gone.add(call.line.call, self._clock())
        if self._calls.get(call.line.call) is call:
            del self._calls[call.line.call]
        for channel in call.channels:
            if self._by_channel.get(channel) is call:
                del self._by_channel[channel]

    async def _tell_phone(self, address: str, word: str) -> None:
        await until_taken(self._source, lambda: self._floor.phone(address, word))

    def _rings_for_us(self, address: str) -> bool:
        legs = (leg for call in reversed(self._calls.values()) for leg in call.line.legs.values())
        return any(leg.role == names.AGENT and endpoint(leg.address) == address for leg in legs)
