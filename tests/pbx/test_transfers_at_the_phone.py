"""What agents do at their phones themselves, over a real Asterisk: they call, and they transfer (REFER)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.demo.pbx.sip.call import Call, CallOver
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.site import Phones
from tests.pbx.talks import A_MOMENT, SECONDS, Talk, hears, hears_music, shown, talking

pytestmark = pytest.mark.enable_socket
NUMBER = "5550001"


async def handed_over(talk: Talk) -> None:
    """The phone is told that its transfer was done, and the agent is out of the call."""
    await talk.agent.until_ended()
    assert talk.agent.transfer_progress[-1].startswith("SIP/2.0 200")
    await talk.seat.passes("working_after_call")


async def joined(talk: Talk, second: Call) -> None:
    """The same of a phone that has joined two; its second call was gone before, as Asterisk crashes where that ends
    while the phone is told."""
    await talk.agent.until(lambda it: any("200" in each for each in it.transfer_progress), SECONDS)
    assert second.ending is not None
    await handed_over(talk)


async def refused(call: Call) -> None:
    """The phone is told that nothing comes of its transfer."""
    await call.until(lambda it: any("503" in each for each in it.transfer_progress), SECONDS)


async def outbound(centre: CallCentre) -> dict[str, Any]:
    """What is written of the only call to `NUMBER`."""
    query = "SELECT * FROM interactions WHERE to_raw = $1"
    return (await eventually(lambda: centre.rows(query, NUMBER), lambda found: len(found) == 1, SECONDS))[0]


async def test_a_phone_sends_the_caller_to_a_colleague(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.agent.transfer("bo")
        await handed_over(talk)
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def test_a_phone_sends_the_caller_to_a_number(centre: CallCentre, phones: Phones) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.agent.transfer(NUMBER)
        await handed_over(talk)
        rung = await outside.rung()
        await rung.answer()
        await hears(talk.caller, "dora")
        await hears(rung, "caller")


async def test_a_phone_sends_the_caller_to_a_queue(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.agent.transfer("taped")
        await handed_over(talk)
        await hears_music(talk.caller)
        async with centre.seat("bo"):
            await (await bo.rung()).answer()
            await hears(talk.caller, "bo")


async def test_a_phone_that_wants_the_impossible_is_told_so_and_keeps_the_caller(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.agent.transfer("carl")
        await refused(talk.agent)
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")


async def test_a_phone_that_wants_what_is_neither_number_nor_queue_is_told_so_and_may_ask_again(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.agent.transfer("4711a")
        await refused(talk.agent)
        talk.agent.transfer_progress.clear()
        await talk.agent.transfer("bo")
        await handed_over(talk)
        await (await bo.rung()).answer()
        await hears(talk.caller, "bo")


async def test_phones_that_talk_to_each_other_are_told_that_nobody_is_sent_on(
    centre: CallCentre, phones: Phones
) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("bo")
    rung = await bo.rung()
    await rung.answer()
    await hears(out, "bo")
    for phone in (out, rung):
        await phone.transfer("carl")
        await refused(phone)
    await hears(out, "bo")
    await hears(rung, "anna")
    await out.hang_up()
    await rung.until_ended()


async def test_a_phone_calls_a_colleague_and_the_floor_has_no_contact_of_it(centre: CallCentre, phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = await anna.dial("bo").until_answered()
    rung = await bo.rung()
    assert rung.caller == "anna"
    await rung.answer()
    await hears(out, "bo")
    await hears(rung, "anna")
    assert (await centre.get("/api/v1/floor")).json()["contacts"] == []
    await rung.hang_up()
    await out.until_ended()


async def test_a_colleague_who_does_not_want_to_talk_ends_the_call(centre: CallCentre, phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("bo")
    (await bo.rung()).reject(486)
    await out.until_ended()
    assert await centre.rows("SELECT * FROM interactions") == []


async def test_a_phone_calls_a_customer_who_is_a_contact_of_the_agent(centre: CallCentre, phones: Phones) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        out = anna.dial(NUMBER)
        rung = await outside.rung()
        assert (rung.number, rung.caller) == (NUMBER, "+8695555")
        await seat.until("busy")
        await rung.answer()
        await hears(out, "caller")
        await hears(rung, "anna")
        await out.hang_up()
        await rung.until_ended()
        await seat.passes("working_after_call")
    row = await outbound(centre)
    assert (row["direction"], row["outcome"]) == ("outbound", "answered")


async def test_an_agent_who_gives_up_a_call_at_the_phone_leaves_nobody_ringing_and_the_history_says_so(
    centre: CallCentre, phones: Phones
) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        out = anna.dial(NUMBER)
        rung = await outside.rung()
        await seat.until("busy")
        await out.hang_up()
        await rung.until_ended()
        await seat.until("ready")
    row = await outbound(centre)
    assert (row["direction"], row["outcome"], row["cause"]) == ("outbound", "failed", "withdrawn")
    query = "SELECT kind, data FROM interaction_entries WHERE interaction_id = $1 ORDER BY at, id"
    told = [(each["kind"], json.loads(each["data"])) for each in await centre.rows(query, row["id"])]
    ends = {kind: (data.get("agent"), data["cause"]) for kind, data in told if "cause" in data}
    assert ends["call.connection_cleared"] == ("anna", "hung_up")
    assert ends["call.failed"] == (None, "withdrawn")


async def test_what_a_phone_dials_and_nobody_has_is_refused(centre: CallCentre, phones: Phones) -> None:
    anna = await phones.agent("anna")
    with pytest.raises(CallOver):
        await anna.dial("nobody").until_answered()
    assert await centre.rows("SELECT * FROM interactions") == []


async def test_an_agent_who_has_called_a_colleague_joins_them_with_the_caller(
    centre: CallCentre, phones: Phones
) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    async with talking(centre, phones, phone=anna) as talk, centre.seat("bo") as seat:
        await talk.agent.hold()
        await hears_music(talk.caller)
        second = anna.dial("bo")
        rung = await bo.rung()
        await rung.answer()
        await second.until_answered()
        await hears(second, "bo")
        await talk.agent.transfer_to(second)
        await joined(talk, second)
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await seat.until("busy")
        await rung.hang_up()
        await talk.caller.until_ended()
        assert (await centre.history("13800001111"))["outcome"] == "answered"


async def test_an_agent_who_has_called_a_number_joins_it_with_the_caller(centre: CallCentre, phones: Phones) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones, phone=anna) as talk:
        await talk.agent.hold()
        second = anna.dial(NUMBER)
        rung = await outside.rung()
        await rung.answer()
        await second.until_answered()
        await hears(second, "dora")
        await talk.agent.transfer_to(second)
        await joined(talk, second)
        await hears(talk.caller, "dora")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def test_a_phone_that_brings_somebody_while_another_transfer_is_decided_is_told_what_became_of_that(
    centre: CallCentre, phones: Phones
) -> None:
    bo, anna, outside = await phones.agent("bo"), await phones.agent("anna"), await phones.outside()
    async with talking(centre, phones, phone=anna) as talk, centre.seat("bo"):
        await talk.agent.hold()
        second = anna.dial(NUMBER)
        await (await outside.rung()).answer()
        await second.until_answered()
        await shown(talk.seat, talk.contact, held=True)
        async with nothing_decided(centre):
            await talk.agent.transfer("bo")
            await talk.agent.transfer_to(second)
            await asyncio.sleep(A_MOMENT)
        await talk.agent.until_ended()
        assert talk.agent.transfer_progress[-1].startswith("SIP/2.0 200")
        assert not any("503" in each for each in talk.agent.transfer_progress)
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")


@asynccontextmanager
async def nothing_decided(centre: CallCentre) -> AsyncIterator[None]:
    """The floor cannot commit anything for as long as the block lasts."""
    connection = await asyncpg.connect(centre.database.dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE live_contacts IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_the_recording_of_a_call_to_whom_the_caller_is_handed_is_kept(centre: CallCentre, phones: Phones) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones, phone=anna) as talk:
        await talk.agent.hold()
        second = anna.dial(NUMBER)
        rung = await outside.rung()
        await rung.answer()
        await hears(second, "dora")
        query = "SELECT id::text FROM live_contacts WHERE id <> $1::uuid"
        ((contact,),) = [tuple(row.values()) for row in await centre.rows(query, talk.contact)]
        await talk.seat.ask("call.record", contact_id=contact, do="start")
        spool = centre.site.server.recordings
        await eventually(lambda: asyncio.sleep(0, [*spool.glob("*.tape.*")]), bool, SECONDS)
        await talk.agent.transfer_to(second)
        await handed_over(talk)
        query = "SELECT seconds, agents FROM recordings WHERE contact_id = $1::uuid"
        (kept,) = await eventually(lambda: centre.rows(query, contact), bool, SECONDS)
        assert kept["agents"] == ["anna"]
        assert kept["seconds"] > 0
        await hears(talk.caller, "dora")
        await rung.hang_up()
        await talk.caller.until_ended()
