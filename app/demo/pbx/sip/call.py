"""A phone's call: answered or not, held, transferred, ended; and its sound."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from app.demo.pbx.sip import sdp
from app.demo.pbx.sip.dialog import Dialog
from app.demo.pbx.sip.message import Message, parameter, response, uri, user
from app.demo.pbx.sip.wire import Wire
from app.demo.pbx.sound.stream import Stream

REQUEST_SECONDS = 8.0
PATIENCE_SECONDS = 30.0
"""What comes at once on a quick machine may take this long on one that is busy."""
LOOK_SECONDS = 0.02


class State(StrEnum):
    """How far a call is."""

    CALLING = "calling"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class Ending(NamedTuple):
    """How a call ended: by us or by them, with which status if it was refused, and the reason that was given."""

    by_us: bool
    status: int | None = None
    reason: str = ""


class Refused(Exception):
    """The other side refused what was asked."""

    def __init__(self, answer: Message) -> None:
        super().__init__(answer.first)
        self.status = answer.status


class CallOver(Exception):
    """A call ended before it was answered."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"status {ending.status}: {ending.reason}")
        self.ending = ending


class Call:
    """One call of a phone, whoever began it. `invite` is the first request: ours, or theirs when it rings here."""

    def __init__(self, wire: Wire, dialog: Dialog, sound: Stream) -> None:
        self.dialog = dialog
        self.sound = sound
        self.state = State.CALLING
        self.invite: Message | None = None
        self.provisional: list[int] = []
        """What was said before the answer, such as 180 and 183."""
        self.asked: list[str] = []
        """What the other side asked within the call, such as BYE, or INVITE for another offer."""
        self.pressed_by_info = ""
        self.transfer_progress: list[str] = []
        """What the other side told of a transfer that we asked for, such as `SIP/2.0 200 OK`."""
        self.ending: Ending | None = None
        self.on_end: Callable[[Call], None] = lambda _: None
        self._wire = wire
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._version = 0
        self._direction = "sendrecv"

    @property
    def caller(self) -> str:
        """Who calls here."""
        return user(self.dialog.theirs)

    @property
    def number(self) -> str:
        """What was dialled."""
        invite = self.invite
        return user(f"<{invite.first.split()[1]}>") if invite is not None else ""

    @property
    def pressed(self) -> str:
        """The keys that the other side pressed, in whichever way it told them."""
        return self.sound.pressed + self.pressed_by_info

    def header(self, name: str) -> str | None:
        """A header of the request that began the call."""
        return self.invite.get(name) if self.invite is not None else None

    # what a person does

    def ring(self, status: int = 180) -> None:
        """Say that the phone rings (or, with 183, that something is to be heard already)."""
        assert self.invite is not None
        if status == 183:
            self.use(self.invite.body)
        self._answer_invite(status, self.offer() if status == 183 else "")

    async def answer(self) -> None:
        """Pick up, and wait until the other side knows."""
        assert self.state is State.RINGING, self.state
        assert self.invite is not None
        self.use(self.invite.body)
        self._answer_invite(200, self.offer())
        self.state = State.UP
        async with asyncio.timeout(REQUEST_SECONDS):
            await self._answered.wait()

    def reject(self, status: int = 486) -> None:
        """Refuse a call that rings, in any way there is."""
        self._answer_invite(status)
        self.end(Ending(True, status))

    async def hang_up(self) -> None:
        """End the call, however far it is."""
        if self.state is State.UP:
            self.state = State.ENDED
            with suppress(Refused):  # they did so at the same moment, and know of no call any more
                await self.ask("BYE")
            self.end(Ending(True))
        elif self.state is State.RINGING:
            self.reject(603)
        elif self.state is State.CALLING:
            await self._cancel()

    async def hold(self) -> None:
        """Put the other side on hold: we send nothing more."""
        self.sound.silent = True
        await self._offer_again("sendonly")

    async def resume(self) -> None:
        """Take the other side back."""
        await self._offer_again("sendrecv")
        self.sound.silent = False

    def lose_network(self) -> None:
        """Nothing goes out any more and nothing comes in, and nobody is told: for all calls of the phone."""
        self.sound.silent = True
        self._wire.deaf = True

    async def press(self, keys: str) -> None:
        """Press keys; they go as events beside the sound."""
        await self.sound.press(keys)

    async def press_by_info(self, keys: str) -> None:
        """Press keys; they go as SIP messages, as some phones still do."""
        for key in keys:
            await self.ask("INFO", body=f"Signal={key}\r\nDuration=160\r\n", content_type="application/dtmf-relay")

    async def transfer(self, number: str) -> None:
        """Ask the other side to call `number` instead of us. Raises `Refused`."""
        await self._refer(f"<sip:{number}@{self._wire.server[0]}>")

    async def transfer_to(self, other: "Call") -> None:
        """Ask the other side to take our place in `other`. Raises `Refused`."""
        await self._refer(f"<sip:{user(other.dialog.theirs)}@{self._wire.server[0]}?Replaces={other.dialog.replaces}>")

    # what a test waits for

    async def until_answered(self, seconds: float = PATIENCE_SECONDS) -> "Call":
        """Wait until the other side picks up. Raises `CallOver`."""
        async with asyncio.timeout(seconds):
            await self._answered.wait()
        if self.state is not State.UP and self.ending is not None:
            raise CallOver(self.ending)
        return self

    async def until_ended(self, seconds: float = PATIENCE_SECONDS) -> Ending:
        """Wait until the call is over."""
        async with asyncio.timeout(seconds):
            await self._ended.wait()
        assert self.ending is not None
        return self.ending

    async def until(
        self, seen: Callable[["Call"], bool], seconds: float = PATIENCE_SECONDS, every: float = LOOK_SECONDS
    ) -> None:
        """Wait until something is so; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not seen(self):  # noqa: ASYNC110 - no event tells when a sound is loud
                await asyncio.sleep(every)

    async def until_hears(self, *tones: int, among: tuple[int, ...] = (), seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until exactly `tones` are heard, of those and of `among`. Raises TimeoutError with what is heard."""
        known, wanted = {*tones, *among}, set(tones)
        self.sound.forget()
        try:
            await self.until(lambda it: bool(it.sound.packets) and it.sound.tones(known) == wanted, seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{self.sound.tones(known)} are heard, not {wanted}") from error

    # what the phone tells it

    def offer(self) -> str:
        """Our side of the sound."""
        self._version += 1
        return sdp.write(self._wire.host, self.sound.port, self._version, self._direction)

    def use(self, body: str) -> None:
        """The other side of the sound."""
        told = sdp.read(body)
        if told is not None:
            self.sound.remote, self.sound.event_type = told.remote, told.event_type

    def take_answer(self, invite: Message, answer: Message) -> None:
        """They picked up."""
        self.dialog.theirs = answer.want("To")
        self.dialog.target = uri(answer.want("Contact"))
        self.use(answer.body)
        self._wire.send(self.dialog.acknowledged(invite))
        self.state = State.UP
        self._answered.set()

    def take(self, request: Message) -> None:
        """Something that they ask within the call."""
        self.asked.append(request.method)
        takers = {"BYE": self._take_bye, "CANCEL": self._take_cancel, "INVITE": self._take_offer}
        if request.method == "ACK":
            self._answered.set()
        elif request.method in takers:
            takers[request.method](request)
        else:
            self._take_told(request)

    def end(self, ending: Ending) -> None:
        """It is over."""
        if self.ending is None:
            self.state, self.ending = State.ENDED, ending
            self.sound.close()
            self._answered.set()
            self._ended.set()
            self.on_end(self)

    async def ask(
        self,
        method: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: str = "",
        content_type: str = "application/sdp",
    ) -> Message:
        """A request of ours within the call, and its answer. Raises `Refused`."""
        plain = self.dialog.request(method, headers)
        request = Message(plain.first, plain.headers, body, content_type=content_type)
        answer = await self._wire.ask(request, REQUEST_SECONDS)
        if method == "INVITE":
            refused = (answer.status or 0) >= 300
            self._wire.send(self.dialog.request("ACK", of=request) if refused else self.dialog.acknowledged(request))
        if (answer.status or 0) >= 300:
            raise Refused(answer)
        return answer

    def respond(self, request: Message, status: int, body: str = "") -> None:
        """Answer a request of theirs."""
        own = (("To", self.dialog.ours), ("Contact", f"<{self.dialog.contact}>"))
        self._wire.answer(request, response(request, status, own, body))

    def _answer_invite(self, status: int, body: str = "") -> None:
        assert self.invite is not None
        self.respond(self.invite, status, body)

    async def _cancel(self) -> None:
        """Give up; before they have said anything there is nothing to cancel yet."""
        await self.until(lambda it: bool(it.provisional) or it.state is not State.CALLING)
        if self.state is State.CALLING and self.invite is not None:
            await self._wire.ask(self.dialog.request("CANCEL", of=self.invite), REQUEST_SECONDS)
            await self._answered.wait()
        await self.hang_up()  # where their answer crossed it; else there is nothing more to do

    async def _offer_again(self, direction: str) -> None:
        self._direction = direction
        self.use((await self.ask("INVITE", body=self.offer())).body)

    async def _refer(self, target: str) -> None:
        await self.ask("REFER", (("Refer-To", target), ("Referred-By", f"<{self.dialog.contact}>")))

    def _take_bye(self, request: Message) -> None:
        self.respond(request, 200)
        self.end(Ending(False, None, request.get("Reason") or ""))

    def _take_cancel(self, request: Message) -> None:
        self.respond(request, 200)
        if self.state is State.RINGING:
            self._answer_invite(487)
            self.end(Ending(False, 487, request.get("Reason") or ""))

    def _take_offer(self, request: Message) -> None:
        told = sdp.read(request.body)
        own, self._direction = self._direction, told.answer if told else self._direction
        self.use(request.body)
        self.respond(request, 200, self.offer())
        self._direction = own

    def _take_told(self, request: Message) -> None:
        if request.method == "NOTIFY":
            self.transfer_progress.append(request.body.strip())
        elif request.method == "INFO":
            self.pressed_by_info += parameter(f";{request.body}", "Signal") or ""
        self.respond(request, 200)
