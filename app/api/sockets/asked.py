"""What a client may send, as types: they decode the frames, turn into commands of the floor, and make the AsyncAPI."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from app.calls.recording import Do
from app.core import wire
from app.core.errors import Invalid, one_of
from app.floor import commands as c

MAX_ID = 2**53 - 1

RequestId = (
    Annotated[int, Meta(ge=0, le=MAX_ID, description="a whole number, or a string of 1 to 64 characters")]
    | Annotated[str, Meta(min_length=1, max_length=64)]
)
Key = Annotated[str, Meta(min_length=1, max_length=64, description="a string of 1 to 64 characters")]
Phrase = Annotated[str, Meta(min_length=1, max_length=200, description="a string of 1 to 200 characters")]
Note = Annotated[str, Meta(max_length=10_000, description="a string of at most 10000 characters, or null")]
Token = Annotated[str, Meta(min_length=1, max_length=8192, description="an access token of POST /api/v1/token")]
Seq = Annotated[int, Meta(ge=0, le=MAX_ID, description="the seq of the last frame or welcome received")]


class Frame(msgspec.Struct, tag_field="type"):
    """Base of every frame from a client; `type` tells them apart."""


Names = Annotated[tuple[Key, ...], Meta(max_length=200, description="a list of at most 200 ids of 1 to 64 characters")]


class Only(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the floor: these queues, and these teams.

    Contacts are seen that are in one of the queues or with somebody of the teams, and the people of the teams. The
    frame that tells where one went is the last of it."""

    queues: Names = ()
    teams: Names = ()


class Hello(Frame, tag="hello"):
    """The first frame. `session` names this tab over reconnections (one is given if left out): the ids of commands are
    remembered by it. `resume` asks for the frames missed since. With `only` a supervisor is shown a part of the floor,
    and after each reconnection anew (`reset`)."""

    id: RequestId
    token: Token
    resume: Seq | None = None
    session: Key | None = None
    only: Only | None = None


class Ping(Frame, tag="ping"):
    """Answered with a pong."""

    id: RequestId | None = None


class Pong(Frame, tag="pong"):
    """The answer to the server's ping; any other frame says as well that somebody is there."""

    id: RequestId | None = None


class Renew(Frame, tag="token"):
    """A newer access token of the same person in the same role, before the present one ends: the socket stays open. Its
    answer tells until when (`expires_at`). Without it the socket is closed with 4001 soon after the token's end."""

    id: RequestId
    token: Token


class Ask(Frame):
    """Base of all commands: answered once, the same answer again for the same id of a session."""

    id: RequestId

    def command(self, agent_id: str) -> c.Command:
        """What the floor is asked."""
        raise NotImplementedError


class Ready(Ask, tag="agent.ready"):
    """Take contacts from now on; with `after_contact` once the present one is over, whatever was chosen before."""

    after_contact: bool = False

    def command(self, agent_id: str) -> c.Command:
        return c.Ready(agent_id=agent_id, after_contact=self.after_contact)


class NotReady(Ask, tag="agent.not_ready"):
    """Take no contacts, for a reason such as break, lunch or meeting; with `after_contact` once the present is over."""

    reason: Phrase
    after_contact: bool = False

    def command(self, agent_id: str) -> c.Command:
        return c.NotReady(agent_id=agent_id, reason=self.reason, after_contact=self.after_contact)


class LogOff(Ask, tag="agent.log_off"):
    """Leave the floor."""

    def command(self, agent_id: str) -> c.Command:
        return c.LogOff(agent_id=agent_id)


class AskAbout(Ask):
    """Base of the commands about one contact."""

    contact_id: Key
    asks: ClassVar[type[c.ContactCommand]]

    def command(self, agent_id: str) -> c.Command:
        return self.asks(agent_id=agent_id, contact_id=self.contact_id)


class Accept(AskAbout, tag="offer.accept"):
    """Take the offered contact."""

    asks = c.AcceptOffer


class Decline(AskAbout, tag="offer.decline"):
    """Refuse the offered contact."""

    asks = c.DeclineOffer


class Hold(AskAbout, tag="call.hold"):
    """Put the caller on hold."""

    asks = c.Hold


class Retrieve(AskAbout, tag="call.retrieve"):
    """Take the caller back from hold."""

    asks = c.Retrieve


class HangUp(AskAbout, tag="call.hang_up"):
    """End the call."""

    asks = c.HangUp


class To(msgspec.Struct, forbid_unknown_fields=True):
    """Where a call goes: exactly one of a queue, an agent or a number."""

    queue: Key | None = None
    agent: Key | None = None
    number: Phrase | None = None

    def __post_init__(self) -> None:
        if (self.queue, self.agent, self.number).count(None) != 2:
            raise ValueError("exactly one of queue, agent or number")

    def destination(self) -> c.Destination:
        """The same in the floor's words."""
        return c.Destination(queue=self.queue, agent=self.agent, number=self.number)


class Transfer(AskAbout, tag="call.transfer"):
    """Hand the caller over, blind."""

    to: To

    def command(self, agent_id: str) -> c.Command:
        return c.Transfer(agent_id=agent_id, contact_id=self.contact_id, to=self.to.destination())


class Conference(AskAbout, tag="call.conference"):
    """Add somebody to the call."""

    to: To

    def command(self, agent_id: str) -> c.Command:
        return c.Conference(agent_id=agent_id, contact_id=self.contact_id, to=self.to.destination())


class Consult(AskAbout, tag="call.consult"):
    """Put the caller on hold and talk to a colleague or a number alone; complete_transfer or reconnect ends it."""

    to: To

    def command(self, agent_id: str) -> c.Command:
        return c.ConsultCall(agent_id=agent_id, contact_id=self.contact_id, to=self.to.destination())


