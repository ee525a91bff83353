"""Calls that agents dialled at their phones, while Callfloor is killed and started again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.demo.pbx.sip.call import Call
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.gaps import left_alone, started_again
from tests.pbx.site import Phones
from tests.pbx.talks import SECONDS, hears, talking
from tests.pbx.test_resilience import ended_as

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
NUMBER = "5550001"


async def answered(centre: CallCentre) -> None:
    """There is one call to the number, which Anna has had."""
    query = "SELECT direction, outcome, agent_id FROM interactions WHERE to_raw = $1"
    (row,) = await eventually(lambda: centre.rows(query, NUMBER), bool, SECONDS)
    assert row == {"direction": "outbound", "outcome": "answered", "agent_id": "anna"}
    await centre.until_quiet()


async def failed(centre: CallCentre, cause: str) -> None:
    """There is one call to the number, which nobody answered."""
    query = "SELECT outcome, cause FROM interactions WHERE to_raw = $1"
    (row,) = await eventually(lambda: centre.rows(query, NUMBER), bool, SECONDS)
    assert row == {"outcome": "failed", "cause": cause}
    await centre.until_quiet()


@asynccontextmanager
async def dialled(centre: CallCentre, phones: Phones) -> AsyncIterator[tuple[Call, Call, Seat]]:
    """Anna has called a customer at her phone, whose phone rings: both ends, and her screen."""
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        out, rung = anna.dial(NUMBER), await outside.rung()
        await seat.until("busy")
        yield out, rung, seat


async def test_an_agent_talks_on_with_a_customer_whom_they_have_called(centre: CallCentre, phones: Phones) -> None:
    async with dialled(centre, phones) as (out, rung, seat):
        await rung.answer()
        await hears(out, "caller")
        centre.server.kill()
        await hears(rung, "anna")
        await started_again(centre.server)
        await hears(out, "caller")
        await hears(rung, "anna")
        await seat.until("busy")
        await rung.hang_up()
        await out.until_ended()
        await seat.passes("working_after_call")
    await answered(centre)


async def test_a_customer_who_answers_after_the_server_was_killed_is_put_through(
    centre: CallCentre, phones: Phones
) -> None:
    async with dialled(centre, phones) as (out, rung, seat):
        centre.server.kill()
        await started_again(centre.server)
        await rung.answer()
        await hears(out, "caller")
        await hears(rung, "anna")
        await out.hang_up()
        await rung.until_ended()
        await seat.passes("working_after_call")
    await answered(centre)


async def test_a_customer_who_answers_while_the_server_is_dead_is_not_left_in_silence_nor_is_the_agent(
    centre: CallCentre, phones: Phones
) -> None:
    async with dialled(centre, phones) as (out, rung, seat):
        centre.server.kill()
        await left_alone(centre)
        await rung.answer()
        await rung.until_ended()
        await started_again(centre.server)
        await out.until_ended(SECONDS)
        await seat.until("ready")
    await failed(centre, "dropped")


async def test_a_customer_whose_agent_gives_up_while_the_server_is_dead_does_not_ring_on(
    centre: CallCentre, phones: Phones
) -> None:
    async with dialled(centre, phones) as (out, rung, seat):
        centre.server.kill()
        await out.hang_up()
        await started_again(centre.server)
        await rung.until_ended(SECONDS)
        await seat.until("ready")
    await failed(centre, "withdrawn")


async def test_colleagues_talk_on_and_the_history_knows_nothing_of_it(centre: CallCentre, phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("bo")
    rung = await bo.rung()
    await rung.answer()
    await hears(out, "bo")
    centre.server.kill()
    await started_again(centre.server)
    await hears(out, "bo")
    await hears(rung, "anna")
    await out.hang_up()
    await rung.until_ended()
    await centre.until_quiet()
    assert await centre.rows("SELECT * FROM interactions") == []


async def test_a_caller_talks_on_with_whom_they_were_handed_to_from_a_phone(centre: CallCentre, phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    async with talking(centre, phones, phone=anna) as talk, centre.seat("bo") as seat:
        await talk.agent.hold()
        second = anna.dial("bo")
        rung = await bo.rung()
        await rung.answer()
        await hears(second, "bo")
        await talk.agent.transfer_to(second)
        await second.until_ended()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await seat.until("busy")
        centre.server.kill()
        await started_again(centre.server)
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await seat.until("busy")
        await rung.hang_up()
        await talk.caller.until_ended()
        await ended_as(centre, "13800001111", outcome="answered")
