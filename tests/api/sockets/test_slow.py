"""A client that does not keep up is closed with 4008 and resumes; nobody else waits for it."""

import asyncio
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from app.api.sockets import line
from app.cli.connections import Frames
from app.floor.commands import Ready
from tests.api.sockets.desk import Client, Desk, open_desk
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket

PROFILE = "x" * 60_000
"""Large enough that the buffers of the operating system are full after some hundred frames."""

FRAMES = 700


async def flood(desk: Desk) -> None:
    for _ in range(FRAMES):
        desk.floor.happens("li", "contact.offered", profile=PROFILE)
        await asyncio.sleep(0)


async def numbers(client: Client) -> list[int]:
    """What there is to hear until the connection ends."""
    seen: list[int] = []
    with suppress(ConnectionClosed):
        while True:
            seen.append((await client.hear())["seq"])
    return seen


async def test_a_slow_client_is_closed_4008_and_resumes_without_gap_or_double() -> None:
    async with open_desk() as desk:
        async with desk.client(max_queue=1) as slow:
            await slow.hello()
            await flood(desk)
            seen = await numbers(slow)
            assert slow.socket.close_code == 4008
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) < FRAMES
        async with desk.client() as back:
            frame = await back.hello(resume=len(seen))
            while frame["type"] != "welcome":
                seen.append(frame["seq"])
                frame = await back.hear()
            assert frame["reset"] is False
        assert seen == list(range(1, FRAMES + 1))


async def test_a_slow_tab_does_not_hold_up_the_other() -> None:
    async with open_desk() as desk, desk.client(max_queue=1) as slow, desk.client(max_queue=None) as quick:
        await slow.hello()
        await quick.hello()
        await flood(desk)
        assert [(await quick.hear())["seq"] for _ in range(FRAMES)] == list(range(1, FRAMES + 1))


async def test_a_client_that_never_reads_again_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot even be told why; its subscription and its tab are gone all the same."""
    monkeypatch.setattr(line, "CLOSE_SECONDS", 0.2)
    async with open_desk() as desk, desk.client(max_queue=1) as stuck:
        await stuck.hello()
        await flood(desk)
        await eventually(lambda: asyncio.sleep(0, desk.hub.subscriptions), lambda count: count == 0)
        assert desk.tabs.count("li") == 0
        stuck.socket.transport.abort()


WATCHED = 9000
"""Frames of the floor: more than it may fall behind, and what the buffers hold of them."""


async def test_a_watcher_who_does_not_read_is_closed_4008_and_others_hear_everything() -> None:
    async with open_desk() as desk, desk.client("/ws/floor", max_queue=1) as slow:
        await slow.hello("su", "supervisor")
        async with desk.client("/ws/floor", max_queue=None) as quick:
            await quick.hello("si", "supervisor")
            for _ in range(WATCHED):
                desk.floor.happens("li", "contact.updated", told="x" * 2000)
                await asyncio.sleep(0)
            assert [(await quick.hear())["seq"] for _ in range(WATCHED)] == list(range(1, WATCHED + 1))
        seen = await numbers(slow)
        assert slow.socket.close_code == 4008
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) < WATCHED


async def test_pings_of_a_client_that_does_not_read_are_not_answered_without_an_end() -> None:
    async with open_desk(ws=Frames) as desk, desk.client(max_queue=1) as stuck:
        assert desk.server is not None
        await stuck.hello()
        (connection,) = desk.server.server_state.connections
        assert isinstance(connection, Frames)
        while connection.writable.is_set():
            desk.floor.happens("li", "contact.offered", profile=PROFILE)
            await asyncio.sleep(0)
        held = connection.transport.get_write_buffer_size()
        for number in range(5000):
            await stuck.socket.ping(number.to_bytes(4) + bytes(100))
        await stuck.say({"id": 2, "type": "agent.ready"})
        await eventually(lambda: asyncio.sleep(0, len(desk.floor.of(Ready))), lambda number: number == 1)
        assert connection.transport.get_write_buffer_size() <= held + len(PROFILE)
        stuck.socket.transport.abort()
