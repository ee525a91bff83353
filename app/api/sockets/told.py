"""What the server answers on a socket, as bytes that are ready to send."""

from typing import Any

import msgspec

from app.api.http.problems import problem_body, refusal
from app.core.clock import iso
from app.core.errors import CallfloorError
from app.floor.commands import Answer

PING = b'{"type":"ping"}'

_encode = msgspec.json.Encoder().encode

Request = int | str | None
"""The id of the frame that is answered, None where it had none that can be used."""


def answered(request: Request, answer: Answer) -> bytes:
    """A command's answer: done, with what the floor told, or refused with the problem."""
    if answer.ok:
        return _encode({**answer.body, "re": request, "ok": True})
    return refused(request, refusal(**answer.body))


def refused(request: Request, error: CallfloorError) -> bytes:
    """An error as the answer to a frame."""
    return _encode({"re": request, "ok": False, "problem": problem_body(error)})


def renewed(request: Request, expires_at: float | None) -> bytes:
    """A newer token was taken."""
    until = None if expires_at is None else iso(expires_at)
    return _encode({"re": request, "ok": True, "expires_at": until})


def pong(request: Request) -> bytes:
    """The answer to a client's ping."""
    return _encode({"type": "pong", "re": request, "ok": True})


def welcome(request: Request, session: str, snapshot: dict[str, Any], *, reset: bool, degraded: bool) -> bytes:
    """The snapshot, after which live frames follow. `reset`: what was missed is not replayed, start from this."""
    head = {"type": "welcome", "re": request, "ok": True, "session": session, "reset": reset, "degraded": degraded}
    return _encode(head | snapshot)
