"""Callers who were sent, or left, to somebody at a number, while Callfloor is dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.core.tasks import begin
from app.demo.pbx.sip.call import Call
from app.floor.call_control.contacts import REQUEUE_SECONDS
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.gaps import cut_off, restarted, started_again
from tests.pbx.site import Phones
from tests.pbx.talks import A_MOMENT, SECONDS, Talk, hears, hears_music, hears_ringing, served_by_bo, talking
from tests.pbx.test_resilience import ended_as
from tests.pbx.test_transfers import answered, gone
from tests.pbx.test_transfers_beside import conference, state
from tests.pbx.test_undecided import GIVE_UP

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
CALLER, NUMBER = "13800001111", "5550001"


@asynccontextmanager
async def rung(centre: CallCentre, phones: Phones) -> AsyncIterator[tuple[Talk, Call]]:
    """Anna has sent a caller to a number, which rings."""
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.transfer", to={"number": NUMBER})
        number = await outside.rung()
        await gone(talk)
        await hears_ringing(talk.caller)
        yield talk, number


async def by_command(talk: Talk) -> None:
    """She completes the transfer."""
    await talk.ask("call.complete_transfer")
    await gone(talk)


async def at_the_phone(talk: Talk) -> None:
    """She puts the phone down."""
    await talk.agent.hang_up()


@asynccontextmanager
async def consulted(centre: CallCentre, phones: Phones, leaves: str) -> AsyncIterator[tuple[Talk, Call]]:
    """Anna has left a caller to somebody at a number whom she had consulted."""
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.ask("call.consult", to={"number": NUMBER})
        number = await outside.rung()
        await number.answer()
        await hears(talk.agent, "dora")
        await answered(talk)
        await (by_command if leaves == "by command" else at_the_phone)(talk)
        await with_number(talk, number)
        yield talk, number


async def with_number(talk: Talk, number: Call) -> None:
    """The caller and whoever is at the number hear each other."""
    await hears(talk.caller, "dora")
    await hears(number, "caller")


async def test_caller_whose_number_is_not_reached_while_the_server_is_dead_is_given_back_to_the_queue(
    centre: CallCentre, phones: Phones
) -> None:
    async with rung(centre, phones) as (talk, number):
        centre.server.kill()
        number.reject(486)
        await started_again(centre.server)
        await eventually(lambda: state(centre, talk.contact), lambda it: it == "waiting", SECONDS)
        await hears_music(talk.caller)
        await served_by_bo(centre, phones, talk)
        await ended_as(centre, CALLER, outcome="answered")


async def test_caller_whose_number_rings_on_while_the_server_is_dead_comes_to_it(
    centre: CallCentre, phones: Phones
) -> None:
    async with rung(centre, phones) as (talk, number):
        await restarted(centre)
        await hears_ringing(talk.caller)
        await number.answer()
        await with_number(talk, number)
        await number.hang_up()
        await talk.caller.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered")


async def test_caller_whom_the_number_has_left_while_the_server_was_dead_is_hung_up_on(
    centre: CallCentre, phones: Phones
) -> None:
    async with rung(centre, phones) as (talk, number):
        await number.answer()
        await with_number(talk, number)
        centre.server.kill()
        await number.hang_up()
        await started_again(centre.server)
        await talk.caller.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered")


ways = pytest.mark.parametrize(
    ("leaves", "first"), [("by command", "number"), ("at the phone", "number"), ("by command", "caller")]
)


@ways
async def test_caller_left_to_a_number_that_was_consulted_talks_on_after_the_server_was_killed_until_either_hangs_up(
    centre: CallCentre, phones: Phones, leaves: str, first: str
) -> None:
    async with consulted(centre, phones, leaves) as (talk, number):
        await restarted(centre)
        await with_number(talk, number)
        here, there = (talk.caller, number) if first == "caller" else (number, talk.caller)
        await here.hang_up()
        await there.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered", agent_id="anna")


@ways
async def test_caller_and_number_that_was_consulted_of_whom_one_hangs_up_while_the_server_is_dead_are_both_let_go(
    centre: CallCentre, phones: Phones, leaves: str, first: str
) -> None:
    async with consulted(centre, phones, leaves) as (talk, number):
        centre.server.kill()
        here, there = (talk.caller, number) if first == "caller" else (number, talk.caller)
        await here.hang_up()
        await started_again(centre.server)
        await there.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered", agent_id="anna")


@pytest.mark.parametrize("gap", ["killed", "cut off"])
async def test_caller_whose_agent_and_the_number_that_was_consulted_both_hang_up_meanwhile_waits_again(
    centre: CallCentre, phones: Phones, gap: str
) -> None:
    outside = await phones.outside()
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.consult", to={"number": NUMBER})
        number = await outside.rung()
        await number.answer()
        await answered(talk)
        async with away(centre, gap):
            await number.hang_up()
            await talk.agent.hang_up()
        await eventually(lambda: state(centre, talk.contact), lambda it: it == "waiting", SECONDS)
        await hears_music(talk.caller)
        await talk.caller.hang_up()
        await centre.until_quiet()


@asynccontextmanager
async def away(centre: CallCentre, gap: str) -> AsyncIterator[None]:
    """Meanwhile the server is dead, or has no connection."""
    if gap == "cut off":
        async with cut_off(centre):
            yield
        return
    centre.server.kill()
    yield
    await started_again(centre.server)


async def test_caller_whom_one_of_two_agents_has_left_to_a_number_has_it_when_the_other_goes_after_a_restart(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with conference(centre, phones) as (talk, bo, _):
        await talk.ask("call.consult", to={"number": NUMBER})
        number = await outside.rung()
        await number.answer()
        await answered(talk)
        await by_command(talk)
        await hears(number, "caller", "bo")
        await restarted(centre)
        await bo.hang_up()
        await with_number(talk, number)
        await number.hang_up()
        await talk.caller.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered")


@pytest.mark.parametrize("killed", [False, True], ids=["at once", "after a restart"])
async def test_caller_who_was_sent_to_a_queue_waits_on_as_the_number_to_which_another_had_sent_them_hangs_up(
    centre: CallCentre, phones: Phones, killed: bool
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with conference(centre, phones) as (talk, bo, seat):
        for each in (talk.seat, seat):
            await each.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.transfer", to={"number": NUMBER})
        number = await outside.rung()
        await number.answer()
        await hears(number, "caller", "bo")
        await seat.ask("call.transfer", contact_id=talk.contact, to={"queue": "cards"})
        await bo.until_ended()
        await with_number(talk, number)
        if killed:
            await restarted(centre)
        await number.hang_up()
        await hears_music(talk.caller)
        assert await state(centre, talk.contact) == "waiting"


@pytest.mark.parametrize("answers", [True, False], ids=["whom they talk to", "that rings"])
async def test_caller_whose_last_agent_hangs_up_while_the_server_is_dead_has_the_number_to_which_another_sent_them(
    centre: CallCentre, phones: Phones, answers: bool
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with conference(centre, phones) as (talk, bo, _):
        await talk.ask("call.transfer", to={"number": NUMBER})
        number = await outside.rung()
        if answers:
            await number.answer()
            await hears(talk.caller, "bo", "dora")
        await gone(talk)
        centre.server.kill()
        await bo.hang_up()
        await started_again(centre.server)
        await stays_there(centre, talk, number, answers)


async def test_caller_whose_agent_hangs_up_while_the_server_is_dead_has_the_number_that_was_called_into_the_talk(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.ask("call.conference", to={"number": NUMBER})
        number = await outside.rung()
        await number.answer()
        await hears(talk.caller, "anna", "dora")
        centre.server.kill()
        await talk.agent.hang_up()
        await started_again(centre.server)
        await stays_there(centre, talk, number, answered=True)


async def test_caller_whose_transfer_to_a_number_is_not_told_before_the_server_dies_has_the_number(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        async with nothing_told_after(centre, talk):
            number = await outside.rung()
            await talk.agent.until_ended()
            centre.server.kill()
            await centre.rows(GIVE_UP)
        await started_again(centre.server)
        await stays_there(centre, talk, number, answered=False)


async def stays_there(centre: CallCentre, talk: Talk, number: Call, answered: bool) -> None:
    """The caller goes on with the number, or to it, and nobody else is looked for; with it the call ends."""
    if not answered:
        await hears_ringing(talk.caller)
    await asyncio.sleep(REQUEUE_SECONDS + A_MOMENT)
    assert await state(centre, talk.contact) == "arriving"
    if not answered:
        await number.answer()
    await with_number(talk, number)
    await number.hang_up()
    await talk.caller.until_ended(SECONDS)
    await ended_as(centre, CALLER, outcome="answered")


@asynccontextmanager
async def nothing_told_after(centre: CallCentre, talk: Talk) -> AsyncIterator[None]:
    """Anna sends the caller to a number, and the floor cannot commit anything after that."""
    lock = "LOCK TABLE live_contacts IN EXCLUSIVE MODE"
    first, second = await asyncpg.connect(centre.database.dsn), await asyncpg.connect(centre.database.dsn)
    try:
        async with second.transaction():
            async with first.transaction():
                await first.execute(lock)
                asked = begin("transfer", talk.ask("call.transfer", to={"number": NUMBER}))
                await waiting(centre, 1)
                locked = begin("lock", second.execute(lock))
                await waiting(centre, 2)
            await asyncio.gather(asked, locked)
            yield
    finally:
        await asyncio.gather(first.close(), second.close())


async def waiting(centre: CallCentre, number: int) -> None:
    """For a lock of the database."""
    look = """SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"""
    await eventually(lambda: centre.rows(look), lambda rows: len(rows) == number, SECONDS)
