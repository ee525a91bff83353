"""What an adapter of a telephone platform does. Translation is pure; only `Driver.execute` talks to anybody.

Which of these a platform needs, and what else is to be touched: docs/platforms.md, "Writing an adapter". All adapters
are held against one contract, tests/telephony/contract.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from pydantic import SecretStr

from app.telephony.directory import SourceAccess
from app.telephony.events import CallEvent
from app.telephony.instructions import Script


class Notice(msgspec.Struct, frozen=True):
    """What a platform told: the event in our words, and the message itself (`raw`) as JSON that is safe to keep: no
    secret in it, nor what PostgreSQL cannot keep (`wire.keepable`)."""

    event: CallEvent
    raw: bytes


class SwitchCommand(msgspec.Struct, frozen=True):
    """A command to a platform. `key` is the idempotency key, the same over all attempts; `at` is when it was given
    (epoch seconds); `type` is an `OrderType`, or a word of the adapter's own that `Steered.after` gave. What `data`
    holds for each is in docs/platforms.md, "The orders"."""

    key: str
    type: str
    at: float
    data: dict[str, Any]


class Delivered(msgspec.Struct, frozen=True):
    """The platform confirmed the command."""


class Refused(msgspec.Struct, frozen=True):
    """The platform will never take this command: trying again is pointless. `detail` is shown to agents and kept: it
    names the source and what would be right, and holds no address and no secret. So does that of `Missed`."""

    detail: str


class Missed(msgspec.Struct, frozen=True):
    """The command did not get through; it may later, at the earliest `retry_after` seconds from now if given."""

    detail: str
    retry_after: float | None = None


Outcome = Delivered | Refused | Missed


class Inbound(Protocol):
    """The listening half of an adapter. Header names are lower case, as ASGI gives them."""

    def verify(self, headers: Mapping[bytes, bytes], body: bytes, access: SourceAccess, now: float) -> str:
        """The id of the delivery, the same over its repetitions; raises `Unauthenticated` if not signed by `access`."""
        ...

    def parse(self, source: str, body: bytes) -> Notice:
        """The event in a verified body; raises `Invalid` that names every fault."""
        ...

    def reply(self, body: Mapping[str, Any]) -> bytes:
        """The answer to the platform, with what it is asked to do."""
        ...


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How we stand with a platform that we connect to: why there is no connection, where there is none, why its
    recordings cannot be kept, or which agents' phones nobody has, and how many calls of ours it has."""

    connected: bool
    trouble: str | None = None
    calls: int = 0


class Connections(Protocol):
    """Platforms that this process keeps connected to."""

    def connection(self, source: str) -> Connection | None:
        """How it stands with a source; None where there is nothing to be connected to."""
        ...


class Unconnected:
    """There are no such platforms; see `Connections`."""

    def connection(self, source: str) -> Connection | None:
        """Nothing to be connected to."""
        return None


class KnownLeg(msgspec.Struct, frozen=True):
    """A party of a call besides the customer: an agent, or (without one) somebody at a number; `held` if they have the
    customer on hold, `talked` if they have answered."""

    id: str
    agent: str | None
    held: bool = False
    talked: bool = True


class KnownSupervisor(msgspec.Struct, frozen=True):
    """A supervisor who is in a call by this leg, and not on it as an agent."""

    id: str
    supervisor: str


class KnownCall(msgspec.Struct, frozen=True):
    """A call that the floor holds to be alive, and who is on it for all that it knows. `left` are the ids of the legs
    that have ended. No agent has a customer who is `away`: they were sent, or left, to a number. `left_to` is the leg
    of the one that an agent had consulted who has gone, whoever else stays. One who `waits` does so for an agent of
    ours, or goes to one, or to a queue, by an order. `supervisors` are in it beside all that."""

    id: str
    legs: tuple[KnownLeg, ...]
    left: frozenset[str] = frozenset()
    away: bool = False
    left_to: str | None = None
    waits: bool = False
    supervisors: tuple[KnownSupervisor, ...] = ()


class KnownRecording(msgspec.Struct, frozen=True):
    """A recording that a platform has been ordered to make and of which it has not said what became of it; its call may
    have ended. `pauses` (from, until) are those ordered, None for one that goes on."""

    call: str
    id: str
    pauses: tuple[tuple[float, float | None], ...] = ()


class RecordingSink(Protocol):
    """Where an adapter's shell brings the recordings that it was ordered to make, once their audio is there."""

    async def keep(
        self,
        *,
        recording_id: str,
        contact_id: str,
        source: str,
        audio: AsyncIterator[bytes] | Path,
        media_type: str,
        started_at: float,
        seconds: float,
        pauses: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Keep one recording: durable once this has returned, and not there at all if it raises.

        The same id again changes nothing, so after a crash or `Unavailable` bring it anew. `Invalid` says that it can
        never be kept. Then tell `call.recording_ready`, or `call.recording_failed`. Instants are epoch seconds, and the
        audio goes by the wall clock: second n of it is `started_at` + n, and `pauses` (from, until) are silence in it.
        """
        ...


class Driver(Protocol):
    """The speaking half of an adapter, for platforms that are driven."""

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Hand one command over, once. Never raises for what the network or the platform does."""
        ...


class Received(Protocol):
    """A verified request of a platform whose calls we steer. With a `notice` it is news for the floor, to be submitted
    under `delivery`; without one it is answered as it is. `secret` is what was keyed where a secret was asked for."""

    @property
    def delivery(self) -> str:
        """The same over all repetitions, different for all else that this source tells, and no secret in it."""

    @property
    def notice(self) -> Notice | None:
        """The event, without what was keyed as a secret: its details say `secret` true, no `digits` and no `speech`."""

    @property
    def secret(self) -> SecretStr | None:
        """It is nowhere else."""


class Reply(Protocol):
    """An HTTP answer."""

    @property
    def status(self) -> int:
        """Of HTTP."""

    @property
    def body(self) -> bytes:
        """What is said."""

    @property
    def type(self) -> bytes:
        """Its media type."""

    @property
    def retry_after(self) -> bytes | None:
        """Seconds, where the platform is to come back."""


Heard = TypeVar("Heard", bound=Received)


class Steered(Protocol[Heard]):
    """The listening half of an adapter for a platform whose calls we steer by our answers. `target` is the path and
    query of a request as they were sent: POST /webhooks/<platform>/<source>/<kind>, where `kind` and the query are
    the adapter's own. Header names are lower case."""

    def receive(
        self, target: str, headers: Mapping[bytes, bytes], body: bytes, access: SourceAccess, now: float
    ) -> Heard:
        """Read a request. Raises `Unauthenticated` unless `access` signed it, `Invalid` that names every fault."""
        ...

    def answer(self, received: Heard, access: SourceAccess, contact: str = "", script: Script | None = None) -> Reply:
        """The answer once the event is durable; without a script the caller waits."""
        ...

    def unavailable(self, target: str, access: SourceAccess, received: Heard) -> Reply:
        """The answer while what was `received` cannot be committed: what keeps a caller on the line until they come
        again, or 503 with `retry_after` for what the platform sends again by itself."""
        ...

    def after(self, received: Heard, contact: str, rung: bool) -> SwitchCommand | None:
        """What the adapter itself has to do once this event is durable, by its driver. `rung` says whether anybody's
        phone may have been rung for the call."""
        ...
