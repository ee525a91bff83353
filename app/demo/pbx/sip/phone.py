"""A SIP phone: signs on at the switch, calls, is called."""

import asyncio
from types import TracebackType

from app.core.tasks import Supervisor
from app.demo.pbx.sip.call import PATIENCE_SECONDS, Call, Ending, Refused, State
from app.demo.pbx.sip.dialog import Dialog, new_tag
from app.demo.pbx.sip.digest import authorization
from app.demo.pbx.sip.message import Message, response, uri
from app.demo.pbx.sip.wire import NoAnswer, Wire
from app.demo.pbx.sound.stream import Stream

REGISTER_SECONDS = 8.0
INVITE_SECONDS = 300.0
EXPIRES = 300


class SipPhone:
    """A phone at `host` that speaks with the switch at `server`; in calls it sounds as a tone of `hertz`.

    Without a password it is a caller outside, whom the switch knows by the address.
    """

    def __init__(
        self,
        server: tuple[str, int],
        user: str,
        password: str | None = None,
        *,
        host: str,
        hertz: int = 0,
        port: int = 0,
    ) -> None:
        self.user = user
        self.hertz = hertz
        self.rings = True
        """Whether a call is told at once that the phone rings."""
        self.calls: dict[str, Call] = {}
        self._password = password
        self._port = port
        self._server = server
        self._tasks = Supervisor()
        self._ringing: asyncio.Queue[Call] = asyncio.Queue()
        self._wire = Wire(host, server, self._receive)

    @property
    def deaf(self) -> bool:
        """Whether it hears nothing of what is said to it, as without a network."""
        return self._wire.deaf

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._wire.deaf = deaf

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._wire.port

    @property
    def unrung(self) -> bool:
        """Whether no call has come in but those that `rung` has given, not even one that was given up again."""
        return self._ringing.empty()

    async def open(self) -> None:
        """Switch it on."""
        await self._wire.open(self._port)

    async def close(self) -> None:
        """Switch it off; calls are left as they are."""
        for call in list(self.calls.values()):
            call.end(Ending(True, None, "switched off"))
        await self._tasks.stop()
        self._wire.close()

    async def register(self, expires: int = EXPIRES) -> None:
        """Sign on (or off, with 0). Raises `Refused`."""
        await self._sign_on(expires)

    async def alone(self) -> bool:
        """Whether no other phone has signed on in this one's place. Raises `Refused`."""
        there = (await self._sign_on(None)).all("Contact")
        return all(self._wire.place in contact for contact in there)

    async def _sign_on(self, expires: int | None) -> Message:
        """Ask for that; without a time only ask who is signed on."""
        dialog = self._dialog(f"<sip:{self.user}@{self._server[0]}>", f"sip:{self._server[0]}:{self._server[1]}")
        answer = await self._wire.ask(_registration(dialog, expires), REGISTER_SECONDS)
        signed = self._signed(answer, "REGISTER", dialog)
        if signed is not None:
            answer = await self._wire.ask(_registration(dialog, expires, signed), REGISTER_SECONDS)
        if answer.status != 200:
            raise Refused(answer)
        return answer

    def dial(self, number: str, caller: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Call:
        """Begin a call to `number`, as `caller` if that is not the phone's own user; it goes on by itself."""
        place = f"{self._server[0]}:{self._server[1]}"
        dialog = self._dialog(f"<sip:{number}@{self._server[0]}>", f"sip:{number}@{place}", caller)
        call = self._call(dialog)
        self._tasks.start(f"dial {number}", self._invite(call, headers))
        return call

    async def rung(self, seconds: float | None = PATIENCE_SECONDS) -> Call:
        """The next call that comes in."""
        async with asyncio.timeout(seconds):
            return await self._ringing.get()

    def _dialog(self, theirs: str, target: str, caller: str | None = None) -> Dialog:
        wire = self._wire
        ours = f"<sip:{caller or self.user}@{wire.host}>;tag={new_tag()}"
        if theirs.startswith(f"<sip:{self.user}@"):  # signing on is about oneself
            ours = f"{theirs};tag={new_tag()}"
        return Dialog(wire.place, f"sip:{self.user}@{wire.place}", ours, theirs, target)

    def _call(self, dialog: Dialog) -> Call:
        sound = Stream(self._wire.host, self.hertz)
        sound.start(self._tasks)
        call = Call(self._wire, dialog, sound)
        call.on_end = self._forget
        self.calls[dialog.call_id] = call
        return call

    def _forget(self, call: Call) -> None:
        self.calls.pop(call.dialog.call_id, None)

    def _signed(self, answer: Message, method: str, dialog: Dialog) -> tuple[str, str] | None:
        if self._password is None:
            return None
        return authorization(answer, self.user, self._password, method, dialog.target)

    async def _invite(self, call: Call, headers: tuple[tuple[str, str], ...]) -> None:
        """Call until somebody answers, refuses, or nobody says anything."""

        def told(message: Message) -> None:
            call.provisional.append(message.status or 0)
            call.use(message.body)

        signed: tuple[tuple[str, str], ...] = ()
        while True:
            call.invite = call.dialog.request("INVITE", (*headers, *signed), call.offer())
            try:
                answer = await self._wire.ask(call.invite, INVITE_SECONDS, told)
            except NoAnswer as error:
                return call.end(Ending(False, 408, str(error)))
            if (answer.status or 0) < 300:
                return call.take_answer(call.invite, answer)
            acknowledgement = call.dialog.request("ACK", of=call.invite)
            self._wire.send(_to_whom(answer, acknowledgement))
            again = self._signed(answer, "INVITE", call.dialog) if not signed else None
            if again is None:
                return call.end(Ending(False, answer.status, answer.get("Reason") or answer.reason))
            signed = (again,)

    def _receive(self, request: Message) -> None:
        call = self.calls.get(request.call_id)
        if call is not None:
            call.take(request)
        elif request.method == "INVITE":
            self._ring(request)
        elif request.method != "ACK":
            self._wire.answer(request, response(request, 200 if request.method == "OPTIONS" else 481))

    def _ring(self, invite: Message) -> None:
        wire = self._wire
        ours = f"{invite.want('To')};tag={new_tag()}"
        contact = f"sip:{self.user}@{wire.place}"
        dialog = Dialog(
            wire.place, contact, ours, invite.want("From"), uri(invite.want("Contact")), call_id=invite.call_id
        )
        call = self._call(dialog)
        call.invite, call.state = invite, State.RINGING
        if self.rings:
            call.ring()
        self._ringing.put_nowait(call)

    async def __aenter__(self) -> "SipPhone":
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _registration(dialog: Dialog, expires: int | None, *signed: tuple[str, str]) -> Message:
    request = dialog.request("REGISTER", signed if expires is None else (("Expires", str(expires)), *signed))
    if expires is not None:
        return request
    return Message(request.first, tuple(header for header in request.headers if header[0] != "Contact"))


def _to_whom(answer: Message, acknowledgement: Message) -> Message:
    """A refusal is acknowledged to whoever refused: with their tag."""
    headers = tuple((name, answer.want("To") if name == "To" else value) for name, value in acknowledgement.headers)
    return Message(acknowledgement.first, headers)
