"""What a contact is made of: immutable values that stand in it, and nowhere else."""

import msgspec

from app.floor.commands import Destination
from app.ivr.playing.state import Announce, FlowState, OfferCallback


class Offer(msgspec.Struct, frozen=True):
    """A contact offered to one agent until `expires_at`; once accepted, their phone must answer by then."""

    agent: str
    expires_at: float


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One stay in one queue (the floor's clock, epoch seconds)."""

    queue: str
    entered_at: float
    left_at: float | None = None
    outcome: str | None = None
    agent: str | None = None
    estimated_wait: float | None = None


class FlowRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A caller in a flow. `versions` are the versions of it and of its sub-flows with which the call began; at `due_at`
    nothing has come of the present script for too long. `secret` are the scripts that ask for a secret."""

    flow: str
    versions: dict[str, int]
    state: FlowState
    due_at: float | None = None
    secret: tuple[int, ...] = ()

    def may_be_secret(self, script: object) -> bool:
        """Whether what is keyed in answer to this script may be a secret. Where one has been asked for it is in doubt:
        also under a number that no script has had, as of a platform that counts otherwise."""
        if isinstance(script, int) and not isinstance(script, bool) and 1 <= script <= self.state.script:
            return script in self.secret
        return bool(self.secret)


class Comfort(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a waiting caller hears, as their flow wished it; `told_at` is when something is said next, and `asked` the
    script that offers a callback, whose answer is waited for until `asked_until`."""

    music: str | None = None
    announce: Announce | None = None
    callback: OfferCallback | None = None
    told_at: float | None = None
    offered_at: float | None = None
    asked: int | None = None
    asked_until: float | None = None


class Consult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent consults a colleague or a number, the caller on hold, by the order of this number. `known` are the legs
    that the call had before; `asked` is what is to become of it; at `due_at` the consulted party is let go, unless that
    is told before."""

    by: str
    agent: str | None = None
    number: str | None = None
    answered: bool = False
    asked: str | None = None
    known: tuple[str, ...] = ()
    due_at: float | None = None
    order: int = 0


class Invite(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A colleague whom an agent (`by`) adds to the call, and whose phone has not answered yet. `known` are the legs
    that the call had before; at `due_at` they are let go, unless the platform has told before what became of it."""

    agent: str
    by: str
    order: int
    due_at: float
    known: tuple[str, ...] = ()


class UnderWay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The number of an order that somebody (`by`) asked for, of which the switch has not said what came of it; from
    `until` on it may be asked for again. `known` are the legs that the call had before. `for_all` says that a
    supervisor ends the call, who may be on it; `leaves` is who is dropped from it, where somebody else asked."""

    order: int
    kind: str
    by: str
    until: float
    target: Destination | None = None
    known: tuple[str, ...] = ()
    for_all: bool = False
    leaves: str | None = None

    @property
    def leaver(self) -> str:
        """Whose end is awaited, where it is to end somebody's part in the call."""
        return self.leaves or self.by


class HandedOn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent (`by`) has left the caller at this instant of the platform's clock, while others were on the call as far
    as it was known: `to` a queue or an agent by their order, else to somebody of whom it is not told, or to the number
    on this `leg`."""

    by: str
    at: float
    leg: str | None = None
    to: Destination | None = None


MOST_LISTENED = 20
"""No call has so many supervisors of whom it is not told yet that they have gone, but a platform may forget to say."""

JOIN = "join"
"""The mode of a supervisor who is heard by everybody."""


class Listener(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A supervisor in a call, or (not `inside` yet) whose phone the order of this number rings for it. One who is
    `taking` it stays with the caller instead of the agents; `leg` is by what they are in it. They were `rung` for the
    same call as an agent, too. By an `earlier` order, not known to have failed, their phone may ring `until` then: if
    the later ones fail, they are let in by it for what they wished with it. `held`: their own phone holds the call, as
    was said last of `held_at`, by the platform's clock."""

    by: str
    address: str
    mode: str
    to: str | None = None
    inside: bool = False
    taking: bool = False
    order: int = 0
    leg: str | None = None
    rung: bool = False
    until: float = 0.0
    earlier: "Listener | None" = None
    held: bool = False
    held_at: float = 0.0

    @property
    def unnamed(self) -> str:
        """What stands for the leg as long as none is named."""
        return f"supervisor:{self.by}"
