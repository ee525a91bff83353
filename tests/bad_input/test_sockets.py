"""The table "Bad input", rows of the socket: a problem frame, or a close code with its reason; nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.switch import Switch
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket


@pytest.fixture
async def bob(site: Site, switch: Switch) -> AsyncIterator[Tab]:
    """A colleague whose one connection survives whatever others do."""
    async with site.agent("bob") as tab:
        yield tab
        assert (await tab.ask("agent.ready"))["ok"]
        assert (tab.connections, tab.closes, tab.faults) == (1, [], [])


async def test_no_hello_in_5_s_is_closed_4000(site: Site, bob: Tab) -> None:
    started = asyncio.get_running_loop().time()
    async with site.socket() as client:
        with suppress(ConnectionClosed):
            await client.socket.recv()
        assert (client.socket.close_code, client.socket.close_reason) == (4000, "no hello within 5 seconds")
    assert 4.5 < asyncio.get_running_loop().time() - started < 30


FIRST_FRAMES: dict[str, tuple[str, int, int]] = {
    "empty token": ('{"id": 1, "type": "hello", "token": ""}', 422, 4000),
    "no token": ('{"id": 1, "type": "hello"}', 422, 4000),
    "rubbish as token": ('{"id": 1, "type": "hello", "token": "rubbish"}', 401, 4001),
    "token of nobody": ('{"id": 1, "type": "hello", "token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."}', 401, 4001),
    "a command first": ('{"id": 1, "type": "agent.ready"}', 422, 4000),
    "not JSON": ("hello", 422, 4000),
    "nothing": ("", 422, 4000),
    "resume from below": ('{"id": 1, "type": "hello", "token": "x", "resume": -1}', 422, 4000),
}


@pytest.mark.parametrize(("frame", "status", "code"), FIRST_FRAMES.values(), ids=FIRST_FRAMES.keys())
async def test_a_bad_first_frame_is_answered_and_closed(
    site: Site, bob: Tab, frame: str, status: int, code: int
) -> None:
    async with site.socket() as client:
        await client.say(frame)
        problem = (await client.hear())["problem"]
        closed, reason = await client.closed()
    assert (problem["status"], closed) == (status, code)
    assert reason == problem["detail"].encode()[:123].decode()


@pytest.mark.parametrize(("login", "path"), [("bob", "/ws/floor"), ("sue", "/ws/agent")])
async def test_the_wrong_role_is_closed_4003(site: Site, bob: Tab, login: str, path: str) -> None:
    async with site.socket(path) as client:
        told = await client.ask(1, "hello", token=await site.token(login))
        assert (told["problem"]["status"], (await client.closed())[0]) == (403, 4003)


FAULTY: dict[str, tuple[str, str]] = {
    "unknown command": ('{"id": 5, "type": "agent.dance"}', "type"),
    "no command": ('{"id": 5}', "type"),
    "not JSON": ('{"id": 5, "type"', "body"),
    "an abyss": ("[" * 60_000, "body"),
    "no id": ('{"type": "agent.ready"}', "id"),
    "odd id": ('{"id": {}, "type": "agent.ready"}', "id"),
    "no contact": ('{"id": 5, "type": "offer.accept"}', "contact_id"),
    "no reason": ('{"id": 5, "type": "agent.not_ready", "reason": ""}', "reason"),
    "two destinations": (
        '{"id": 5, "type": "call.transfer", "contact_id": "c", "to": {"queue": "q", "agent": "a"}}',
        "to",
    ),
    "endless note": ('{"id": 5, "type": "wrap_up.done", "contact_id": "c", "note": "' + "x" * 10_001 + '"}', "note"),
}


@pytest.mark.parametrize(("frame", "where"), FAULTY.values(), ids=FAULTY.keys())
async def test_a_faulty_frame_is_answered_and_the_socket_lives(site: Site, bob: Tab, frame: str, where: str) -> None:
    before = await site.stored()
    async with site.socket("/ws/agent") as client:
        await client.ask(1, "hello", token=await site.token("bob"), session=new_id())
        await client.say(frame)
        told = await client.hear()
        assert (told["ok"], told["problem"]["status"]) == (False, 422)
        assert [fault["where"] for fault in told["problem"]["faults"]] == [where]
        assert all(fault["what"] and fault["accepted"] for fault in told["problem"]["faults"])
        assert (await client.ask(6, "ping"))["ok"]
        assert await site.stored() == before


@pytest.mark.parametrize("welcomed", [False, True])
async def test_a_frame_of_1_mb_is_closed(site: Site, bob: Tab, welcomed: bool) -> None:
    """With 1009, unless the close frame is lost because the rest of the megabyte was still under way."""
    async with site.socket() as client:
        if welcomed:
            await client.ask(1, "hello", token=await site.token("bob"))
        with suppress(ConnectionClosed):
            await client.say("x" * 1_000_000)
        assert (await client.closed())[0] in (1009, 1006)


async def test_a_binary_frame_is_closed_4000(site: Site, bob: Tab) -> None:
    async with site.socket() as client:
        await client.ask(1, "hello", token=await site.token("bob"))
        await client.socket.send(b'{"id": 2, "type": "agent.ready"}')
        assert await client.closed() == (4000, "text frames only")


async def refused(tab: Tab, kind: str, **data: Any) -> dict[str, Any]:
    """The problem of a command that must be refused; sent again under its id, it gets the same answer."""
    answer = await tab.ask(kind, **data)
    assert not answer["ok"], answer
    number = answer["re"]
    await tab.repeat(number)
    assert tab.faults == []
    problem: dict[str, Any] = answer["problem"]
    return problem


async def test_accepting_an_expired_offer_is_refused_with_the_present_state(site: Site, switch: Switch) -> None:
    call_id = new_id()
    async with site.agent("ann") as ann:
        await ann.ask("agent.ready")
        contact = await switch.tells("offered", call_id, to="400")
        await eventually(lambda: asyncio.sleep(0, ann.agent), lambda agent: agent["reason"] == "no_answer")
        problem = await refused(ann, "offer.accept", contact_id=contact)
        assert (problem["status"], problem["state"], problem["contact_state"]) == (409, "not_ready", "waiting")
        assert contact in problem["detail"]
        await switch.tells("cleared", call_id)
        assert (await refused(ann, "offer.accept", contact_id=contact))["contact_state"] == "ended"
    assert switch.record.orders == {}


async def test_ready_while_talking_is_refused_with_the_present_state(site: Site, switch: Switch) -> None:
    call_id = new_id()
    async with site.agent("ann") as ann:
        contact = await switch.tells("established", call_id, agent="1001")
        await eventually(lambda: asyncio.sleep(0, ann.agent), lambda agent: agent["state"] == "busy")
        for kind, data in (
            ("agent.ready", {}),
            ("agent.log_off", {}),
            ("agent.not_ready", {"reason": "lunch"}),
            ("call.dial", {"to": "+49"}),
        ):
            problem = await refused(ann, kind, **data)
            assert (problem["status"], problem["state"]) == (409, "busy")
            assert problem["accepted"]
        assert (await refused(ann, "wrap_up.done", contact_id=contact))["state"] == "busy"
        await switch.tells("cleared", call_id)
        assert (await ann.ask("wrap_up.done", contact_id=contact))["ok"]
        assert (await ann.repeat(1))["problem"]["state"] == "busy", "an answer stays what it was"
