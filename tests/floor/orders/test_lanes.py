"""Which orders of a contact overtake which."""

import asyncio

import msgspec
import pytest

from app.floor.memory.effects import SwitchOrder
from app.floor.orders.lanes import Lane, overtakes


def order(kind: str, agent: str | None = "li") -> SwitchOrder:
    return SwitchOrder(seq=1, at=0.0, source="pbx", contact="c", agent=agent, type=kind, body=b"{}")


@pytest.mark.parametrize("earlier", ["call.hold", "call.retrieve", "call.transfer", "call.conference", "call.dial"])
def test_a_hang_up_overtakes_only_what_was_tried(earlier: str) -> None:
    assert overtakes(order("call.disconnect"), order(earlier), attempts=1)
    assert not overtakes(order("call.disconnect"), order(earlier), attempts=0)


def test_an_agent_who_leaves_a_conference_does_not_drop_a_colleagues_order() -> None:
    hold = order("call.hold", "bo")
    assert not overtakes(order("call.disconnect", "li"), hold, attempts=3)
    assert overtakes(order("call.disconnect", None), hold, attempts=3)


@pytest.mark.parametrize("later", ["call.hold", "call.retrieve", "call.transfer", "call.connect", "call.cancel"])
def test_nothing_else_overtakes(later: str) -> None:
    assert not overtakes(order(later), order("call.hold"), attempts=9)


@pytest.mark.parametrize("later", ["call.connect", "call.cancel", "call.disconnect", "call.script"])
def test_a_connect_is_overtaken_before_it_is_ever_tried(later: str) -> None:
    assert overtakes(msgspec.structs.replace(order(later), agent="bo"), order("call.connect"), attempts=0)


@pytest.mark.parametrize(
    "later",
    ["call.script", "call.connect", "call.transfer", "call.voicemail", "call.offer_callback", "call.disconnect"],
)
def test_a_script_that_did_not_get_through_is_not_tried_again_once_something_else_is_to_happen(later: str) -> None:
    assert overtakes(order(later, "bo"), order("call.script", None), attempts=1)
    assert not overtakes(order(later, "bo"), order("call.script", None), attempts=0)


def test_who_stops_ringing_somebody_takes_no_script_from_the_caller() -> None:
    assert not overtakes(order("call.cancel"), order("call.script", None), attempts=1)


async def test_orders_go_one_after_the_other_and_a_pause_ends_only_with_one_that_overtakes() -> None:
    hold, retrieve, hang_up = order("call.hold"), order("call.retrieve"), order("call.disconnect")
    lane = Lane(hold)
    assert lane.next() == hold
    seen: list[SwitchOrder | None] = []

    async def others() -> None:
        for each in (retrieve, hang_up):
            lane.add(each)
            seen.append(lane.overtaking(hold, attempts=1))
            await asyncio.sleep(0)

    await asyncio.gather(lane.pause(3600, hold, 1), others())
    assert seen == [None, hang_up]
    await lane.pause(0, hold, 0)
    assert [lane.next() for _ in range(3)] == [retrieve, hang_up, None]
