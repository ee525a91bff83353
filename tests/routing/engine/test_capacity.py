"""How much an agent can have at once."""

import pytest

from app.routing.engine.capacity import Blending, free_channels

CAPACITY = (("chat", 2), ("voice", 1))


@pytest.mark.parametrize(
    ("blending", "held", "free"),
    [
        (Blending.EXCLUSIVE, [], ("chat", "voice")),
        (Blending.EXCLUSIVE, ["chat"], ("chat",)),
        (Blending.EXCLUSIVE, ["chat", "chat"], ()),
        (Blending.EXCLUSIVE, ["voice"], ()),
        (Blending.MIXED, ["chat"], ("chat", "voice")),
        (Blending.MIXED, ["chat", "chat"], ("voice",)),
        (Blending.MIXED, ["chat", "voice"], ("chat",)),
        (Blending.MIXED, ["mail"], ("chat", "voice")),
    ],
)
def test_room_is_left_by_channel_and_by_what_may_meet(
    blending: Blending, held: list[str], free: tuple[str, ...]
) -> None:
    assert free_channels(CAPACITY, blending, held) == free
