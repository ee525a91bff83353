"""Switches whose clock is not ours: what an order does is told by the same clock as what they tell themselves."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.core.clock import FrozenClock, iso, now
from app.telephony.adapters.asterisk_ari.actions import Told
from app.telephony.adapters.asterisk_ari.calls import LiveCall
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.switch_clock import EVENTS, SwitchClock
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Script
from app.telephony.port import Notice
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import AGENT, Bench, FakeFloor, running


class Diary(FakeFloor):
    """Also keeps when what it is told has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: dict[str, float] = {}

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        self.happened[notice.event.type] = notice.event.at
        return await super().take(notice, delivery, secret)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    made.floor = Diary()
    async with running(made):
        await made.connected()
        yield made


async def talking(bench: Bench) -> str:
    """An agent talks to a caller; their channel."""
    assert isinstance(bench.floor, Diary)
    told = bench.floor.happened
    await bench.asterisk.call()
    await until(lambda: EventType.OFFERED in told)
    await bench.order(OrderType.CONNECT, agent=AGENT)
    leg = bench.asterisk.said("POST", "channels")[-1]["query"]["channelId"]
    await bench.asterisk.tell("StasisStart", args=["leg"], channel=incoming(leg))
    await until(lambda: EventType.ESTABLISHED in told)
    return str(leg)


@pytest.mark.enable_socket
@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
async def test_what_an_order_does_is_told_by_the_clock_of_the_switch(bench: Bench, ahead: float) -> None:
    assert isinstance(bench.floor, Diary)
    told = bench.floor.happened
    bench.asterisk.since = iso(now() + ahead)
    await talking(bench)
    await bench.order(OrderType.TRANSFER, agent=AGENT, to={"queue": "cards"})
    await until(lambda: EventType.TRANSFERRED in told)
    assert 0 <= told[EventType.TRANSFERRED] - told[EventType.ESTABLISHED] < 1800


@pytest.mark.enable_socket
async def test_a_phones_hold_that_is_read_after_an_order_that_it_came_before_is_no_late_news(bench: Bench) -> None:
    """The caller hears music then, and the floor is to know."""
    assert isinstance(bench.floor, Diary)
    told = bench.floor.happened
    before = bench.asterisk.since = iso(now())
    leg = await talking(bench)
    await asyncio.sleep(0.01)
    await bench.order(OrderType.HOLD, key="main-2", agent=AGENT)
    await bench.order(OrderType.RETRIEVE, key="main-3", agent=AGENT)
    await until(lambda: EventType.RETRIEVED in told)
    del told[EventType.HELD]
    assert bench.asterisk.since == before
    await bench.asterisk.tell("ChannelHold", channel=incoming(leg))
    await until(lambda: EventType.HELD in told)
    assert told[EventType.HELD] > told[EventType.RETRIEVED]


def test_news_of_a_leg_goes_on_by_a_clock_that_was_set_back() -> None:
    call = LiveCall(Line(Setup(), "17.1"))
    at = [
        call.in_order(Told(type=EventType.HELD, at=at, leg_id="17.2")).at
        for at in (1000.0, 999.998, 1000.0, 900.0, 901.0)
    ]
    assert at == [1000.0, 1000.001, 1000.002, 900.0, 901.0]


def test_clock_of_a_switch_is_that_of_the_event_which_came_fastest_and_goes_on_from_there() -> None:
    ours = FrozenClock(1000.0)
    its = SwitchClock(ours)
    assert its() == 1000.0
    for late in (0.5, 0.1, 0.3):
        its.heard(1005.0 - late)
    its.heard(0)
    assert its() == 1004.9
    ours.advance(10)
    assert its() == 1014.9


def test_clock_of_a_switch_that_is_set_back_is_believed_soon() -> None:
    ours = FrozenClock(1000.0)
    its = SwitchClock(ours)
    its.heard(1100.0)
    for _ in range(EVENTS):
        its.heard(990.0)
    assert its() == 990.0
