"""A side whose network is gone in the middle of a call says no goodbye; its leg ends all the same."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.demo.pbx.install import Installation
from tests.fixtures.database import Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.site import PbxSite, Phones, started
from tests.pbx.talks import hears, talking

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def wary(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PbxSite]:
    """An Asterisk that takes two seconds of silence for the end of a leg."""
    with started(installation, tmp_path_factory.mktemp("wary"), silence=2) as site:
        yield site


@pytest.fixture
async def handsets(wary: PbxSite) -> AsyncIterator[Phones]:
    """Phones at it."""
    async with AsyncExitStack() as stack:
        yield Phones(wary, stack)


@pytest.fixture
async def bank(server: Server, wary: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    """A call centre at it."""
    async with call_centre(server, wary, tmp_path) as made:
        yield made


async def test_a_caller_who_is_gone_without_a_word_leaves_the_agent_and_is_in_the_history(
    bank: CallCentre, handsets: Phones
) -> None:
    async with talking(bank, handsets) as talk:
        talk.caller.lose_network()
        await talk.agent.until_ended()
        row = await bank.history("13800001111")
        assert (row["outcome"], row["agent_id"]) == ("answered", "anna")
        await bank.until_quiet()


async def test_the_caller_of_an_agent_who_is_gone_without_a_word_is_answered_by_the_next_one(
    bank: CallCentre, handsets: Phones
) -> None:
    bo = await handsets.agent("bo")
    async with talking(bank, handsets) as talk, bank.seat("bo"):
        talk.agent.lose_network()
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "bo")
        await talk.caller.hang_up()
        await rung.until_ended()
    await bank.until_quiet()
