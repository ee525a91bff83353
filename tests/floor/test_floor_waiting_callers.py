"""What callers hear while they wait, and again after somebody has gone: nobody is left in silence."""

from typing import Any

import msgspec

from app.floor import commands as c
from app.floor.config import SourceRules
from app.floor.effects import SwitchOrder
from app.floor.entities import ContactState
from tests.floor.factories import CONFIG, Bench

STEERED = SourceRules(id="pbx", numbers={"100": "cards"}, steered=True)


def scripts(floor: Bench) -> list[dict[str, Any]]:
    """The scripts that the last command ordered."""
    told = [e for e in floor.last.effects if isinstance(e, SwitchOrder) and e.type == "call.script"]
    return [msgspec.json.decode(each.body)["script"] for each in told]


def desk(source: SourceRules = STEERED) -> Bench:
    """The small bank behind a platform that has no queues of its own."""
    return Bench(msgspec.structs.replace(CONFIG, sources={"pbx": source}))


def dropped(floor: Bench) -> str:
    """A caller without a flow whose agent's leg has dropped some seconds ago."""
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("connection_cleared", agent="ann")
    floor.wait(5)
    assert floor.contact(contact).state is ContactState.WAITING
    return contact


def test_caller_without_a_flow_hears_music_again_after_the_agents_leg_dropped() -> None:
    floor = desk()
    contact = dropped(floor)
    assert scripts(floor) == [{"number": 1, "instructions": [{"do": "queue", "queue": "cards"}]}]
    floor.on("bob")
    floor.answers("bob", contact)
    floor.do(c.Release(agent_id="bob", by="sue"))
    floor.wait(5)
    assert [each["number"] for each in scripts(floor)] == [2]


def test_platform_with_a_queue_of_its_own_is_told_no_script_where_no_flow_is() -> None:
    floor = desk(msgspec.structs.replace(STEERED, steered=False))
    dropped(floor)
    assert scripts(floor) == []
