"""How a real network spoils a tidy stream of events: late, twice, out of order, in words nobody knows. Pure."""

from random import Random
from typing import NamedTuple

UNKNOWN_TYPES = ("vendor.quality_sample", "call.music_started", "x-lab.jitter", "call.agent_whisper")


class Delivery(NamedTuple):
    """How one event reaches Callfloor.

    `out_of_line` events do not hold up those behind them, so they arrive late or overtaken; each of `delays` is one
    delivery under the same webhook-id, that many seconds after its turn; `beside` is the type of a strange event
    sent along.
    """

    delays: tuple[float, ...] = (0.0,)
    out_of_line: bool = False
    beside: str | None = None


def spoil(dice: Random, amount: float = 1.0) -> Delivery:
    """Throw the dice for one event; an `amount` of 0 is a perfect network, 1 a usual one."""
    beside = dice.choice(UNKNOWN_TYPES) if dice.random() < 0.03 * amount else None
    fate = dice.random()
    if fate < 0.02 * amount:
        return Delivery((dice.uniform(1.0, 6.0),), True, beside)
    if fate < 0.06 * amount:
        return Delivery((dice.uniform(0.05, 0.4),), True, beside)
    if fate < 0.09 * amount:
        return Delivery((0.0, 0.0), False, beside)
    if fate < 0.11 * amount:
        return Delivery((0.0, dice.uniform(0.5, 20.0)), False, beside)
    return Delivery(beside=beside)
