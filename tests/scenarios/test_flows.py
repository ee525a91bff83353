"""Callers in flows over real wires: a server that may be killed, a platform, and the core of the bank to be asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.responses import JSONResponse, Response

from tests.fixtures.bank import signed_in
from tests.fixtures.database import Server
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import SECONDS, eventually
from tests.fixtures.way import Way
from tests.scenarios.flow_desk import CARD, PIN, Desk, everything_kept, open_desk

pytestmark = pytest.mark.enable_socket


@pytest.fixture
async def desk(server: Server, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(server, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """One for all tests that leave it as it was: each has a call of its own."""
    async with open_desk(server, tmp_path_factory.mktemp("lasting")) as made:
        yield made


async def test_nothing_that_a_caller_keys_as_a_secret_is_found_anywhere_afterwards(desk: Desk) -> None:
    token = (await signed_in(desk.server.address, ["dee"]))["dee"]
    tab = Tab(Way([desk.server.address]), "dee", token, silence=SECONDS)
    run = asyncio.ensure_future(tab.run())  # noqa: TID251 - ended below
    await eventually(lambda: asyncio.sleep(0, tab.connections), lambda number: number > 0)
    await tab.ask("agent.ready")
    menu = await desk.rings("c1")
    card = await desk.presses("c1", "1", menu["script"])
    pin = await desk.presses("c1", CARD + "#", card["script"])
    wrong = await desk.presses("c1", "000000#", pin["script"])
    again = await desk.script("c1")
    late = await desk.presses("c1", PIN + "#", pin["script"])
    pin = await desk.presses("c1", CARD + "#", again["number"])
    await desk.presses("c1", PIN + "#", pin["script"])
    queued = await desk.script("c1")
    assert [each["do"] for each in queued["instructions"]][-1] == "queue"
    assert (wrong["instructions"][-1]["do"], late["instructions"]) == ("music", [])
    found = await desk.contact("c1")
    assert (found["customer"]["name"], found["verified"]) == ("Wang Wei", True)
    await desk.tells("digits", "c1", digits=PIN)  # keyed once more, to nobody
    await desk.tells("cleared", "c1")
    await desk.tells("digits", "c1", digits=CARD)
    await eventually(
        lambda: asyncio.sleep(0, [frame["type"] for frame in tab.frames]), lambda seen: "contact.offered" in seen
    )
    kept = await everything_kept(desk) + repr(tab.frames) + repr(tab.words)
    assert "collected" in kept
    assert [secret for secret in (CARD, PIN) if secret in kept] == []
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_crash_in_the_middle_of_a_menu_costs_the_caller_nothing(desk: Desk) -> None:
    menu = await desk.rings("c1")
    desk.server.kill()
    desk.server.start()
    await desk.server.answers()
    card = await desk.presses("c1", "1", menu["script"])
    assert (card["script"], card["instructions"][-1]["secret"]) == (2, True)


async def test_request_that_was_under_way_when_the_server_died_is_made_again(desk: Desk) -> None:
    desk.core.seconds = 0.8
    menu = await desk.rings("c1")
    await desk.presses("c1", "2", menu["script"])
    await eventually(lambda: asyncio.sleep(0, len(desk.core.asked)), lambda number: number == 1)
    desk.server.kill()
    desk.core.seconds = 0.0
    desk.server.start()
    await desk.server.answers()
    script = await desk.script("c1")
    assert script["instructions"][0]["text"] == "It is 12.5."
    assert set(desk.core.asked) == {"Bearer of-good-news"}


@pytest.mark.asyncio(loop_scope="module")
async def test_two_webhooks_of_one_call_at_once_are_one_step(lasting: Desk) -> None:
    menu = await lasting.rings("twice")
    answers = await asyncio.gather(*(lasting.presses("twice", "1", menu["script"]) for _ in range(2)))
    assert sorted(len(answer["instructions"]) for answer in answers) == [0, 1]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("call", "answer", "seconds"),
    [
        ("slowly", JSONResponse({"balance": 1}), 10.0),
        ("with_500", JSONResponse({"balance": 1}, 500), 0.0),
        ("not_json", Response("<html>"), 0.0),
        ("with_10_mb", Response(b'"' + b"x" * 10_000_000 + b'"'), 0.0),
    ],
    ids=["slowly", "with_500", "not_json", "with_10_mb"],
)
async def test_fetch_that_is_answered_badly_goes_the_way_of_failure(
    lasting: Desk, call: str, answer: Response, seconds: float
) -> None:
    lasting.core.answer, lasting.core.seconds = answer, seconds
    menu = await lasting.rings(call)
    await lasting.presses(call, "2", menu["script"])
    script = await lasting.script(call)
    assert [each["do"] for each in script["instructions"]] == ["queue"]
    assert (await lasting.contact(call))["queue"] == "cards"