class CompleteTransfer(AskAbout, tag="call.complete_transfer"):
    """Leave the caller to whom you have consulted."""

    asks = c.CompleteTransfer


class Reconnect(AskAbout, tag="call.reconnect"):
    """Drop whom you consult and go back to the caller."""

    asks = c.ReconnectCall


class Dial(Ask, tag="call.dial"):
    """Call a number, through `source` or the only one where your phone is. The answer carries the contact's id."""

    to: Phrase
    source: Key | None = None


class Record(AskAbout, tag="call.record"):
    """Record the call that you are on: start, pause while something is not to be kept, resume, stop for good. A
    recording ends with its call by itself."""

    do: Do

    def command(self, agent_id: str) -> c.Command:
        return c.Record(contact_id=self.contact_id, do=self.do, by=agent_id, agent_id=agent_id)


class RecordAnyCall(AskAbout, tag="call.record"):
    """Record a call that an agent is on: start, pause, resume or stop, as the agent could."""

    do: Do

    def command(self, agent_id: str) -> c.Command:
        return c.Record(contact_id=self.contact_id, do=self.do, by=agent_id)


class WrapUpDone(AskAbout, tag="wrap_up.done"):
    """After-call work is done."""

    code: Key | None = None
    note: Note | None = None

    def command(self, agent_id: str) -> c.Command:
        return c.FinishWrapUp(agent_id=agent_id, contact_id=self.contact_id, code=self.code, note=self.note)


Address = Annotated[str, Meta(min_length=1, max_length=200, description="a phone: extension, number or SIP address")]


class Listen(Ask, tag="call.listen"):
    """Come into a call from the phone at `address`; who is in it already changes the mode, and needs no address, nor
    does an agent, who has a phone. `to` is the agent who hears a whisper, the newest if left out."""

    contact_id: Key
    address: Address | None = None
    mode: Literal["listen", "whisper", "join"] = "listen"
    to: Key | None = None

    def command(self, agent_id: str) -> c.Command:
        return c.Listen(contact_id=self.contact_id, by=agent_id, address=self.address, mode=self.mode, to=self.to)


class StopListening(Ask, tag="call.stop_listening"):
    """Leave a call that you listen to."""

    contact_id: Key

    def command(self, agent_id: str) -> c.Command:
        return c.StopListening(contact_id=self.contact_id, by=agent_id)


class TakeOver(Ask, tag="call.take_over"):
    """Take a call over: you join, and once your phone has answered the agents on it are dropped. Who is an agent serves
    the contact from then on."""

    contact_id: Key
    address: Address | None = None

    def command(self, agent_id: str) -> c.Command:
        return c.TakeCall(contact_id=self.contact_id, by=agent_id, address=self.address)


class OpenProfile(Ask, tag="profile.open"):
    """Show a customer's profile and keep it current: the answer carries it, `profile.changed` what changes, and
    `profile.closed` that the customer was erased. Say for which `contact` or why (`reason`) you read it; that is
    written down, and refused without where a reason is needed. Opened again, it is told as it is now; after a
    reconnection it is to be opened again."""

    customer_id: UUID
    contact: UUID | None = None
    reason: Phrase | None = None


class CloseProfile(Ask, tag="profile.close"):
    """Be told no more of a profile."""

    customer_id: UUID


COMMANDS: tuple[type[Ask], ...] = (
    Ready,
    NotReady,
    LogOff,
    Accept,
    Decline,
    Hold,
    Retrieve,
    Transfer,
    Conference,
    Consult,
    CompleteTransfer,
    Reconnect,
    HangUp,
    Dial,
    Record,
    WrapUpDone,
    OpenProfile,
    CloseProfile,
)
"""Everything an agent can ask for; the one table that decoding, the floor and the AsyncAPI go by."""

OVERSEEING: tuple[type[Ask], ...] = (RecordAnyCall, Listen, StopListening, TakeOver, OpenProfile, CloseProfile)
"""What a supervisor can ask for on a socket; the rest is asked over HTTP."""

BASICS: tuple[type[Frame], ...] = (Hello, Renew, Ping, Pong)


class BadFrame(Invalid):
    """A frame that is no command of this socket. `request` is its id where it has a usable one."""

    code = "bad-frame"

    def __init__(self, refusal: Invalid, request: int | str | None) -> None:
        super().__init__(refusal.detail, **refusal.facts)
        self.request = request


class Reader:
    """Reads the frames of one kind of socket, which takes `commands`."""

    def __init__(self, commands: tuple[type[Ask], ...]) -> None:
        self._shapes = {tag_of(shape): shape for shape in (*BASICS, *commands)}

    def read(self, text: bytes) -> Frame:
        """The frame in `text`; raises `BadFrame` with all its faults."""
        request = None
        try:
            value = wire.load(text)
            request = _request(value)
            return wire.read(value, self._shape(value))
        except Invalid as refusal:
            raise BadFrame(refusal, request) from None

    def _shape(self, value: Any) -> type[Frame]:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = self._shapes.get(kind) if isinstance(kind, str) else None
        if shape is None:
            what = "is not known here" if isinstance(kind, str) else "is missing"
            raise wire.invalid([wire.fault("type", what, one_of(self._shapes))])
        return shape


def tag_of(shape: type[Frame]) -> str:
    """The `type` that a frame of this shape carries."""
    return str(shape.__struct_config__.tag)


def _request(value: Any) -> int | str | None:
    given = value.get("id") if isinstance(value, dict) else None
    try:
        return msgspec.convert(given, RequestId)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        return None
