"""Recording over all wires: the agent's socket, the floor, the order, and what the platform says to it."""

import asyncio

import pytest

from tests.api.house import open_house
from tests.api.test_real_floor import answer, popped, until
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket


async def test_agent_records_and_is_told_of_the_pause_that_the_platform_does_not_take(database: Database) -> None:
    async with open_house(database) as (house, platform), house.client() as ann:
        contact = await popped(house, platform, ann)
        await answer(ann, 3, "offer.accept", contact_id=contact)
        await platform.says("established", agent="1001", leg_id="L2")
        told = await answer(ann, 4, "call.record", contact_id=contact, do="start")
        assert (told["recording"]["id"], told["recording"]["state"]) == (f"{contact}.1", "recording")
        await eventually(lambda: asyncio.sleep(0, platform.orders), lambda orders: len(orders) == 2)
        order = platform.orders[-1]
        assert (order["type"], order["data"]["do"], order["data"]["recording"]) == (
            *("call.record", "start"),
            f"{contact}.1",
        )
        platform.status = 409
        await answer(ann, 5, "call.record", contact_id=contact, do="pause")
        assert (await until(ann, "command.failed"))["order"] == "call.record"
        [recording] = (await until(ann, "contact.updated"))["contact"]["recordings"]
        assert recording["state"] == "recording"
        refused = await answer(ann, 6, "call.record", contact_id=contact, do="resume")
        assert (refused["problem"]["state"], refused["problem"]["accepted"]) == ("recording", ["pause", "stop"])
