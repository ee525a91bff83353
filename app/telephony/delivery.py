"""When to try a command again: decided as data, from numbers only."""

import msgspec

from app.telephony.events import OrderType
from app.telephony.port import Missed


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Durations are seconds. `patience` counts from the moment the command was given; that of call.connect is shorter
    than the floor waits for the agent's phone, since after that the caller is offered to somebody else.

    The pause before attempt n+1 is `first * factor**(n-1)`, at most `ceiling`, shortened at random by up to `jitter`
    (a share), so that the commands of an outage do not all come back in the same instant.
    """

    first: float = 0.25
    factor: float = 2.0
    ceiling: float = 8.0
    jitter: float = 0.5
    patience: float = 60.0
    connect_patience: float = 25.0

    def patience_for(self, kind: str) -> float:
        """How long a command of this type is tried."""
        return min(self.connect_patience, self.patience) if kind == OrderType.CONNECT else self.patience


class Again(msgspec.Struct, frozen=True):
    """Try again after so many seconds."""

    after: float


class GiveUp(msgspec.Struct, frozen=True):
    """Do not try again; `detail` says why."""

    detail: str


def decide(missed: Missed, kind: str, attempt: int, age: float, policy: RetryPolicy, roll: float) -> Again | GiveUp:
    """What follows the `attempt`-th miss of a command of type `kind`, `age` seconds old; `roll` is random in [0, 1)."""
    left = policy.patience_for(kind) - age
    if left <= 0:
        return GiveUp(f"{missed.detail} (given up after {attempt} attempts)")
    if missed.retry_after is not None and missed.retry_after > left:
        return GiveUp(f"{missed.detail} (it asks to wait {missed.retry_after:.0f} s, longer than we can)")
    pause = min(policy.first * policy.factor ** min(attempt - 1, 64), policy.ceiling) * (1 - policy.jitter * roll)
    return Again(max(min(pause, left), missed.retry_after or 0.0))
