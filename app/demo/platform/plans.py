"""What the next caller is like: who, to which number, how patient, how long they talk. Pure."""

from random import Random
from typing import NamedTuple

from app.demo.bank import QUEUES
from app.demo.clients import DemoCustomer

ODD_NUMBERS = ("2301", "sip:bob@branch.example", "0000", "+99912345678901234567890", "☎ 反诈中心")
_HOTLINES = [queue.number for queue in QUEUES]
_SHARES = [queue.share for queue in QUEUES]


class CallPlan(NamedTuple):
    """One caller's intentions. Durations are seconds; `reachable` is about those whom an agent calls."""

    caller: str | None
    dialled: str
    patience: float
    talk: float
    phone_fails: bool
    reachable: bool = True


def plan_call(dice: Random, customers: list[DemoCustomer]) -> CallPlan:
    """Throw the dice for one call to one of the bank's numbers."""
    return CallPlan(
        caller=_caller(dice, customers),
        dialled=dice.choices(_HOTLINES, _SHARES)[0],
        patience=6.0 + dice.expovariate(1 / 75.0),
        talk=15.0 + dice.expovariate(1 / 35.0),
        phone_fails=dice.random() < 0.01,
        reachable=dice.random() < 0.85,
    )


def _caller(dice: Random, customers: list[DemoCustomer]) -> str | None:
    """Mostly somebody known; some strangers, some who hide their number, a few that no book has heard of."""
    kind = dice.choices(("known", "stranger", "hidden", "odd"), (84, 9, 5, 2))[0]
    if kind == "known":
        return dice.choice(dice.choice(customers).numbers).dialled
    if kind == "stranger":
        return f"+86170{dice.randrange(100_000_000):08d}"
    return dice.choice((None, "anonymous", "")) if kind == "hidden" else dice.choice(ODD_NUMBERS)
