"""Records what a real Asterisk tells of calls, for the tests of the pure half:

    python -m tests.telephony.asterisk_ari.record var/asterisk tests/telephony/asterisk_ari/recorded

One file a story; its lines are events as they came, orders as they were given, and requests as they were refused.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from app.core import clock
from app.core.tasks import Supervisor
from app.demo.pbx.install import install
from app.telephony.adapters.asterisk_ari.actions import Action, Perform, Request, Told
from app.telephony.adapters.asterisk_ari.ari import events
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.orders import obey
from app.telephony.adapters.asterisk_ari.line.player import Media
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Collect, Play, Script
from app.telephony.port import Refused, SwitchCommand
from tests.pbx.site import PbxSite, Phones, started

CALL = "1700000000.1"
KEPT = ("id", "name", "state", "caller", "dialplan", "creationtime")
ABOUT_CALLS = ("StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelStateChange", "ChannelDtmfReceived",
               "ChannelHold", "ChannelUnhold", "ChannelTransfer", "PlaybackFinished", "RecordingFinished")  # fmt: skip
MENU = Script(
    number=1,
    instructions=(Play(media="none"), Collect(most=3, prompts=(Play(media="busy"),))),
)
MISSING, PROMPT = Media("sound:there-is-none"), Media("sound:all-circuits-busy-now")
SETUP = Setup(dial="PJSIP/{number}@carrier", caller_id="+8695555")


class Story:
    """One call, and the file of it."""

    def __init__(self, phones: Phones, connection: AriConnection) -> None:
        self.phones = phones
        self.lines: list[dict[str, Any]] = []
        self.told: list[Told] = []
        self._connection = connection
        self._line: Line | None = None
        self._known: set[str] = set()
        self._came = asyncio.Event()

    @property
    def line(self) -> Line:
        """The call, once there is one."""
        assert self._line is not None
        return self._line

    def take(self, event: events.Event, raw: dict[str, Any]) -> None:
        """An event."""
        if event.type not in ABOUT_CALLS:
            return
        if event.type == "StasisStart" and event.args[:1] == ("inbound",) and event.channel is not None:
            self._line = Line(SETUP, event.channel.id, caller=event.channel.id)
        if self._line is None or (event.channel and event.channel.id not in self._known | {self.line.caller}):
            return
        self.lines.append(raw)
        self._do(self.line.take(event, event.at))

    def order(self, kind: str, **data: Any) -> None:
        """An order of the floor's."""
        now = clock.now()
        self.lines.append({"order": kind, "data": data, "key": f"main-{len(self.lines)}", "at": now})
        obeyed = obey(self.line, SwitchCommand(self.lines[-1]["key"], kind, now, data), now)
        assert not isinstance(obeyed, Refused), obeyed
        self._do(obeyed)

    def connect(self, agent: str = "anna", seconds: float = 20) -> None:
        """Ring an agent."""
        address = f"PJSIP/{agent}"
        self.order(OrderType.CONNECT, agent={"id": agent, "address": address}, ring_seconds=seconds)

    async def until(self, kind: str) -> None:
        """Until the floor would have been told so."""
        async with asyncio.timeout(60):
            while kind not in [told.type for told in self.told]:
                self._came.clear()
                await self._came.wait()

    async def arrived(self) -> None:
        """Until the call has come in."""
        async with asyncio.timeout(20):
            while self._line is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def _do(self, actions: list[Action]) -> None:
        self._known |= set(self.line.legs)
        for action in actions:
            match action:
                case Request():
                    self._send(action)
                case Told():
                    self.told.append(action)
                case Perform(script=script):
                    media = [(MISSING, PROMPT), (PROMPT,)]
                    self._do(self.line.perform(script, media, self.lines[-1]["at"]))
        self._came.set()

    def _send(self, request: Request) -> None:
        def answered(done: Any) -> None:
            if done.cancelled() or done.exception() is not None or done.result().ok:
                return
            status, now = done.result().status, clock.now()
            self.lines.append({"refused": msgspec.to_builtins(request), "status": status, "at": now})
            self._do(self.line.refused(request, status, now))

        self._connection.send(request).add_done_callback(answered)

    def text(self) -> str:
        """The file."""
        call = self.line.call
        text = "".join(json.dumps(_short(line), ensure_ascii=False) + "\n" for line in self.lines)
        return text.replace(call, CALL).replace(call.replace(".", "~"), CALL.replace(".", "~"))


def _short(line: dict[str, Any]) -> dict[str, Any]:
    line = {key: value for key, value in line.items() if key != "asterisk_id"}
    if "channel" in line:
        line["channel"] = {key: line["channel"][key] for key in KEPT if key in line["channel"]}
    return line


async def _refused_by(story: Story, status: int, rings: bool = True) -> None:
    anna, caller = await story.phones.agent("anna"), await story.phones.caller()
    anna.rings = rings
    call = caller.dial("4001")
    await story.arrived()
    story.connect()
    rung = await anna.rung()
    if rings:
        await story.until(EventType.DELIVERED)
    rung.reject(status)
    await story.until(EventType.FAILED)
    await call.hang_up()


def refusal(status: int, rings: bool = True) -> Callable[[Story], Awaitable[None]]:
    """The agent's phone refuses with this status."""
    return lambda story: _refused_by(story, status, rings)


