"""The connection to one Asterisk, with whatever can go wrong on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from app.core.clock import now
from app.core.errors import Unavailable
from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari import calls
from app.telephony.adapters.asterisk_ari import switch as module
from app.telephony.adapters.asterisk_ari.ari import retrying
from app.telephony.adapters.asterisk_ari.ari.connection import Access, SwitchAway
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.line.player import Media
from app.telephony.adapters.asterisk_ari.switch import Switch
from app.telephony.events import EventType, OrderType, PhoneWord
from app.telephony.instructions import Play, Script
from app.telephony.port import Delivered, KnownCall, KnownLeg, KnownRecording, Missed, Notice, Refused, SwitchCommand
from tests.telephony.asterisk_ari.fake_tapes import FakeTapes
from tests.telephony.asterisk_ari.stand_in import PASSWORD, USER, StandIn, incoming, stand_in, until

pytestmark = pytest.mark.enable_socket
AGENT = {"id": "anna", "address": "PJSIP/anna"}


class Busy(Unavailable):
    """The floor takes nothing now."""


class FakeFloor:
    """Takes what it is told, unless it is `busy`."""

    def __init__(self) -> None:
        self.busy = False
        self.told: list[tuple[str, str]] = []
        self.causes: list[str | None] = []
        self.phones: list[tuple[str, str]] = []
        self.agents: list[str] = []
        self.alive: list[KnownCall] = []
        self.waited_for: list[KnownRecording] = []
        self.script: Script | None = None
        self.wishes: list[str] = []
        self.declines: str | None = "nobody is transferred here"

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        if self.busy:
            raise Busy("not now", retry_after=0)
        self.told.append((notice.event.call_id, notice.event.type))
        self.causes.append(notice.event.cause)
        script = self.script if notice.event.type in (EventType.OFFERED, EventType.SCRIPT_LOST) else None
        return f"contact of {notice.event.call_id}", script

    async def phone(self, address: str, word: str) -> None:
        if self.busy:
            raise Busy("not now", retry_after=0)
        self.phones.append((address, word))

    def calls(self) -> list[KnownCall]:
        if self.busy:
            raise Busy("not now")
        return self.alive

    def recordings(self) -> list[KnownRecording]:
        return self.waited_for

    async def transfer(self, contact: str, agent: str, target: str, key: str) -> str | None:
        self.wishes.append(target)
        return self.declines

    def agent_at(self, address: str) -> str | None:
        return None

    def addresses(self) -> frozenset[str]:
        return frozenset(self.agents)


class FakePrompts:
    """Every prompt is one sound."""

    async def playable(self, script: Script) -> list[Any]:
        return [(Media("sound:hello"),)]


class Bench:
    """A switch, its Asterisk and its floor."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.asterisk = StandIn()
        self.floor = FakeFloor()
        self.tapes: Any = FakeTapes()
        self.password = password
        self.switch: Any = None
        self.prompts: Any = FakePrompts()

    def make(self) -> Switch:
        """The switch."""
        access = Access(self.asterisk.url, USER, self.password, "callfloor")
        self.switch = Switch("pbx", access, Setup(), self.prompts, self.floor, self.tapes, now)
        made: Switch = self.switch
        return made

    async def order(self, kind: str, **data: Any) -> Any:
        """Execute an order."""
        return await self.switch.execute(self.command(kind, **data))

    def command(self, kind: str, key: str = "main-1", **data: Any) -> SwitchCommand:
        """An order for the call."""
        return SwitchCommand(key, kind, now(), {"call_id": "17.1", **data})

    async def connected(self, times: int = 1) -> None:
        """Until it has connected so often."""
        await until(lambda: self.asterisk.filters >= times and self.switch.standing.connected)


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Bench]:
    """Let it run."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stand_in(bench.asterisk))
        tasks = Supervisor()
        stack.push_async_callback(tasks.stop)
        tasks.start("switch", bench.make().run())
        yield bench


@asynccontextmanager
async def connected() -> AsyncIterator[Bench]:
    """One that has connected."""
    async with running(Bench()) as bench:
        await bench.connected()
        yield bench


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "REPLACED_SECONDS", 0.3)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with connected() as made:
        yield made


async def test_a_call_is_told_and_nothing_is_kept_of_it_after_its_end(bench: Bench) -> None:
    for number in range(20):
        await bench.asterisk.call(f"17.{number}")
        await bench.asterisk.tell("StasisEnd", channel=incoming(f"17.{number}"))
        await bench.asterisk.tell("ChannelDestroyed", channel=incoming(f"17.{number}"), cause=16)
    await until(lambda: len(bench.floor.told) == 40)
    for number in range(20):
        assert [kind for call, kind in bench.floor.told if call == f"17.{number}"] == [
            EventType.OFFERED, EventType.CLEARED,
        ]  # fmt: skip
    assert not bench.switch._calls
    assert not bench.switch._by_channel


async def test_an_answer_that_comes_after_the_end_of_a_call_keeps_nothing_of_it(bench: Bench) -> None:
    bench.asterisk.answers = lambda asked: 404 if asked["method"] == "DELETE" else 204
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    await bench.order(OrderType.CONNECT, agent=AGENT)
    await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
    leg = bench.asterisk.said("POST", "channels")[-1]["query"]["channelId"]
    await bench.asterisk.tell("ChannelDestroyed", channel=incoming(leg), cause=16)
    await until(lambda: ("17.1", EventType.CLEARED) in bench.floor.told)
    assert isinstance(await bench.order(OrderType.HOLD, agent=AGENT), Refused)
    assert not bench.switch._by_channel


async def test_an_order_whose_answer_does_not_come_has_missed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "ANSWER_SECONDS", 0.2)
    bench.asterisk.answers = lambda asked: None
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    missed = await bench.order(OrderType.DISCONNECT)
    assert isinstance(missed, Missed)
    assert "in time" in missed.detail


async def test_an_order_during_which_the_connection_breaks_has_missed_and_comes_again(bench: Bench) -> None:
    bench.asterisk.answers = lambda asked: None
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    tasks, outcomes = Supervisor(), list[Any]()

    async def ordered() -> None:
        outcomes.append(await bench.order(OrderType.DISCONNECT))

    tasks.start("order", ordered())
    await until(lambda: bench.asterisk.said("DELETE", "channels/17.1"))
    await bench.asterisk.drop()
    await until(lambda: outcomes)
    assert isinstance(outcomes[0], Missed)
    bench.asterisk.answers = lambda asked: 204
    await bench.connected(2)
    assert isinstance(await bench.order(OrderType.DISCONNECT), Delivered)
    assert len(bench.asterisk.said("DELETE", "channels/17.1")) == 2
    await tasks.stop()


async def test_without_a_connection_orders_miss_and_say_why(bench: Bench) -> None:
    bench.asterisk.full = True
    await bench.asterisk.drop()
    await until(lambda: not bench.switch.standing.connected and "sessionlimit" in (bench.switch.trouble or ""))
    missed = await bench.order(OrderType.CONNECT, agent=AGENT)
    assert isinstance(missed, Missed)
    assert "sessionlimit" in missed.detail


async def test_events_are_filtered_anew_at_every_connection(bench: Bench) -> None:
    await bench.asterisk.drop()
    await bench.connected(2)
    await bench.asterisk.drop()
    await bench.connected(3)


async def test_a_menu_goes_on_after_a_connection_that_broke(bench: Bench) -> None:
    bench.floor.script = Script(number=1, instructions=(Play(media="hello"),))
    await bench.asterisk.call()
    await until(lambda: bench.asterisk.said("POST", "channels/17.1/play"))
    await bench.asterisk.drop()
    await bench.connected(2)
    await until(lambda: len(bench.asterisk.said("POST", "channels/17.1/play")) == 2)
    assert ("17.1", EventType.SCRIPT_LOST) in bench.floor.told


async def test_a_call_that_ended_while_the_connection_was_broken_is_over(bench: Bench) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    bench.asterisk.channels.clear()
    await bench.asterisk.drop()
    await until(lambda: ("17.1", EventType.CLEARED) in bench.floor.told)
    assert bench.floor.causes[-1] == "dropped"


async def test_calls_of_an_asterisk_that_was_started_anew_were_lost_with_it(bench: Bench) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    bench.asterisk.channels.clear()
    bench.asterisk.since = "2026-01-02T00:00:00.000+0000"
    await bench.asterisk.drop()
    await until(lambda: ("17.1", EventType.CLEARED) in bench.floor.told)
    assert bench.floor.causes[-1] == "switch_lost"


async def test_calls_of_an_asterisk_that_stays_away_are_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 0.5)
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    bench.floor.alive = [KnownCall("17.1", ()), KnownCall("16.9", ())]
    bench.asterisk.full = True
    await bench.asterisk.drop()
    await until(lambda: {("17.1", EventType.CLEARED), ("16.9", EventType.CLEARED)} <= set(bench.floor.told))


async def test_a_call_that_only_the_floor_knows_is_over_and_who_is_missing_on_another_has_left() -> None:
    bench = Bench()
    bench.floor.alive = [KnownCall("16.9", ()), KnownCall("17.1", (KnownLeg("x", "bo"),))]
    bench.asterisk.channels = [incoming("17.1")]
    async with running(bench):
        await until(lambda: len(bench.floor.told) == 4)
        assert [kind for call, kind in bench.floor.told if call == "16.9"] == [EventType.CLEARED]
        assert [kind for call, kind in bench.floor.told if call == "17.1"] == [
            EventType.OFFERED, EventType.SCRIPT_LOST, EventType.CONNECTION_CLEARED,
        ]  # fmt: skip


async def test_an_order_for_a_call_that_is_not_taken_up_yet_misses_instead_of_being_refused() -> None:
    bench = Bench()
    bench.asterisk.channels = [incoming("17.1")]
    bench.floor.busy = True
    async with running(bench):
        await until(lambda: bench.asterisk.said("GET", "endpoints/PJSIP"))
        assert isinstance(await bench.order(OrderType.DISCONNECT), Missed)
        bench.floor.busy = False
        await bench.connected()
        assert isinstance(await bench.order(OrderType.DISCONNECT), Delivered)


def test_pauses_between_attempts_grow_to_an_end() -> None:
    pauses = [retrying.pause_before(SwitchAway(""), attempt) for attempt in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] == 5.0


async def test_who_is_replaced_stands_back_and_takes_the_switch_back_while_the_floor_is_theirs(bench: Bench) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    await bench.asterisk.tell("ApplicationReplaced", application="callfloor")
    await until(lambda: not bench.switch.standing.connected)
    assert "another source that reaches the same Asterisk" in bench.switch.trouble
    assert isinstance(await bench.order(OrderType.CONNECT, agent=AGENT), Missed)
    await bench.connected(2)
    assert ("17.1", EventType.CLEARED) not in bench.floor.told


async def test_news_wait_in_their_order_for_a_floor_that_is_away(bench: Bench) -> None:
    bench.floor.busy = True
    await bench.asterisk.call()
    await bench.asterisk.tell("DeviceStateChanged", device_state={"name": "PJSIP/anna", "state": "UNAVAILABLE"})
    await bench.asterisk.tell("DeviceStateChanged", device_state={"name": "PJSIP/anna", "state": "NOT_INUSE"})
    await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
    await until(lambda: not bench.switch._calls)
    assert not bench.floor.told
    bench.floor.busy = False
    await until(lambda: len(bench.floor.told) == 2 and ("PJSIP/anna", "available") in bench.floor.phones)
    assert [kind for _, kind in bench.floor.told] == [EventType.OFFERED, EventType.CLEARED]
    assert bench.floor.phones[-1] == ("PJSIP/anna", "available")


async def test_what_phones_are_is_unknown_without_a_connection_and_told_anew_with_it() -> None:
    bench = Bench()
    bench.asterisk.endpoints = [{"technology": "PJSIP", "resource": "anna", "state": "online", "channel_ids": []}]
    async with running(bench):
        await until(lambda: ("PJSIP/anna", "available") in bench.floor.phones)
        bench.asterisk.full = True
        await bench.asterisk.drop()
        await until(lambda: bench.floor.phones[-1] == ("PJSIP/anna", PhoneWord.UNKNOWN))
        bench.asterisk.full = False
        await until(lambda: bench.floor.phones[-1] == ("PJSIP/anna", "available"))


async def test_states_of_what_is_no_phone_are_nobodys(bench: Bench) -> None:
    await bench.asterisk.tell("DeviceStateChanged", device_state={"name": "Stasis:callfloor", "state": "INUSE"})
    await bench.asterisk.tell("DeviceStateChanged", device_state={"name": "PJSIP/bo", "state": "INUSE"})
    await until(lambda: bench.floor.phones)
    assert bench.floor.phones == [("PJSIP/bo", "in_use")]


async def test_frames_that_are_not_understood_are_passed_over(bench: Bench) -> None:
    await bench.asterisk.sockets[-1].send("this is no JSON")
    await bench.asterisk.sockets[-1].send('{"no": "type"}')
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    assert bench.asterisk.filters == 1


async def test_a_fault_of_ours_with_one_event_costs_no_call(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    monkeypatch.setattr(bench.switch._calls["17.1"].line, "take", lambda event, now: 1 / 0)
    await bench.asterisk.tell("ChannelHold", channel=incoming("17.1"))
    await bench.connected(2)
    await bench.asterisk.call("17.2")
    await until(lambda: ("17.2", EventType.OFFERED) in bench.floor.told)


async def test_a_switch_that_is_left_leaves_nothing_running_and_no_call_hung_up() -> None:
    bench = Bench()
    bench.floor.script = Script(number=1, instructions=(Play(media="hello"),))
    async with running(bench):
        await bench.connected()
        await bench.asterisk.call()
        await until(lambda: bench.asterisk.said("POST", "channels/17.1/play"))
    assert isinstance(await bench.order(OrderType.DISCONNECT), Missed)
    assert not bench.asterisk.said("DELETE", "channels")
    assert not [task for task in asyncio.all_tasks() if "17.1" in task.get_name()]


async def test_who_has_gone_already_is_held_to_be_hung_up_on(bench: Bench) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
    await until(lambda: not bench.switch._by_channel)
    assert isinstance(await bench.order(OrderType.DISCONNECT), Delivered)
    assert isinstance(await bench.order(OrderType.HOLD, agent=AGENT), Refused)
