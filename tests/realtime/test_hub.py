"""Frames reach whom they are for, in order, and nobody's slowness is anybody else's."""

import asyncio
import time

import pytest

from app.realtime.hub import UNNUMBERED, Dismissed, Hub, TooSlow


async def test_subscribers_of_a_topic_get_its_frames_in_order() -> None:
    hub = Hub()
    with hub.subscribe("agent:li") as li, hub.subscribe("agent:li") as tab, hub.subscribe("agent:bo") as bo:
        hub.publish("agent:li", 1, b"one")
        hub.publish("agent:bo", 2, b"two")
        hub.publish("agent:li", 3, b"three")
        assert [await li.get(), await li.get()] == [(1, b"one"), (3, b"three")]
        assert [await tab.get(), await tab.get()] == [(1, b"one"), (3, b"three")]
        assert await bo.get() == (2, b"two")


async def test_a_broadcast_reaches_everybody_without_a_number() -> None:
    hub = Hub()
    with hub.subscribe("a") as a, hub.subscribe("b") as b:
        hub.broadcast(b"degraded")
        assert await a.get() == await b.get() == (UNNUMBERED, b"degraded")


async def test_a_waiting_subscriber_is_woken() -> None:
    hub = Hub()
    with hub.subscribe("a") as a:
        async with asyncio.TaskGroup() as group:
            got = group.create_task(a.get())
            await asyncio.sleep(0)
            a.put(b"mine")
        assert got.result() == (UNNUMBERED, b"mine")


async def test_overflow_ends_the_slow_one_only() -> None:
    hub = Hub()
    with hub.subscribe("a", limit=2) as slow, hub.subscribe("a", limit=4) as quick:
        for seq in (1, 2, 3):
            hub.publish("a", seq, b"x")
        with pytest.raises(TooSlow):
            await slow.get()
        with pytest.raises(TooSlow):
            await slow.ended()
        hub.publish("a", 4, b"dropped for the slow")
        assert (await quick.get())[0] == 1


async def test_who_is_busy_sending_learns_of_the_end_elsewhere() -> None:
    hub = Hub()
    with hub.subscribe("a") as a:
        async with asyncio.timeout(30):
            hub.dismiss(4013, "the floor moved")
            with pytest.raises(Dismissed) as dismissed:
                await a.ended()
    assert (dismissed.value.code, dismissed.value.reason) == (4013, "the floor moved")


async def test_nothing_is_left_of_those_who_left() -> None:
    hub = Hub()
    with hub.subscribe("a"), hub.subscribe("a"):
        assert hub.subscriptions == 2
        assert hub.listened("a")
    assert hub.subscriptions == 0
    assert not hub.listened("a")
    hub.publish("a", 1, b"to nobody")


async def test_publishing_costs_the_subscribers_of_the_topic_not_all() -> None:
    """Ten thousand other agents must not slow down one agent's screen pop."""

    def cost(hub: Hub) -> float:
        began = time.perf_counter()
        for seq in range(200):
            hub.publish("agent:mine", seq, b"x")
        return time.perf_counter() - began

    small, large = Hub(), Hub()
    with small.subscribe("agent:mine", limit=10**6), large.subscribe("agent:mine", limit=10**6):
        for number in range(10_000):
            large.enter(f"agent:{number}", large.subscribe(f"agent:{number}"))
        alone = min(cost(small) for _ in range(20))
        among_many = min(cost(large) for _ in range(20))
    assert among_many < alone * 5
