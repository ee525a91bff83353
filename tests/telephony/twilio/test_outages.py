"""Outages, repetitions and callbacks out of order over the stand-in: nobody hears silence, nothing counts twice."""

import pytest

from tests.telephony.twilio.desk import ANNA, CALLER, Desk, desk
from tests.telephony.twilio.test_calls import flow

pytestmark = pytest.mark.enable_socket


async def outage_over(made: Desk) -> None:
    """Wait until an apology was heard, and let the desk be well again."""
    line = next(iter(made.cloud.lines.values()))
    await made.cloud.until(lambda: any("sorry" in each for each in line.heard))
    made.down = False


async def test_an_outage_is_heard_as_an_apology_and_nothing_is_lost() -> None:
    async with desk() as made:
        made.script, made.down = flow, True
        line = made.cloud.call(CALLER, "+4930111")
        await outage_over(made)
        await made.cloud.until(lambda: "say en-US: Press 1" in line.heard)
        line.press("1")
        await made.cloud.until(lambda: made.told("call.digits"))
        assert len(made.told("call.offered")) == 1


async def test_what_was_committed_but_not_said_is_said_at_the_next_attempt() -> None:
    async with desk() as made:
        made.script, made.deaf = flow, 1
        line = made.cloud.call(CALLER, "+4930111")
        await made.cloud.until(lambda: "say en-US: Press 1" in line.heard)
        assert len(made.told("call.offered")) == 1


async def test_every_request_twice_and_answers_that_get_lost_change_nothing() -> None:
    async with desk() as made:
        made.cloud.webhooks.repeats, made.cloud.webhooks.losing = 2, 3
        line, agent = await made.talking()
        line.hang_up()
        await made.cloud.until(lambda: agent.over and made.calls[line.sid].over)
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "cleared")
        types = [event.type for event in made.events if event.type in ("call.offered", "call.established")]
        assert types == ["call.offered", "call.established"]


async def test_callbacks_out_of_order_end_in_the_same_legs() -> None:
    async with desk() as made:
        made.cloud.shuffled = True
        line = await made.waiting()
        await made.order("call.connect", line.sid, agent=ANNA)
        agent = await made.cloud.rung(ANNA["address"])
        agent.answer()
        await made.cloud.until(lambda: agent.room is not None)
        agent.hang_up()
        await made.cloud.until(lambda: made.legs(line.sid).get("anna") == "cleared")
        sequences = [event.sequence for event in made.events if event.agent == "anna"]
        assert sorted(sequences, key=lambda each: each or 0) != sequences


async def test_a_server_that_was_away_is_asked_again_by_the_platforms_fallback() -> None:
    async with desk() as made:
        made.script = flow
        good = made.cloud.numbers["+4930111"]
        made.cloud.numbers["+4930111"] = type(good)("http://127.0.0.1:1/voice", good.status, good.fallback)
        line = made.cloud.call(CALLER, "+4930111")
        await made.cloud.until(lambda: "say en-US: Press 1" in line.heard)
        assert made.cloud.faults == ["11200 http://127.0.0.1:1/voice 0"]
