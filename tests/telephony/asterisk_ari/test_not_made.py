"""Legs that Asterisk does not make: a phone is away, a trunk is not there, or it cannot, and it says the same."""

import pytest
from structlog.testing import capture_logs

from app.telephony.events import EventType, OrderType
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import AGENT, Bench, running

pytestmark = pytest.mark.enable_socket
DIALLED = {"call_id": "c1", "contact_id": "c1", "agent": AGENT, "to": {"number": "13800001111"}}


def refusing(state: str, endpoint: str) -> Bench:
    """Anna's phone is in this state, and whatever is rung there cannot be."""
    bench = Bench()
    bench.asterisk.endpoints = [{"technology": "PJSIP", "resource": "anna", "state": state, "channel_ids": []}]
    bench.asterisk.answers = lambda asked: 500 if asked["query"].get("endpoint") == endpoint else 204
    return bench


@pytest.mark.parametrize(("state", "cause"), [("offline", "unregistered"), ("online", "switch_failed")])
async def test_a_phone_that_is_there_is_not_told_to_be_unregistered(state: str, cause: str) -> None:
    async with running(refusing(state, "PJSIP/anna")) as bench:
        await bench.connected()
        await bench.asterisk.call()
        await until(lambda: bench.floor.told)
        with capture_logs() as logged:
            await bench.order(OrderType.CONNECT, agent=AGENT)
            await until(lambda: ("17.1", EventType.FAILED) in bench.floor.told)
        assert bench.floor.causes[-1] == cause
        (line,) = [each for each in logged if each["event"] == "request refused"]
        assert (line["log_level"], line["rung"], line["status"]) == ("warning", "PJSIP/anna", 500)


async def test_a_customer_who_cannot_be_dialled_has_no_phone_of_ours() -> None:
    async with running(refusing("online", "PJSIP/13800001111")) as bench:
        await bench.connected()
        await bench.order(OrderType.DIAL, **DIALLED)
        leg = bench.asterisk.said("POST", "channels")[-1]["query"]["channelId"]
        await bench.asterisk.tell("StasisStart", args=["leg"], channel=incoming(leg))
        await until(lambda: ("c1", EventType.FAILED) in bench.floor.told)
        assert bench.floor.causes[-1] == "switch_failed"
