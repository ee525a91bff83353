"""A client that does not keep up is closed with 4008 and resumes; nobody else waits for it."""

import asyncio
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from app.api.sockets import line
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
