"""The life of one simulated call, told through the webhooks it sends."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from app.core.tasks import Supervisor
from app.demo.pace import Pace
from app.demo.platform.call import SimulatedCall, Tally
from app.demo.platform.line import Line
from app.demo.platform.orders import Order, Orders, Phone
from app.demo.platform.plans import CallPlan
from app.demo.platform.webhooks import Teller
from tests.demo.little_server import LittleServer, little_server, until

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
WEI = Phone("wei", "2003")
PATIENT = CallPlan("+8613800138000", "+8695501", patience=600, talk=600, phone_fails=False)
pytestmark = pytest.mark.enable_socket
Script = Callable[[SimulatedCall, LittleServer], Awaitable[None]]


def order(kind: str, agent: Phone | None = WEI, **data: Any) -> Order:
    return Order(f"call.{kind}", Orders("c1", agent=agent, **data))


def told(server: LittleServer) -> list[str]:
    """What was told, as "type party"."""
    bodies = [request.json for request in server.requests]
    return [f"{body['type'].removeprefix('call.')} {body['data'].get('agent', 'caller')}" for body in bodies]


async def run_call(plan: CallPlan, script: Script, *, outbound: bool = False) -> tuple[list[str], Tally]:
    async with little_server(lambda request: (202, {}, {})) as server, httpx.AsyncClient(timeout=30) as client:
        tasks, tally, pace = Supervisor(), Tally(), Pace(100)
        line = Line(Teller(client, server.url, SECRET, tasks), tasks, Random(1), pace, 0.0, {"call_id": "c1"})
        call = SimulatedCall(plan, line, Random(2), pace, tally)
        life = tasks.start("call", call.live_outbound(WEI) if outbound else call.live())
        await script(call, server)
        await life
        await tasks.stop()
        return told(server), tally


async def nothing(call: SimulatedCall, server: LittleServer) -> None:
    """Callfloor does not react."""


async def talking(call: SimulatedCall, server: LittleServer) -> None:
    call.orders.put_nowait(order("connect"))
    await until(lambda: "established 2003" in told(server))


async def test_a_caller_who_is_left_waiting_gives_up() -> None:
    events, tally = await run_call(PATIENT._replace(patience=5), nothing)
    assert events == ["offered caller", "connection_cleared caller", "cleared caller"]
    assert tally == Tally(placed=1, answered=0, gave_up=1)


async def test_a_connected_caller_talks_and_hangs_up() -> None:
    events, tally = await run_call(PATIENT._replace(talk=5), talking)
    assert events[:3] == ["offered caller", "delivered 2003", "established 2003"]
    assert events[3:] == ["connection_cleared caller", "connection_cleared 2003", "cleared caller"]
    assert tally.answered == 1


async def test_hold_retrieve_and_the_agents_hang_up_are_obeyed() -> None:
    async def script(call: SimulatedCall, server: LittleServer) -> None:
        await talking(call, server)
        for kind in ("hold", "retrieve", "disconnect"):
            call.orders.put_nowait(order(kind))

    events, _ = await run_call(PATIENT, script)
    assert events[3:] == ["held 2003", "retrieved 2003", "connection_cleared 2003", "cleared caller"]


async def test_a_transferred_caller_waits_again_and_is_connected_again() -> None:
    async def script(call: SimulatedCall, server: LittleServer) -> None:
        await talking(call, server)
        call.orders.put_nowait(order("transfer", to={"queue": "cards"}))
        call.orders.put_nowait(order("connect", Phone("lan", "2005")))
        call.orders.put_nowait(order("disconnect", None))

    events, tally = await run_call(PATIENT, script)
    assert events[3:5] == ["transferred 2003", "connection_cleared 2003"]
    assert "delivered 2005" in events
    assert tally.placed == 1


async def test_a_phone_that_is_not_answered_fails_and_the_caller_waits_on() -> None:
    async def script(call: SimulatedCall, server: LittleServer) -> None:
        call.orders.put_nowait(order("connect"))
        await until(lambda: "failed 2003" in told(server))
        call.orders.put_nowait(order("disconnect", None))

    events, tally = await run_call(PATIENT._replace(phone_fails=True), script)
    assert events == ["offered caller", "delivered 2003", "failed 2003", "cleared caller"]
    assert tally.answered == 0


async def test_an_outbound_call_rings_the_agent_first() -> None:
    events, _ = await run_call(PATIENT._replace(talk=5), nothing, outbound=True)
    assert events[:4] == ["delivered 2003", "established 2003", "delivered caller", "established caller"]
    assert events[-1] == "cleared caller"


def test_a_command_is_read_whatever_else_it_says() -> None:
    body = {"type": "call.connect", "data": {"call_id": "c1", "agent": {"id": "wei", "address": "2003"}, "new": 1}}
    read = msgspec.json.decode(msgspec.json.encode(body), type=Order)
    assert read == order("connect")