async def timeout(story: Story) -> None:
    """Nobody answers."""
    await story.phones.agent("anna")
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.connect(seconds=2)
    await story.until(EventType.FAILED)
    await call.hang_up()


async def dead(story: Story) -> None:
    """The phone hears nothing any more."""
    anna = await story.phones.agent("anna")
    anna.deaf = True
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.connect(seconds=2)
    await story.until(EventType.FAILED)
    anna.deaf = False
    await call.hang_up()


async def unregistered(story: Story) -> None:
    """There is no phone."""
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.connect("dora")
    await story.until(EventType.FAILED)
    await call.hang_up()


async def withdrawn(story: Story) -> None:
    """We let it stop ringing."""
    anna = await story.phones.agent("anna")
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.connect()
    rung = await anna.rung()
    await story.until(EventType.DELIVERED)
    story.order(OrderType.CANCEL, agent={"id": "anna"})
    await rung.until_ended()
    await story.until(EventType.CONNECTION_CLEARED)
    await call.hang_up()


async def caller_cancels(story: Story) -> None:
    """The caller gives up while it rings."""
    anna = await story.phones.agent("anna")
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.connect()
    rung = await anna.rung()
    await story.until(EventType.DELIVERED)
    await call.hang_up()
    await rung.until_ended()


async def _talking(story: Story) -> tuple[Any, Any]:
    anna, caller = await story.phones.agent("anna"), await story.phones.caller()
    call = caller.dial("4001")
    await story.arrived()
    story.connect()
    rung = await anna.rung()
    await story.until(EventType.DELIVERED)
    await rung.answer()
    await story.until(EventType.ESTABLISHED)
    return call, rung


async def caller_ends(story: Story) -> None:
    """The caller hangs up."""
    call, rung = await _talking(story)
    await call.hang_up()
    await rung.until_ended()


async def agent_ends(story: Story) -> None:
    """The agent hangs up, and the floor ends the call."""
    call, rung = await _talking(story)
    await rung.hang_up()
    await story.until(EventType.CONNECTION_CLEARED)
    story.order(OrderType.DISCONNECT, agent={"id": "anna"})
    await call.until_ended()


async def hold(story: Story) -> None:
    """The agent holds at the phone, and by order."""
    call, rung = await _talking(story)
    await rung.hold()
    await story.until(EventType.HELD)
    await rung.resume()
    await story.until(EventType.RETRIEVED)
    story.order(OrderType.HOLD, agent={"id": "anna"})
    await asyncio.sleep(0.3)
    story.order(OrderType.RETRIEVE, agent={"id": "anna"})
    await asyncio.sleep(0.3)
    await call.hang_up()
    await rung.until_ended()


async def refer(story: Story) -> None:
    """The agent transfers at the phone."""
    call, rung = await _talking(story)
    await rung.transfer("4711")
    await asyncio.sleep(0.5)
    await call.hang_up()
    await rung.until_ended()


async def digits(story: Story) -> None:
    """A menu whose first prompt is missing; three keys into the second."""
    call = (await story.phones.caller()).dial("4001")
    await story.arrived()
    story.order(OrderType.SCRIPT, script=msgspec.to_builtins(MENU))
    await call.until_answered()
    await asyncio.sleep(2.5)
    await call.press("123")
    await story.until(EventType.DIGITS)
    await call.hang_up()


STORIES: dict[str, Callable[[Story], Awaitable[None]]] = {
    "timeout": timeout,
    "dead": dead,
    "busy_486": refusal(486),
    "declined_603": refusal(603),
    "unavailable_480": refusal(480, rings=False),
    "unavailable_480_after_ringing": refusal(480),
    "unknown_404": refusal(404, rings=False),
    "congestion_503": refusal(503, rings=False),
    "not_acceptable_488": refusal(488, rings=False),
    "withdrawn": withdrawn,
    "unregistered": unregistered,
    "caller_cancels": caller_cancels,
    "caller_ends": caller_ends,
    "agent_ends": agent_ends,
    "hold": hold,
    "refer": refer,
    "digits": digits,
}


async def record(site: PbxSite, tell: Callable[[Story], Awaitable[None]]) -> str:
    """The file of one story."""
    async with AsyncExitStack() as stack:
        phones = Phones(site, stack)
        connection = await stack.enter_async_context(await AriConnection.open(site.access))
        story = Story(phones, connection)
        tasks = Supervisor()
        stack.push_async_callback(tasks.stop)
        raw: dict[str, Any] = {}
        decode = events.decode

        def kept(frame: str) -> events.Event:
            raw["frame"] = json.loads(frame)
            return decode(frame)

        stack.callback(setattr, events, "decode", decode)
        setattr(events, "decode", kept)  # noqa: B010 - its type says that it takes more
        tasks.start("events", connection.run(lambda event: story.take(event, raw["frame"])))
        await connection.set_up(())
        await asyncio.wait_for(tell(story), 60)
        await asyncio.sleep(1)
        return story.text()


def main(installation: Path, folder: Path, *names: str) -> None:
    """Record all, or those named."""
    with tempfile.TemporaryDirectory() as place, started(install(installation), Path(place)) as site:
        for name in names or STORIES:
            (folder / f"{name}.jsonl").write_text(asyncio.run(record(site, STORIES[name])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
