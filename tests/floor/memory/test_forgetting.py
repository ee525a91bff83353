"""What the floor keeps of what is over, and for how long: not for months."""

from app.floor import commands as c
from app.floor.memory.store import ENDED_MEMORY_SECONDS
from tests.floor.factories import Bench


def test_calls_that_have_ended_are_forgotten_though_a_platform_uses_one_id_again_and_again() -> None:
    floor = Bench()
    for number in range(20):
        for call_id in ("again", f"once-{number}"):
            floor.arrives(call_id=call_id)
            floor.now += 1
            floor.call("cleared", call_id)
        floor.now += ENDED_MEMORY_SECONDS / 4
        floor.do(c.Expire())
    assert len(floor.state.store.ended) <= 6
