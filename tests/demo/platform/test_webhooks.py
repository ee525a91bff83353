"""The platform's webhooks: signed, in order, under one id until acknowledged."""

from collections.abc import AsyncIterator
from random import Random

import httpx
import pytest
from standardwebhooks import Webhook

from app.core.tasks import Supervisor
from app.demo.pace import Pace
from app.demo.platform.line import Line
from app.demo.platform.webhooks import Teller, event_body
from tests.demo.little_server import little_server

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
pytestmark = pytest.mark.enable_socket


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


async def test_what_is_told_carries_a_signature_that_verifies(client: httpx.AsyncClient) -> None:
    async with little_server(lambda request: (202, {}, {})) as server:
        teller = Teller(client, server.url, SECRET, Supervisor())
        assert await teller.tell("evt_1", event_body("call.offered", 1_800_000_000.5, {"call_id": "c", "to": None}))
    told = Webhook(SECRET).verify(server.requests[0].body, server.requests[0].headers)
    assert told == {"type": "call.offered", "timestamp": "2027-01-15T08:00:00.500Z", "data": {"call_id": "c"}}


async def test_a_busy_server_gets_the_same_id_again_after_the_pause_it_asked_for(client: httpx.AsyncClient) -> None:
    statuses = iter((503, 500, 202))
    async with little_server(lambda request: (next(statuses), {"retry-after": "0"}, {})) as server:
        teller = Teller(client, server.url, SECRET, Supervisor())
        assert await teller.tell("evt_1", b"{}")
    assert [request.headers["webhook-id"] for request in server.requests] == ["evt_1"] * 3
    assert (teller.told.retried, teller.told.delivered, teller.told.pending) == (2, 1, 0)


async def test_a_refusal_is_final_and_counted(client: httpx.AsyncClient) -> None:
    async with little_server(lambda request: (401, {}, {"title": "who are you"})) as server:
        teller = Teller(client, server.url, SECRET, Supervisor())
        assert not await teller.tell("evt_1", b"{}")
    assert len(server.requests) == teller.told.refused == 1


async def test_a_tidy_line_sends_in_order_with_a_growing_sequence(client: httpx.AsyncClient) -> None:
    async with little_server(lambda request: (202, {}, {})) as server:
        tasks = Supervisor()
        line = Line(Teller(client, server.url, SECRET, tasks), tasks, Random(1), Pace(), 0.0, {"call_id": "c"})
        for kind in ("call.offered", "call.delivered", "call.cleared"):
            line.say(kind)
        await line.close()
        await tasks.stop()
    bodies = [request.json for request in server.requests]
    assert [body["type"] for body in bodies] == ["call.offered", "call.delivered", "call.cleared"]
    assert [body["data"]["sequence"] for body in bodies] == [1, 2, 3]


async def test_a_usual_line_repeats_under_the_same_id_and_overtakes(client: httpx.AsyncClient) -> None:
    async with little_server(lambda request: (202, {}, {})) as server:
        tasks = Supervisor()
        teller = Teller(client, server.url, SECRET, tasks)
        line = Line(teller, tasks, Random(3), Pace(10), 1.0, {"call_id": "c"})
        for _ in range(150):
            line.say("call.held")
        await line.close()
        await teller.hurry(5)
    ids = [request.headers["webhook-id"] for request in server.requests]
    order = [request.json["data"]["sequence"] for request in server.requests]
    assert len(set(ids)) < len(ids)
    assert len(ids) == teller.told.delivered
    assert order != sorted(order)
    assert {request.json["type"] for request in server.requests} > {"call.held"}
