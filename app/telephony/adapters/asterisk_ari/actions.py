"""What the pure part of the adapter wants done. The shell does it, in the order given."""

from typing import Any

import msgspec
from pydantic import SecretStr

from app.telephony.instructions import Script


class Pause(msgspec.Struct, frozen=True):
    """A pause of a recording that a request is for: the recording's name on the switch, when the pause began, and
    whether it `begins`, `lasts` (which is made sure of) or `ends`."""

    tape: str
    since: float
    step: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to Asterisk's REST interface. `leg` is the channel that fails where it is refused; a `vital` one fails
    the order that it belongs to, unless the status is one of those by which it is `settled`: what it is about is gone,
    or is so already."""

    method: str
    path: str
    query: dict[str, str | int] = {}
    body: dict[str, Any] | None = None
    leg: str | None = None
    vital: bool = False
    settled: tuple[int, ...] = (404,)
    pause: Pause | None = None

    def fails_by(self, status: int) -> bool:
        """Whether its order fails where this is answered."""
        return self.vital and not 200 <= status < 300 and status not in self.settled


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """News of the call for the floor, in the words of `app.telephony.events`. `secret` is nowhere else."""

    type: str
    at: float
    leg_id: str | None = None
    agent: str | None = None
    cause: str | None = None
    details: dict[str, Any] = {}
    secret: SecretStr | None = None


class Wake(msgspec.Struct, frozen=True):
    """Call `wake` with this token at this instant (epoch seconds)."""

    at: float
    token: str


class Later(msgspec.Struct, frozen=True):
    """Send this request after so many seconds, unless the call is over by then."""

    seconds: float
    request: Request


class Perform(msgspec.Struct, frozen=True):
    """Make these instructions playable, and give them to `perform`."""

    script: Script


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A recording is complete on the switch, under `name`: fetch it, keep it as `recording`, and tell that it is there
    unless it is `untold`. Instants are epoch seconds; `seconds` are read from the file where nobody saw its end."""

    name: str
    recording: str
    started_at: float
    seconds: float | None
    ordered: bool = True
    pauses: tuple[tuple[float, float], ...] = ()
    untold: bool = False


class Ended(msgspec.Struct, frozen=True):
    """Nothing of the call is left on the switch."""


class Referred(msgspec.Struct, frozen=True, kw_only=True):
    """The phone of an agent wants their caller to go to `target`: ask the floor. `key` stands for this wish."""

    contact: str
    agent: str
    target: str
    channel: str
    key: str


Action = Request | Later | Told | Wake | Perform | Stored | Referred | Ended
