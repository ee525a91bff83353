"""Sources that are changed or switched off while they have calls: none of them is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.core.clock import now
from app.telephony.adapters.asterisk_ari import switches as module
from app.telephony.adapters.asterisk_ari.switches import AsteriskSwitches
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.events import EventType, OrderType
from app.telephony.port import Delivered, KnownCall, Outcome, SwitchCommand
from tests.telephony.asterisk_ari.stand_in import StandIn, incoming, stand_in, until
from tests.telephony.asterisk_ari.test_switch import AGENT, FakeFloor
from tests.telephony.asterisk_ari.test_switches import connected, source, switches

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)


PHONE = {"exten": "13900001111", "app_name": "Stasis", "app_data": "callfloor,phone,13900001111"}


class Site:
    """One Asterisk, and the source that it is."""

    def __init__(self) -> None:
        self.asterisk = StandIn()
        self.floor = FakeFloor()
        self.directory = SourceDirectory()
        self.switches: AsteriskSwitches = switches(self.directory, self.floor)
        self.source = SourceAccess("pbx", ())

    async def change(self, **changes: Any) -> None:
        """The source is like this now, and that is obeyed."""
        self.source = source(self.asterisk, **changes)
        self.directory.replace([self.source])
        await until(lambda: self.switches._running.get("pbx", (None,))[0] == self.source)

    async def order(self, kind: str, **data: Any) -> Outcome:
        """Execute an order."""
        command = SwitchCommand("main-1", kind, now(), {"call_id": "17.1", **data})
        return await self.switches.execute(self.source, command)

    async def ends(self) -> None:
        """The caller hangs up."""
        self.asterisk.channels.clear()
        await self.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)

    @property
    def told(self) -> list[str]:
        """What the floor was told of the call."""
        return [kind for call, kind in self.floor.told if call == "17.1"]


def rung(site: Site) -> list[str]:
    """The channels that were to be made."""
    asked = [each["query"] for each in site.asterisk.said("POST", "channels")]
    return [each["channelId"] for each in asked if "channelId" in each]


@asynccontextmanager
async def running() -> AsyncIterator[Site]:
    """A site without a source."""
    site = Site()
    async with stand_in(site.asterisk):
        site.switches.start()
        yield site
        await site.switches.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """With one call."""
    async with running() as made:
        await made.change()
        await until(lambda: connected(made.switches))
        await made.asterisk.call()
        await until(lambda: made.told)
        yield made


async def test_a_source_that_is_changed_keeps_its_connection_and_its_calls(site: Site) -> None:
    await site.change(caller_id="+8695555", dial="PJSIP/{number}@other")
    assert isinstance(await site.order(OrderType.CONFERENCE, agent=AGENT, to={"number": "139"}), Delivered)
    await site.asterisk.call("17.2")
    await until(lambda: ("17.2", EventType.OFFERED) in site.floor.told)
    await site.order(OrderType.CONFERENCE, call_id="17.2", agent=AGENT, to={"number": "139"})
    made = [each["query"] for each in site.asterisk.said("POST", "channels") if each["uri"] == "channels"]
    assert [each["endpoint"] for each in made] == ["PJSIP/139", "PJSIP/139@other"]
    assert made[1]["callerId"] == "+8695555"
    assert site.asterisk.filters == 1


async def test_a_source_whose_address_changes_is_connected_to_anew_and_its_calls_go_on(site: Site) -> None:
    site.floor.agent_at = lambda address: "anna"  # type: ignore[method-assign]
    dialled = {**incoming("17.5"), "name": "PJSIP/anna-1", "dialplan": PHONE}
    site.asterisk.channels.append(dialled)
    await site.asterisk.tell("StasisStart", args=["phone", "13900001111"], channel=dialled)
    await until(lambda: ("17.5", EventType.ESTABLISHED) in site.floor.told)
    await until(lambda: rung(site))
    site.asterisk.channels.append({**incoming(rung(site)[-1]), "dialplan": {"app_name": "AppDial2"}})
    await site.change(command_url=site.asterisk.url.replace("127.0.0.1", "localhost"))
    await until(lambda: site.asterisk.filters == 2 and connected(site.switches))
    assert isinstance(await site.order(OrderType.CONNECT, agent=AGENT), Delivered)
    await site.ends()
    await until(lambda: site.told == [EventType.OFFERED, EventType.CLEARED])
    assert ("17.5", EventType.CLEARED) not in site.floor.told
    assert ("17.5", EventType.FAILED) not in site.floor.told
    assert not site.asterisk.said("DELETE", "channels/17.5")


async def test_what_is_not_told_yet_of_a_source_that_is_changed_still_is(site: Site) -> None:
    site.floor.busy = True
    await site.ends()
    await until(lambda: not site.switches._running["pbx"][1].standing.calls)
    await site.change(command_url=site.asterisk.url.replace("127.0.0.1", "localhost"))
    site.floor.busy = False
    await until(lambda: site.told == [EventType.OFFERED, EventType.CLEARED])
    await until(lambda: connected(site.switches))


async def test_a_source_that_is_switched_off_takes_no_new_calls_and_is_left_once_its_own_have_ended(site: Site) -> None:
    await site.change(active=False)
    await site.asterisk.call("17.2")
    await until(lambda: site.asterisk.said("POST", "channels/17.2/continue"))
    assert site.asterisk.said("POST", "channels/17.2/continue")[0]["query"]["context"] == "callfloor-away"
    assert isinstance(await site.order(OrderType.CONNECT, agent=AGENT), Delivered)
    assert isinstance(await site.order(OrderType.DISCONNECT), Delivered)
    assert site.asterisk.open
    await site.ends()
    for leg in rung(site):
        await site.asterisk.tell("ChannelDestroyed", channel=incoming(leg), cause=16)
    await until(lambda: not site.asterisk.open)
    assert site.told == [EventType.OFFERED, EventType.CLEARED]
    assert not connected(site.switches)
    assert ("17.2", EventType.OFFERED) not in site.floor.told


async def test_a_source_that_is_switched_off_is_not_left_before_all_is_told(site: Site) -> None:
    await site.change(active=False)
    site.floor.busy = True
    await site.ends()
    await until(lambda: not site.switches._running["pbx"][1].standing.calls)
    await asyncio.sleep(0.1)
    site.floor.busy = False
    await until(lambda: site.told == [EventType.OFFERED, EventType.CLEARED])
    await until(lambda: not site.asterisk.open)


async def test_a_source_that_is_switched_on_again_takes_calls_again(site: Site) -> None:
    await site.change(active=False)
    await site.change()
    await site.asterisk.call("17.2")
    await until(lambda: ("17.2", EventType.OFFERED) in site.floor.told)
    assert site.asterisk.filters == 1


async def test_calls_of_a_source_that_is_switched_off_go_on_after_a_restart_too() -> None:
    async with running() as site:
        site.asterisk.channels.append(incoming("17.1"))
        site.floor.alive = [KnownCall("17.1", ())]
        await site.change(active=False)
        await until(lambda: connected(site.switches))
        assert isinstance(await site.order(OrderType.DISCONNECT), Delivered)
        site.floor.alive = []
        await site.ends()
        await until(lambda: not site.asterisk.open)


async def test_a_source_that_is_switched_off_and_has_no_calls_is_not_connected_to() -> None:
    async with running() as site:
        site.directory.replace([source(site.asterisk, active=False), source(site.asterisk, "other")])
        await until(lambda: connected(site.switches, "other"))
        assert not connected(site.switches)
        assert site.asterisk.filters == 1
