"""Answers of an Asterisk that are late, lost, or never come."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection

from app.core.tasks import begin
from app.telephony.adapters.asterisk_ari import calls
from app.telephony.adapters.asterisk_ari.actions import Request
from app.telephony.adapters.asterisk_ari.ari import connection as module
from app.telephony.adapters.asterisk_ari.ari.connection import Access, AriConnection, SwitchAway
from app.telephony.events import EventType, OrderType
from app.telephony.port import Delivered, Missed
from tests.telephony.asterisk_ari.stand_in import PASSWORD, USER, StandIn, stand_in, until
from tests.telephony.asterisk_ari.test_switch import AGENT, connected

pytestmark = pytest.mark.enable_socket


@asynccontextmanager
async def connection_to(asterisk: StandIn) -> AsyncIterator[tuple[AriConnection, list[str]]]:
    """A connection that is read from, and why that has ended."""
    ended: list[str] = []
    async with stand_in(asterisk):
        access = Access(asterisk.url, USER, PASSWORD, "callfloor")
        async with await AriConnection.open(access) as connection:

            async def reads() -> None:
                try:
                    await connection.run(lambda event: None)
                except SwitchAway as error:
                    ended.append(error.detail)

            reading = begin("events", reads())
            yield connection, ended
        await reading


def get(what: str) -> Request:
    """Ask for something."""
    return Request(method="GET", path=what)


async def test_an_asterisk_that_answers_nothing_is_left_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
    asterisk = StandIn()
    asterisk.answers = lambda asked: None
    async with connection_to(asterisk) as (connection, ended):
        unanswered = [connection.send(get(f"channels/{number}")) for number in range(50)]
        with pytest.raises(SwitchAway, match="did not answer GET channels/0"):
            await unanswered[0]
        await until(lambda: ended)
        assert ended == [f"127.0.0.1:{asterisk.port} did not answer GET channels/0."]
        assert all(each.done() for each in unanswered)
        assert not connection._asked


async def test_an_answer_that_is_lost_among_others_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    asterisk = StandIn()
    asterisk.answers = lambda asked: None if asked["uri"] == "lost" else 204
    async with connection_to(asterisk) as (connection, ended):
        lost = connection.send(get("lost"))
        while not lost.done():
            try:
                await connection.ask(get("found"))
            except SwitchAway:
                break
        await until(lambda: ended)
        assert "did not answer GET lost" in ended[0]


async def test_an_asterisk_that_is_slow_with_many_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 2.0)
    asterisk, serve = StandIn(), StandIn.serve

    async def slowly(self: StandIn, socket: ServerConnection) -> None:
        send: Callable[[str], Awaitable[None]] = socket.send

        async def later(text: str) -> None:
            await asyncio.sleep(0.05)
            assert json.loads(text)["type"] == "RESTResponse"
            await send(text)

        socket.send = later  # type: ignore[assignment, method-assign]
        await serve(self, socket)

    monkeypatch.setattr(StandIn, "serve", slowly)
    async with connection_to(asterisk) as (connection, ended):
        answers = await asyncio.gather(*(connection.ask(get(f"channels/{number}")) for number in range(45)))
        assert all(each.ok for each in answers)
        assert not ended


async def test_an_order_that_is_not_answered_misses_and_the_switch_is_looked_at_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 1.5)
    async with connected() as bench:
        await bench.asterisk.call()
        await until(lambda: bench.asterisk.said("POST", "channels/17.1"))
        bench.asterisk.answers = lambda asked: None
        missed = await bench.order(OrderType.DISCONNECT)
        assert isinstance(missed, Missed)
        assert "did not answer DELETE channels/17.1" in missed.detail
        bench.asterisk.answers = lambda asked: 204
        await bench.connected(2)
        assert isinstance(await bench.order(OrderType.DISCONNECT), Delivered)


async def test_an_answer_that_comes_late_still_counts_and_the_order_that_comes_again_rings_nobody_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "ANSWER_SECONDS", 0.1)
    async with connected() as bench:
        await bench.asterisk.call()
        await until(lambda: bench.floor.told)
        bench.asterisk.answers = lambda asked: None
        assert isinstance(await bench.order(OrderType.CONNECT, agent=AGENT), Missed)
        bench.asterisk.answers = lambda asked: 204
        await bench.order(OrderType.CONNECT, agent=AGENT)
        (rung,) = [each for each in bench.asterisk.said("POST", "channels") if each["uri"] == "channels"]
        await bench.asterisk.tell("RESTResponse", request_id=rung["request_id"], status_code=500, message_body="{}")
        await until(lambda: ("17.1", EventType.FAILED) in bench.floor.told)
        assert bench.asterisk.filters == 1


async def test_answers_that_nobody_waits_for_change_nothing() -> None:
    async with connected() as bench:
        await bench.asterisk.call()
        await until(lambda: bench.asterisk.said("POST", "channels/17.1"))
        answered = bench.asterisk.asked[-1]["request_id"]
        for number in (answered, answered, "4711", "none", "", "-1"):
            await bench.asterisk.tell("RESTResponse", request_id=number, status_code=500, message_body="{}")
        await bench.asterisk.call("17.2")
        await until(lambda: ("17.2", EventType.OFFERED) in bench.floor.told)
        assert bench.floor.told == [("17.1", EventType.OFFERED), ("17.2", EventType.OFFERED)]
        assert bench.asterisk.filters == 1
