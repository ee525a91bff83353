"""The Asterisks that are sources: connected while the floor is ours, and as the records say."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.core.clock import now
from app.telephony.adapters.asterisk_ari import switches as module
from app.telephony.adapters.asterisk_ari.switches import PLATFORM, AsteriskSwitches
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.port import Missed, Refused, SwitchCommand
from tests.telephony.asterisk_ari.stand_in import PASSWORD, USER, StandIn, stand_in, until
from tests.telephony.asterisk_ari.test_switch import FakeFloor

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def asterisk() -> AsyncIterator[StandIn]:
    made = StandIn()
    async with stand_in(made):
        yield made


def switches(directory: SourceDirectory, floor: FakeFloor | None = None, **more: Any) -> AsteriskSwitches:
    """With nothing to say and nowhere to keep recordings."""
    nothing: Any = None
    told = floor or FakeFloor()
    return AsteriskSwitches(directory, nothing, lambda source: told, nothing, nothing, now, **more)


def source(asterisk: StandIn, name: str = "pbx", **more: Any) -> SourceAccess:
    """An Asterisk as a source."""
    given = {"command_url": asterisk.url, "account": USER, "secrets": (PASSWORD,), **more}
    return SourceAccess(id=name, platform=PLATFORM, **given)


def connected(made: AsteriskSwitches, name: str = "pbx") -> bool:
    """Whether a source is."""
    found = made.connection(name)
    return found is not None and found.connected


async def test_a_source_that_is_new_is_connected_to_and_one_that_is_gone_is_left(asterisk: StandIn) -> None:
    directory = SourceDirectory()
    made = switches(directory)
    made.start()
    directory.replace([source(asterisk), source(asterisk, "second", command_url="ws://127.0.0.1:1/")])
    await until(lambda: connected(made))
    assert not connected(made, "second")
    directory.replace([])
    await until(lambda: not asterisk.open)
    assert not connected(made)
    await made.stop()


async def test_of_two_sources_at_one_asterisk_the_second_is_left_alone_and_told_why(asterisk: StandIn) -> None:
    twin = source(asterisk, "a-twin", command_url=asterisk.url.replace("127.0.0.1", "LOCALHOST") + "/")
    directory = SourceDirectory([source(asterisk)])
    made = switches(directory)
    made.start()
    await until(lambda: connected(made))
    with capture_logs() as logged:
        directory.replace([twin, source(asterisk)])
        await until(lambda: [each for each in logged if each["log_level"] == "warning"])
        standing = made.connection("a-twin")
        assert standing is not None
        assert standing.trouble == "Source pbx has this Asterisk already; switch one of the two off."
        missed = await made.execute(twin, SwitchCommand("k", "call.hold", now(), {}))
        assert isinstance(missed, Missed)
        assert missed.detail == standing.trouble
        directory.replace([twin])
        await until(lambda: connected(made, "a-twin"))
    assert [(each["source"], each["detail"]) for each in logged if each["log_level"] == "warning"] == [
        ("a-twin", standing.trouble)
    ]
    assert asterisk.filters == 2
    await made.stop()


async def test_what_a_source_lacks_is_said_to_whoever_orders(asterisk: StandIn) -> None:
    made = switches(SourceDirectory())
    refused = await made.execute(source(asterisk, account=None), SwitchCommand("k", "call.hold", now(), {}))
    assert isinstance(refused, Refused)
    assert "account" in refused.detail
    assert isinstance(await made.execute(source(asterisk), SwitchCommand("k", "call.hold", now(), {})), Missed)


async def test_a_part_that_dies_is_told() -> None:
    class Broken(SourceDirectory):
        def of_platform(self, platform: str) -> Any:
            raise RuntimeError("broken")

    died: list[str] = []
    made = switches(Broken(), on_death=lambda name, error: died.append(name))
    made.start()
    await until(lambda: died)
    await made.stop()
    await asyncio.sleep(0)
