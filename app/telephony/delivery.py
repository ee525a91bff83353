"""When to try a command again: decided as data, from numbers only."""

import msgspec

from app.telephony.events import OrderType
from app.telephony.port import Missed

_RINGS = frozenset({OrderType.CONNECT, OrderType.DIAL, OrderType.CONSULT, OrderType.CONFERENCE, OrderType.LISTEN})


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Durations are seconds. `patience` counts from the moment the command was given. What makes a phone ring has the
    shorter `ring_patience`: less than the floor waits for the agent's phone, since after that the caller is offered to
    somebody else, and nobody wants to be called long after they asked for it.

    The pause before attempt n+1 is `first * factor**(n-1)`, at most `ceiling`, shortened at random by up to `jitter`
    (a share), so that the commands of an outage do not all come back in the same instant.
    """

    first: float = 0.25
    factor: float = 2.0
    ceiling: float = 8.0
    jitter: float = 0.5
    patience: float = 60.0
    ring_patience: float = 25.0

    def patience_for(self, kind: str) -> float:
        """How long a command of this type is tried."""
        return min(self.ring_patience, self.patience) if kind in _RINGS else self.patience

    def time_left(self, kind: str, age: float) -> float | None:
        """How long an attempt may take that begins now, waiting for its turn included.

        None for a hang-up: it is right however late it comes, so only the driver's own limit ends its attempt.
        """
        return None if kind == OrderType.DISCONNECT else self.patience_for(kind) - age


class Again(msgspec.Struct, frozen=True):
    """Try again after so many seconds."""

    after: float


class GiveUp(msgspec.Struct, frozen=True):
    """Do not try again; `detail` says why."""

    detail: str


def too_late(kind: str, age: float, policy: RetryPolicy) -> GiveUp | None:
    """Why a command that was never tried must not be sent any more, for instance after the server was down."""
    left = policy.time_left(kind, age)
    if left is None or left > 0:
        return None
    return GiveUp(
        f"not sent: it was given {age:.0f} s ago, and {kind} is worth sending for {policy.patience_for(kind):g} s"
    )


def decide(missed: Missed, kind: str, attempt: int, age: float, policy: RetryPolicy, roll: float) -> Again | GiveUp:
    """What follows the `attempt`-th miss of a command of type `kind`, `age` seconds old; `roll` is random in [0, 1)."""
    left = policy.patience_for(kind) - age
    if left <= 0:
        return GiveUp(f"{missed.detail} (given up after {attempt} attempts)")
    if missed.retry_after is not None and missed.retry_after > left:
        return GiveUp(f"{missed.detail} (it asks to wait {missed.retry_after:.0f} s, longer than we can)")
    pause = min(policy.first * policy.factor ** min(attempt - 1, 64), policy.ceiling) * (1 - policy.jitter * roll)
    return Again(max(min(pause, left), missed.retry_after or 0.0))
