"""How many contacts an agent can have at once, by channel, and which channels may meet."""

from collections.abc import Iterable
from enum import StrEnum

VOICE = "voice"
ONE_CALL = ((VOICE, 1),)

Capacity = tuple[tuple[str, int], ...]
"""Channel and how many contacts of it at once; a channel that is not named is not taken."""


class Blending(StrEnum):
    """`exclusive`: one channel at a time: no call comes into chats. `mixed`: each up to its own capacity."""

    EXCLUSIVE = "exclusive"
    MIXED = "mixed"


def free_channels(capacity: Capacity, blending: Blending, held: Iterable[str]) -> tuple[str, ...]:
    """The channels of which an agent can take one more; `held` are those of their contacts, a reserved one included."""
    held = list(held)
    return tuple(
        channel
        for channel, most in capacity
        if held.count(channel) < most and (blending is Blending.MIXED or all(each == channel for each in held))
    )
