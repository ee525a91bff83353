"""Commands to the simulated platform: signed, carried out once, answered the same again."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from standardwebhooks import Webhook

from app.core import clock
from app.core.tasks import Supervisor
from app.demo.clients import demo_customers
from app.demo.pace import Pace
from app.demo.platform.exchange import Exchange, World
from app.demo.platform.front import Front
from app.demo.platform.webhooks import Teller
from tests.demo.little_server import LittleServer, little_server, until

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
pytestmark = pytest.mark.enable_socket


@pytest.fixture
async def callfloor() -> AsyncIterator[LittleServer]:
    async with little_server(lambda request: (202, {}, {})) as server:
        yield server


@pytest.fixture
async def front(callfloor: LittleServer) -> AsyncIterator[Front]:
    async with httpx.AsyncClient(timeout=30) as client:
        tasks = Supervisor()
        teller = Teller(client, callfloor.url, SECRET, tasks)
        world = World(demo_customers(20), Random(1), Pace(100), 0.0)
        yield Front(Exchange(teller, tasks, world), teller, SECRET)
        await tasks.stop()


async def command(front: Front, key: str, kind: str, data: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    body, moment = msgspec.json.encode({"type": kind, "data": data}).decode(), clock.utc(clock.now())
    headers = {
        "webhook-id": key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, moment, body),
    }
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
        return await client.post("/commands", content=body, headers=headers)


DIAL = {"call_id": "out-1", "agent": {"id": "wei", "address": "2003"}, "to": "+8613800138000"}


async def test_a_forged_command_is_refused_and_counted(front: Front) -> None:
    answer = await command(front, "f-1", "call.dial", DIAL, "whsec_" + "Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk")
    assert answer.status_code == 401
    assert (front.figures()["forged"], front.figures()["commands"], front.figures()["up"]) == (1, 0, 0)


async def test_the_same_command_twice_is_carried_out_once(front: Front, callfloor: LittleServer) -> None:
    answers = [await command(front, "f-1", "call.dial", DIAL) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert front.figures()["up"] == 1
    await until(lambda: len(callfloor.requests) >= 2)
    assert callfloor.requests[0].json["data"]["call_id"] == "out-1"
    assert callfloor.requests[0].json["data"]["direction"] == "outbound"


async def test_a_command_for_a_call_that_is_not_there_ends_it(front: Front, callfloor: LittleServer) -> None:
    answer = await command(front, "f-1", "call.connect", {"call_id": "gone"})
    assert answer.status_code == 404
    await until(lambda: bool(callfloor.requests))
    told = callfloor.requests[0].json
    assert (told["type"], told["data"]["cause"]) == ("call.cleared", "no_such_call")


async def test_what_is_no_command_is_said_to_be_none(front: Front) -> None:
    answer = await command(front, "f-1", "call.connect", {})
    assert answer.status_code == 422
    assert "call_id" in answer.text


async def test_closing_hangs_up_and_tells_so(front: Front, callfloor: LittleServer) -> None:
    exchange = front.exchange
    ids = {exchange.place() for _ in range(5)}
    assert exchange.up == 5
    await exchange.close(5)
    assert exchange.up == 0
    ended = {r.json["data"]["call_id"] for r in callfloor.requests if r.json["type"] == "call.cleared"}
    assert ended == ids
