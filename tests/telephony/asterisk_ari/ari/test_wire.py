"""The WebSocket to an Asterisk, against a server that is none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidHandshake, PayloadTooBig

from app.telephony.adapters.asterisk_ari.ari import wire as module
from app.telephony.adapters.asterisk_ari.ari.wire import Wire, open_wire
from tests.fixtures.listening import listening

pytestmark = pytest.mark.enable_socket
Serve = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def wire_to(answer: Serve, ping_seconds: float = 20.0) -> AsyncIterator[Wire]:
    """A wire to a server that answers in this way."""
    async with serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        wire = await open_wire(f"ws://127.0.0.1:{port}/events?app=x", {"Authorization": "Basic x"}, 30.0, ping_seconds)
        yield wire
        await wire.close(1.0)


async def echo(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(text)


async def test_texts_go_both_ways_in_order() -> None:
    async with wire_to(echo) as wire:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        wire.read(heard.put_nowait)
        for number in range(100):
            wire.send(str(number).encode())
        assert [await heard.get() for _ in range(100)] == [str(number).encode() for number in range(100)]


async def test_what_comes_before_anybody_reads_is_kept_and_what_comes_in_parts_is_put_together() -> None:
    async def talks(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.headers["Authorization"] == "Basic x"
        await socket.send("first")
        await socket.send(["sec", "ond"])
        await socket.wait_closed()

    async with wire_to(talks) as wire:
        await asyncio.sleep(0.05)
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        wire.read(heard.put_nowait)
        assert [await heard.get(), await heard.get()] == [b"first", b"second"]


async def test_the_end_of_the_other_side_ends_it_and_what_is_sent_then_is_lost() -> None:
    async def leaves(socket: ServerConnection) -> None:
        await socket.close()

    async with wire_to(leaves) as wire:
        wire.read(lambda text: None)
        await asyncio.wait_for(wire.ended, 30)
        wire.send(b"into the void")


async def test_a_fault_of_whoever_reads_ends_it_and_is_told() -> None:
    def fails(text: bytes) -> None:
        raise ValueError(text)

    async with wire_to(echo) as wire:
        wire.read(fails)
        wire.send(b"x")
        with pytest.raises(ValueError, match="x"):
            await asyncio.wait_for(wire.ended, 30)


async def test_who_does_not_answer_pings_has_gone() -> None:
    gone = asyncio.Event()

    async def deaf(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await gone.wait()
        socket.transport.abort()

    async with wire_to(deaf, ping_seconds=0.05) as wire:
        wire.read(lambda text: None)
        await asyncio.wait_for(wire.ended, 30)
        gone.set()


async def test_a_text_that_is_too_long_ends_it_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)

    async def talks(socket: ServerConnection) -> None:
        await socket.send(["x" * 60, "x" * 60])
        await socket.wait_closed()

    async with wire_to(talks) as wire:
        wire.read(lambda text: None)
        with pytest.raises(PayloadTooBig):
            await asyncio.wait_for(wire.ended, 30)


async def test_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    over = asyncio.Event()

    async def deaf(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await over.wait()
        socket.transport.abort()

    async with wire_to(deaf) as wire:
        wire.read(lambda text: None)
        async with asyncio.timeout(60):
            while not wire.ended.done():
                wire.send(b"x" * 100_000)
                await asyncio.sleep(0)
        over.set()


async def test_who_is_not_let_in_is_told_so() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")

    async with listening(refuses) as port:
        with pytest.raises(InvalidHandshake):
            await open_wire(f"ws://127.0.0.1:{port}/events", {}, 5.0, 5.0)


async def test_who_says_nothing_is_not_waited_for() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as port:
        with pytest.raises(TimeoutError):
            await open_wire(f"ws://127.0.0.1:{port}/events", {}, 0.1, 5.0)
