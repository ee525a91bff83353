"""Who is there: pings, silence, several tabs, restarts, and a floor that moves."""

import asyncio

import pytest
from msgspec.structs import replace

from app.core.clock import now
from app.floor.commands import Answer, Connect, Disconnect
from tests.api.sockets.desk import QUICK, Desk, open_desk
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket
PATIENT, LONGER = replace(QUICK, silence=2.0), 2.5
"""Who is silent for two seconds is closed: on a busy machine somebody may come to answer after one only."""


async def farewells(desk: Desk) -> list[Disconnect]:
    return list(desk.floor.of(Disconnect))


async def test_two_tabs_see_the_same_frames_streams_939() -> None:
    async with open_desk() as desk, desk.client() as one, desk.client() as two:
        await one.hello()
        await two.hello()
        desk.floor.happens("li")
        assert await one.hear() == await two.hear() == {"seq": 1, "type": "agent.state"}
        assert desk.tabs.count("li") == 2


async def test_only_the_last_of_two_tabs_takes_the_agent_away() -> None:
    async with open_desk() as desk:
        async with desk.client() as one:
            await one.hello()
            async with desk.client() as two:
                await two.hello()
            await eventually(lambda: asyncio.sleep(0, desk.tabs.count("li")), lambda count: count == 1)
            assert await farewells(desk) == []
        (farewell,) = await eventually(lambda: farewells(desk), lambda found: len(found) == 1)
        assert farewell.agent_id == "li"
        assert now() - 5 < farewell.last_heard <= now()
        assert len(desk.floor.of(Connect)) == 2


async def test_a_farewell_waits_for_the_journal_to_commit_again() -> None:
    async with open_desk() as desk:
        async with desk.client() as client:
            await client.hello()
            desk.floor.status = "degraded"
        await asyncio.sleep(0.1)
        desk.floor.status = "owner"
        assert await eventually(lambda: farewells(desk), lambda found: len(found) == 1)


async def test_who_is_back_before_the_farewell_was_taken_is_not_sent_away() -> None:
    async with open_desk() as desk:
        async with desk.client() as client:
            await client.hello()
            desk.floor.status = "degraded"
        await asyncio.sleep(0.1)
        desk.floor.status = "owner"
        async with desk.client() as client:
            await client.hello()
            await asyncio.sleep(1.2)
            assert await farewells(desk) == []


async def test_a_client_that_answers_pings_stays() -> None:
    async with open_desk(PATIENT) as desk, desk.client() as client:
        await client.hello()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LONGER):
                await client.hear()
        assert client.pings > 5


async def test_a_silent_client_is_closed_and_the_floor_told_when_it_was_last_heard_chatwoot_9625_taskrouter_6() -> None:
    async with open_desk(replace(QUICK, silence=0.3)) as desk, desk.client(mute=True) as client:
        before = now()
        await client.hello()
        heard = now()
        assert await client.closed() == (4000, "nothing heard for 0.3 seconds")
        assert now() - before > 0.3
        (farewell,) = await eventually(lambda: farewells(desk), lambda found: len(found) == 1)
        assert before - 0.05 <= farewell.last_heard <= heard + 0.05


async def test_a_client_is_not_silent_while_the_floor_is_slow() -> None:
    async with open_desk(PATIENT) as desk, desk.client() as client:
        await client.hello()
        taken = asyncio.Event()
        submit = desk.floor.submit

        async def slow(*args: object) -> Answer:
            await taken.wait()
            return await submit(*args)  # type: ignore[no-any-return]

        desk.floor.submit = slow
        await client.say({"id": 2, "type": "agent.ready"})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LONGER):
                await client.hear()
        taken.set()
        assert await client.hear() == {"re": 2, "ok": True}


async def test_an_agent_unknown_to_the_floor_is_closed_4003() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.answers[Connect] = lambda _: Answer(False, {"code": "not-found", "detail": "No agent li."})
        assert (await client.hello())["problem"]["status"] == 404
        assert await client.closed() == (4003, "No agent li.")


async def test_a_process_that_does_not_own_the_floor_closes_4013() -> None:
    async with open_desk() as desk:
        desk.floor.status = "standby"
        async with desk.client() as client:
            assert (await client.closed())[0] == 4013


async def test_a_floor_that_moves_sends_everybody_to_the_other_process() -> None:
    async with open_desk() as desk, desk.client() as li, desk.client("/ws/floor") as sue:
        await li.hello()
        await sue.hello("sue", "supervisor")
        desk.hub.dismiss(4013, "another process owns the floor")
        assert await li.closed() == await sue.closed() == (4013, "another process owns the floor")


async def test_a_lost_floor_is_noticed_at_the_next_ping_at_the_latest() -> None:
    async with open_desk(QUICK) as desk, desk.client() as client:
        await client.hello()
        desk.floor.status = "standby"
        assert (await client.closed())[0] == 4013


async def test_a_hello_while_the_journal_cannot_commit_is_told_to_come_back() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.status = "degraded"
        assert (await client.hello())["problem"]["status"] == 503
        assert (await client.closed())[0] == 1013


async def test_a_restart_closes_1012() -> None:
    async with open_desk() as desk, desk.client() as li, desk.client() as silent:
        await li.hello()
        assert desk.server is not None
        desk.server.should_exit = True
        assert (await li.closed())[0] == 1012
        assert (await silent.closed())[0] == 1012
