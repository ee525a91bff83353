"""Calls that have ended, and what comes late for them."""

from typing import Any

import pytest

from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari.ended_calls import REMEMBERED_SECONDS, Gone
from app.telephony.events import EventType, OrderType
from app.telephony.port import Missed, Refused
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import AGENT, Bench, running


def test_a_call_is_remembered_for_a_while_after_its_end_and_not_for_ever() -> None:
    gone = Gone()
    gone.add("17.1", 0.0)
    gone.add("17.2", REMEMBERED_SECONDS)
    assert "17.1" in gone
    gone.add("17.3", REMEMBERED_SECONDS + 1)
    assert "17.1" not in gone
    assert "17.2" in gone


def test_a_call_that_the_switch_has_after_all_is_not_held_to_be_over() -> None:
    gone = Gone()
    gone.add("17.1", 0.0)
    gone.back("17.1")
    assert "17.1" not in gone


@pytest.mark.enable_socket
async def test_an_order_to_dial_that_comes_again_after_the_end_of_its_call_rings_nobody() -> None:
    dialled = {"call_id": "c1", "contact_id": "c1", "agent": AGENT, "to": {"number": "13800001111"}}
    tasks, missed = Supervisor(), list[Any]()
    async with running(Bench()) as bench:
        await bench.connected()
        bench.asterisk.answers = lambda asked: None

        async def ordered() -> None:
            missed.append(await bench.order(OrderType.DIAL, **dialled))

        tasks.start("order", ordered())
        await until(lambda: bench.asterisk.said("POST", "channels"))
        await bench.asterisk.drop()
        await until(lambda: missed)
        assert isinstance(missed[0], Missed)
        bench.asterisk.answers = lambda asked: 204
        await bench.connected(2)
        await until(lambda: ("c1", EventType.CLEARED) in bench.floor.told)
        assert isinstance(await bench.order(OrderType.DIAL, **dialled), Refused)
        assert len(bench.asterisk.said("POST", "channels")) == 1
        await tasks.stop()


@pytest.mark.enable_socket
async def test_events_that_are_doubled_and_out_of_order_after_the_end_of_a_call_begin_it_no_more() -> None:
    async with running(Bench()) as bench:
        await bench.connected()
        await bench.asterisk.call()
        came = {"args": ["inbound", "4001"], "channel": incoming("17.1")}
        for _ in range(2):
            await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
            await bench.asterisk.tell("StasisEnd", channel=incoming("17.1"))
            await bench.asterisk.tell("StasisStart", **came)
        await bench.asterisk.call("17.2")
        await until(lambda: ("17.2", EventType.OFFERED) in bench.floor.told)
        assert [kind for call, kind in bench.floor.told if call == "17.1"] == [EventType.OFFERED, EventType.CLEARED]
        assert bench.switch.standing.calls == 1
