"""Identifiers with a chosen time in them: what is said to have happened in June must sort into June."""

from random import Random
from uuid import UUID


def uuid7_at(instant: float, dice: Random) -> UUID:
    """A UUIDv7 whose time is `instant` (epoch seconds) and whose rest is thrown with `dice`."""
    milliseconds = int(instant * 1000) & 0xFFFF_FFFF_FFFF
    value = milliseconds << 80 | 0x7 << 76 | dice.getrandbits(12) << 64 | 0b10 << 62 | dice.getrandbits(62)
    return UUID(int=value)
