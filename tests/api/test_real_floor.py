"""Platform, webhook, floor, socket, outbox: all real, over real HTTP, on a real database."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from tests.api.house import House, Platform, open_house
from tests.api.sockets.desk import Client
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket


async def until(client: Client, kind: str) -> dict[str, Any]:
    """The next frame of one type; those before it are skipped."""
    frame = await client.hear()
    while frame.get("type") != kind:
        frame = await client.hear()
    return frame


async def answer(client: Client, number: int, kind: str, **data: Any) -> dict[str, Any]:
    """A command's answer; the frames before it are skipped."""
    await client.say({"id": number, "type": kind, **data})
    frame = await client.hear()
    while frame.get("re") != number:
        frame = await client.hear()
    return frame


async def popped(house: House, platform: Platform, client: Client) -> str:
    """Ann is ready and a call is offered to her; gives the contact."""
    await client.hello("ann")
    assert (await answer(client, 2, "agent.ready"))["ok"] is True
    taken = await platform.says("offered", **{"from": "+8613800138000", "to": "100", "direction": "inbound"})
    assert taken.status_code == 202
    offered = await until(client, "contact.offered")
    assert offered["profile"]["customer"] is None
    assert offered["contact"]["id"] == taken.json()["contact_id"]
    return str(offered["contact"]["id"])


async def test_a_call_goes_from_the_platform_to_the_agent_and_back(database: Database) -> None:
    async with open_house(database) as (house, platform), house.client() as ann:
        contact = await popped(house, platform, ann)
        assert (await answer(ann, 3, "offer.accept", contact_id=contact))["ok"] is True
        (order,) = await eventually(lambda: asyncio.sleep(0, platform.orders), lambda orders: len(orders) == 1)
        assert order["type"] == "call.connect"
        assert order["data"]["agent"] == {"id": "ann", "address": "1001"}
        await platform.says("established", agent="1001", leg_id="L2")
        assert (await until(ann, "contact.updated"))["contact"]["state"] == "active"
        await platform.says("cleared")
        assert (await until(ann, "contact.ended"))["outcome"] == "answered"
        assert (await answer(ann, 4, "wrap_up.done", contact_id=contact, code="solved"))["ok"] is True


async def test_an_order_that_the_platform_refuses_is_told_to_the_agent(database: Database) -> None:
    async with open_house(database) as (house, platform), house.client() as ann:
        platform.status = 404
        contact = await popped(house, platform, ann)
        await answer(ann, 3, "offer.accept", contact_id=contact)
        failed = await until(ann, "command.failed")
        assert (failed["order"], failed["contact_id"]) == ("call.connect", contact)
        assert "answered 404" in failed["detail"]
        connection = await asyncpg.connect(database.dsn)
        look = "select status, last_error from outbox"
        (row,) = await eventually(lambda: connection.fetch(look), lambda rows: rows[0]["status"] == "failed")
        await connection.close()
        assert "answered 404" in row["last_error"]


async def test_a_repeated_webhook_changes_nothing(database: Database) -> None:
    async with open_house(database) as (house, platform), house.client() as ann:
        await ann.hello("ann")
        answers = [(await platform.says("offered", key="same", to="100")).json() for _ in range(3)]
        assert answers[0] == answers[1] == answers[2]
        await ann.say({"id": 2, "type": "agent.ready"})
        assert (await until(ann, "contact.offered"))["contact"]["id"] == answers[0]["contact_id"]


async def test_who_comes_back_gets_what_was_missed_taskrouter_39(database: Database) -> None:
    async with open_house(database) as (house, platform):
        async with house.client() as ann:
            welcome = await ann.hello("ann")
            await answer(ann, 2, "agent.ready")
        await platform.says("offered", to="100")
        async with house.client() as ann:
            frame = await ann.hello("ann", resume=welcome["seq"], session=welcome["session"])
            missed = []
            while frame["type"] != "welcome":
                missed.append(frame["type"])
                frame = await ann.hear()
            assert missed == ["agent.state", "agent.state", "contact.offered"]
            assert [contact["state"] for contact in frame["contacts"]] == ["offered"]
            assert (await answer(ann, 2, "agent.ready"))["ok"] is True, "remembered, not done again"


async def test_open_sockets_hold_no_connection_to_the_database(database: Database) -> None:
    async with open_house(database) as (house, platform), AsyncExitStack() as open_sockets:
        for number in range(60):
            client = await open_sockets.enter_async_context(house.client())
            await client.hello(("ann", "bob", "cho")[number % 3], resume=0)
        assert house.hub.subscriptions == 60
        assert house.pool.get_size() - house.pool.get_idle_size() == 0
        assert (await platform.says("offered", to="100")).status_code == 202


async def test_a_5_mb_webhook_is_refused_over_real_http(database: Database) -> None:
    async with open_house(database) as (_, platform):
        url = f"http://{platform.address}/webhooks/cti/pbx"
        assert (await platform.http.post(url, content=b"x" * 5_000_000)).status_code == 413
        assert (await platform.http.post(url, content=b"{}")).status_code == 401
