"""From the handshake to the welcome: who is it, what did they miss, where do they stand."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from app.api.http.services import FloorStatus
from app.api.sockets import told
from app.api.sockets.admission import Admission
from app.api.sockets.asked import Ask, BadFrame, Hello, Only, Reader
from app.api.sockets.line import BAD_TOKEN, FORBIDDEN, PROTOCOL_ERROR, TRY_LATER, Close, Line
from app.auth.errors import RoleMissing
from app.core.errors import CallfloorError, Invalid, Unauthenticated, Unavailable
from app.core.ids import new_id
from app.core.wire import fault
from app.db.errors import meaning
from app.floor.commands import Answer, Command, Look
from app.floor.service import REPLAY_LIMIT

Narrow = Callable[[Mapping[str, Any]], dict[str, Any]]
"""A floor's snapshot, in part."""


class SocketFloor(Protocol):
    """What the sockets need of the floor."""

    @property
    def status(self) -> FloorStatus:
        """Whether this process owns the floor, and can commit."""

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply a command, answered after the commit; the same (scope, id) gets the same answer."""

    async def replay(self, after: int, upto: int, agent_id: str | None) -> list[tuple[int, bytes]]:
        """The (seq, frame) with after < seq <= upto of an agent, or of the floor with None; one more than the limit
        tells that there are too many."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two sockets: who may use it, what they may ask, how far they may fall behind (frames), whether it can
    be had in part."""

    path: str
    roles: frozenset[str]
    commands: tuple[type[Ask], ...]
    backlog: int
    in_part: bool = False


class Guest(msgspec.Struct, frozen=True):
    """Somebody who said hello and may be here."""

    hello: Hello
    session: str
    admission: Admission

    @property
    def id(self) -> str:
        """The account's login, which is the agent's id."""
        return self.admission.principal.id

    @property
    def scope(self) -> str:
        """Where their command ids are remembered; with their own id, so that nobody reads another's answers."""
        return f"session:{self.id}:{self.session}"


async def greet(
    line: Line, kind: Kind, reader: Reader, admit: Callable[[str], Awaitable[Admission]], seconds: float
) -> Guest:
    """Wait for the hello and let its sender in, whom its token admits; raises `Close` with the reason otherwise."""
    try:
        async with asyncio.timeout(seconds):
            hello = reader.read(await line.receive())
    except TimeoutError:
        raise Close(PROTOCOL_ERROR, f"no hello within {seconds:g} seconds") from None
    except BadFrame as error:
        raise await turned_away(line, error.request, error) from None
    if not isinstance(hello, Hello):
        request = getattr(hello, "id", None)
        raise await turned_away(line, request, Invalid("The first frame must be a hello.", faults=[]))
    try:
        admission = await admit(hello.token)
        role = admission.principal.role
        if role not in kind.roles:
            raise RoleMissing(f"Your role is {role}; {kind.path} is for {' and '.join(sorted(kind.roles))}.")
        _ensure_sound(hello.only, kind)
    except CallfloorError as error:
        raise await turned_away(line, hello.id, error) from None
    return Guest(hello, hello.session or new_id(), admission)


def _ensure_sound(only: Only | None, kind: Kind) -> None:
    if only is not None and not kind.in_part:
        raise Invalid(
            f"{kind.path} cannot be had in part.", faults=[fault("only", "is for /ws/floor", "a hello without it")]
        )
    if only is not None and not (only.queues or only.teams):
        told = fault("only", "names nothing", "queues, teams, or both; left out, the whole floor is shown")
        raise Invalid("This hello asks for no part of the floor.", faults=[told])


async def turned_away(line: Line, request: told.Request, error: CallfloorError) -> Close:
    """Tell the problem, and return the close that belongs to it."""
    await line.send(told.refused(request, error))
    kinds = ((Unauthenticated, BAD_TOKEN), (Unavailable, TRY_LATER), (Invalid, PROTOCOL_ERROR))
    code = next((code for kind, code in kinds if isinstance(error, kind)), FORBIDDEN)
    return Close(code, error.detail)


async def level(
    line: Line, floor: SocketFloor, guest: Guest, agent_id: str | None, narrow: Narrow | None = None
) -> int:
    """Send what was missed and the welcome; returns the sequence number after which frames are news. What is shown in
    part, by `narrow`, is not made up for, but shown anew.

    The caller subscribes before, so that nothing falls between the snapshot and the live frames. Raises `Unavailable`,
    and what `narrow` raises.
    """
    look = await floor.submit(Look(what="floor" if agent_id is None else "agent", agent_id=agent_id))
    seq, resume = look.body["seq"], guest.hello.resume
    body = look.body if narrow is None else narrow(look.body)
    missed = await _missed(floor, resume, seq, agent_id) if narrow is None or resume is None else None
    for _, frame in missed or ():
        await line.send(frame)
    degraded = floor.status == "degraded"
    await line.send(told.welcome(guest.hello.id, guest.session, body, reset=missed is None, degraded=degraded))
    return int(seq)


async def _missed(
    floor: SocketFloor, resume: int | None, seq: int, agent_id: str | None
) -> list[tuple[int, Any]] | None:
    """What came after `resume`; None when it cannot be told: too much, or the floor has never been there."""
    if resume is None or resume == seq:
        return []
    if resume > seq:
        return None
    try:
        frames = await floor.replay(resume, seq, agent_id)
    except Exception as error:
        unavailable = meaning(error)
        if unavailable is None:
            raise
        raise unavailable from error
    return frames if len(frames) <= REPLAY_LIMIT else None
