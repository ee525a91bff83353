"""Whatever a client does wrong is answered with a problem or a close code with its reason; the floor is unharmed."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.api.sockets.conversation import Timing
from app.floor.commands import Ready
from tests.api.sockets.desk import QUICK, Client, Desk, open_desk, token

pytestmark = pytest.mark.enable_socket


async def answer_and_close(desk: Desk, frame: Any, path: str = "/ws/agent") -> tuple[dict[str, Any], int, str]:
    async with desk.client(path) as client:
        await client.say(frame)
        told = await client.hear()
        return told, *(await client.closed())


async def test_no_hello_is_closed_4000() -> None:
    async with open_desk(replace(QUICK, hello=0.3)) as desk, desk.client() as client:
        assert await client.closed() == (4000, "no hello within 0.3 seconds")


@pytest.mark.parametrize("offered", [None, [Subprotocol("callfloor.v0")]])
async def test_without_the_subprotocol_it_is_closed_4000(offered: list[Subprotocol] | None) -> None:
    async with open_desk() as desk, desk.client(subprotocols=offered) as client:
        assert await client.closed() == (4000, "the subprotocol callfloor.v1 is needed")


async def test_the_subprotocol_is_selected_among_several() -> None:
    offered = [Subprotocol("chat"), Subprotocol("callfloor.v1")]
    async with open_desk() as desk, desk.client(subprotocols=offered) as client:
        assert client.socket.subprotocol == "callfloor.v1"


@pytest.mark.parametrize("given", ["", "rubbish", token()[:-3] + "abc", "x" * 9000])
async def test_a_bad_token_is_closed_4001(given: str) -> None:
    async with open_desk() as desk:
        told, code, _ = await answer_and_close(desk, {"id": 1, "type": "hello", "token": given})
        assert (told["re"], told["ok"]) == (1, False)
        assert code == (4001 if 0 < len(given) <= 8192 else 4000)
        assert desk.floor.asked == []


@pytest.mark.parametrize(("path", "role"), [("/ws/agent", "supervisor"), ("/ws/floor", "agent")])
async def test_the_wrong_role_is_closed_4003(path: str, role: Any) -> None:
    async with open_desk() as desk:
        hello = {"id": "a", "type": "hello", "token": token("li", role)}
        told, code, reason = await answer_and_close(desk, hello, path)
        assert (told["re"], told["problem"]["status"], code) == ("a", 403, 4003)
        assert f"Your role is {role}" in reason


@pytest.mark.parametrize("frame", ["not json", "[]", '{"id": 7, "type": "agent.ready"}', '{"type": "hello"}'])
async def test_a_first_frame_that_is_no_hello_is_closed_4000(frame: str) -> None:
    async with open_desk() as desk:
        told, code, _ = await answer_and_close(desk, frame)
        assert (told["ok"], code) == (False, 4000)


@pytest.mark.parametrize(
    ("frame", "request_id", "where"),
    [
        ("not json", None, "body"),
        ("", None, "body"),
        ("[" * 60_000, None, "body"),
        ('"text"', None, "type"),
        ('{"id": 5}', 5, "type"),
        ('{"id": 5, "type": 8}', 5, "type"),
        ('{"id": "x", "type": "agent.dance"}', "x", "type"),
        ('{"type": "agent.ready"}', None, "id"),
        ('{"id": [1], "type": "agent.ready"}', None, "id"),
        ('{"id": 5, "type": "agent.not_ready"}', 5, "reason"),
        ('{"id": 5, "type": "agent.not_ready", "reason": 5}', 5, "reason"),
        ('{"id": 5, "type": "offer.accept"}', 5, "contact_id"),
        ('{"id": 5, "type": "call.transfer", "contact_id": "c", "to": {}}', 5, "to"),
        ('{"id": 5, "type": "call.transfer", "contact_id": "c", "to": {"queue": "q", "agent": "a"}}', 5, "to"),
    ],
)
async def test_a_faulty_frame_is_answered_and_the_socket_lives(frame: str, request_id: Any, where: str) -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        await client.say(frame)
        told = await client.hear()
        assert (told["re"], told["ok"], told["problem"]["status"]) == (request_id, False, 422)
        assert [fault["where"] for fault in told["problem"]["faults"]] == [where]
        assert await client.ask(9, "agent.ready") == {"re": 9, "ok": True}


async def test_a_second_hello_is_refused_and_the_socket_lives() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        assert (await client.hello())["ok"] is False
        assert (await client.ask(9, "agent.ready"))["ok"] is True


async def test_only_faulty_frames_in_a_row_are_too_many() -> None:
    async with open_desk(QUICK) as desk, desk.client() as client:
        await client.hello()
        for _ in range(3):
            for _ in range(3):
                assert (await client.ask(1, "nonsense"))["ok"] is False
            assert (await client.ask(2, "agent.ready"))["ok"] is True
        for _ in range(4):
            await client.say("nonsense")
        assert await client.closed() == (4000, "more than 3 faulty frames in a row")


async def test_a_1_mb_frame_is_closed_by_the_library_and_nobody_else_notices() -> None:
    """With 1009, unless the close frame is lost because the rest of the megabyte was still under way."""
    async with open_desk() as desk, desk.client() as client, desk.client() as other:
        await client.hello()
        await other.hello("bo")
        with suppress(ConnectionClosed):
            await client.say("x" * 1_000_000)
        assert (await client.closed())[0] in (1009, 1006)
        assert (await other.ask(2, "agent.ready"))["ok"] is True


async def test_a_binary_frame_is_closed_4000() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        await client.say(b'{"id": 2, "type": "agent.ready"}')
        assert await client.closed() == (4000, "text frames only")


async def test_nul_and_cut_emoji_in_a_command_reach_the_floor_repaired() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        await client.say(r'{"id": 2, "type": "agent.not_ready", "reason": "a\u0000b \ud83d"}')
        assert (await client.hear())["ok"] is True
        assert desk.floor.asked[-1].reason == "a\ufffdb \ufffd"


async def test_a_flood_of_commands_is_refused_in_part_and_heard_in_full() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        begun, stuck = asyncio.Event(), asyncio.Event()
        real = desk.floor.submit

        async def slow(*args: Any) -> Any:
            begun.set()
            await stuck.wait()
            return await real(*args)

        desk.floor.submit = slow
        await client.say({"id": 0, "type": "agent.ready"})
        await begun.wait()
        for number in range(1, 100):
            await client.say({"id": number, "type": "agent.ready"})
        refused = [await client.hear() for _ in range(35)]
        assert {told["problem"]["status"] for told in refused} == {503}
        stuck.set()
        assert all([(await client.hear())["ok"] for _ in range(65)])
        assert len(desk.floor.of(Ready)) == 65


def test_sockets_that_were_opened_together_are_not_pinged_together() -> None:
    timing = Timing(ping=15.0)
    pauses = [timing.until_ping() for _ in range(1000)]
    assert all(11.25 <= pause <= 15.0 for pause in pauses)
    each_second = Counter(int(pause) for pause in pauses)
    assert len(each_second) == 4
    assert max(each_second.values()) < 500


class Soon(Timing, frozen=True):
    """Pings whenever it is asked how long until the next one, and not by the clock of all."""

    def until_ping(self) -> float:
        return 0.01


async def test_each_socket_is_pinged_by_its_own_time() -> None:
    async with open_desk(Soon(ping=60.0)) as desk, desk.client() as client:
        await client.hello()
        while client.pings < 2:
            await client.ask(client.pings, "agent.ready")


async def byte_for_byte(client: Client, frame: bytes) -> tuple[int, str]:
    """Send a frame of which most is left out, a byte at a time, until the server closes; with what code and why."""
    masked = bytes([0x81, 0x80 | 126, *(8000).to_bytes(2), 0, 0, 0, 0]) + frame
    place = 0
    while (close := client.socket.protocol.close_rcvd) is None:
        client.socket.transport.write(masked[place : place + 1] or b"x")
        place += 1
        await asyncio.sleep(0.01)
    client.socket.transport.abort()
    return close.code, close.reason


@pytest.mark.timeout(30)
async def test_a_hello_a_byte_at_a_time_is_closed_4000() -> None:
    async with open_desk(replace(QUICK, hello=0.3)) as desk, desk.client() as client:
        assert await byte_for_byte(client, b'{"id": 1, "type": "hello", "token": "') == (
            4000,
            "no hello within 0.3 seconds",
        )


@pytest.mark.timeout(30)
async def test_a_command_a_byte_at_a_time_is_closed_4000_as_silence_is() -> None:
    async with open_desk(replace(QUICK, silence=0.3)) as desk, desk.client(mute=True) as client:
        await client.hello()
        assert await byte_for_byte(client, b'{"id": 2, "type": "agent.not_ready", "reason": "') == (
            4000,
            "nothing heard for 0.3 seconds",
        )


@pytest.mark.timeout(30)
async def test_who_cannot_be_let_in_for_long_is_told_to_come_back() -> None:
    async with open_desk(Timing(begin=0.2)) as desk, desk.client() as client:
        desk.standing.stuck = True
        await client.say({"id": 1, "type": "hello", "token": token(sign_in="s")})
        assert await client.closed() == (1013, "the welcome took too long")
