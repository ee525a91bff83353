"""Phones of agents that do not take a call, each in its own way: it goes to the next one, and they are told why."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.fixtures.bank import signed_in
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.site import TONES, Phones
from tests.pbx.talks import hears, hears_music

pytestmark = pytest.mark.enable_socket


async def not_ready(seat: Seat) -> str:
    """Why the agent is not ready, once they are not."""
    told = await seat.frame(
        "agent.state",
        lambda frame: frame["agent"]["state"] == "not_ready" and frame["agent"]["reason"] != "logged_on",
        20,
    )
    return str(told["agent"]["reason"])


async def test_phone_that_nobody_picks_up_stops_and_the_next_one_rings(centre: CallCentre, phones: Phones) -> None:
    anna, bo, caller = await phones.agent("anna"), await phones.agent("bo"), await phones.caller()
    async with centre.seat("anna") as first, centre.seat("bo"):
        call = caller.dial("4001")
        missed = await anna.rung()
        came = await bo.rung(30)
        assert (await missed.until_ended()).status == 487
        assert await not_ready(first) == "phone_not_answered"
        await came.answer()
        await call.until_hears(TONES["bo"])
        await call.hang_up()
    await centre.until_quiet()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (486, "phone_busy"),
        (600, "phone_busy"),
        (603, "phone_declined"),
        (480, "phone_not_answered"),
        (503, "phone_failed"),
        (488, "phone_failed"),
    ],
)
async def test_phone_that_refuses_is_followed_by_the_next_one(
    centre: CallCentre, phones: Phones, status: int, reason: str
) -> None:
    anna, bo, caller = await phones.agent("anna"), await phones.agent("bo"), await phones.caller()
    async with centre.seat("anna") as first, centre.seat("bo"):
        call = caller.dial("4001")
        (await anna.rung()).reject(status)
        came = await bo.rung()
        assert await not_ready(first) == reason
        await came.answer()
        await call.until_hears(TONES["bo"])
        await call.hang_up()
    await centre.until_quiet()


async def test_phone_that_says_nothing_is_given_up(centre: CallCentre, phones: Phones) -> None:
    anna, bo, caller = await phones.agent("anna"), await phones.agent("bo"), await phones.caller()
    async with centre.seat("anna") as first, centre.seat("bo"):
        anna.deaf = True
        call = caller.dial("4001")
        came = await bo.rung(30)
        anna.deaf = False
        assert await not_ready(first) in ("phone_not_answered", "phone_unregistered")  # whoever gives up first
        await came.answer()
        await call.until_hears(TONES["bo"])
        await call.hang_up()
    await centre.until_quiet()


async def test_agent_without_a_phone_is_told_so_and_can_be_ready_once_it_is_there(
    centre: CallCentre, phones: Phones
) -> None:
    async with centre.seat("anna", ready=False) as seat:
        refused = await eventually(lambda: seat.tab.ask("agent.ready"), lambda answer: not answer["ok"])
        assert refused["problem"]["reason"] == "phone_unregistered"
        assert "PJSIP/anna" in refused["problem"]["detail"]
        anna, caller = await phones.agent("anna"), await phones.caller()
        await seat.becomes_ready()
        call = caller.dial("4001")
        await (await anna.rung()).answer()
        await call.until_hears(TONES["anna"])
        await call.hang_up()
    await centre.until_quiet()


@asynccontextmanager
async def trouble_seen(centre: CallCentre) -> AsyncIterator[Callable[[], Awaitable[str | None]]]:
    """What an administrator sees of the Asterisk's trouble."""
    copied = "SELECT 'ada', 'Ada', 'administrator', password_hash FROM users WHERE id = 'sue'"
    await centre.rows(f"INSERT INTO users (id, name, role, password_hash) {copied}")
    token = (await signed_in(centre.server.address, ["ada"]))["ada"]
    address, headers = f"http://{centre.server.address}", {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=30, base_url=address, headers=headers) as http:

        async def seen() -> str | None:
            told: str | None = (await http.get("/api/v1/sources/asterisk/connection")).json()["trouble"]
            return told

        yield seen
    await centre.rows("DELETE FROM users WHERE id = 'ada'")


async def test_agent_at_an_address_that_asterisk_lacks_is_told_so_and_so_is_the_administrator(
    centre: CallCentre, phones: Phones
) -> None:
    moved = "UPDATE agents SET address = $1 WHERE id = 'anna'"
    await centre.rows(moved, "PJSIP/nobody")
    async with trouble_seen(centre) as seen, centre.seat("anna", ready=False) as seat:
        refused = await eventually(lambda: seat.tab.ask("agent.ready"), lambda answer: "nobody" in str(answer))
        assert refused["problem"]["reason"] == "phone_missing"
        assert refused["problem"]["detail"].startswith("There is no endpoint PJSIP/nobody at asterisk")
        assert "without an endpoint: PJSIP/nobody. Make the endpoints" in (await eventually(seen, bool) or "")
        await centre.rows(moved, "PJSIP/anna")
        await phones.agent("anna")
        await seat.becomes_ready()
        await eventually(seen, lambda trouble: trouble is None)


async def test_agent_whose_phone_is_unplugged_gets_no_call_until_it_is_back(centre: CallCentre, phones: Phones) -> None:
    anna, bo, caller = await phones.agent("anna"), await phones.agent("bo"), await phones.caller()
    async with centre.seat("anna") as first, centre.seat("bo") as second:
        await anna.register(0)
        assert await not_ready(first) == "phone_unregistered"
        call = caller.dial("4001")
        came = await bo.rung()
        assert anna.unrung
        await came.answer()
        await call.until_hears(TONES["bo"])
        await second.ask("agent.not_ready", after_contact=True, reason="break")
        await call.hang_up()
        await second.until("not_ready")
        await anna.register()
        await first.until("ready")
        again = caller.dial("4001")
        await (await anna.rung()).answer()
        await again.until_hears(TONES["anna"])
        await again.hang_up()
    await centre.until_quiet()


async def test_agent_on_a_private_call_gets_no_call_until_it_is_over(centre: CallCentre, phones: Phones) -> None:
    anna, carl, caller = await phones.agent("anna"), await phones.agent("carl"), await phones.caller()
    async with centre.seat("anna") as seat:
        private = await anna.dial("carl").until_answered()
        await (await carl.rung()).answer()
        await hears(private, "carl")
        await seat.frame("agent.state", lambda frame: frame["agent"]["phone"] == "in_use")
        call = await caller.dial("4001").until_answered()
        await hears_music(call)
        assert list(anna.calls.values()) == [private]
        await private.hang_up()
        await (await anna.rung()).answer()
        await hears(call, "anna")
        await call.hang_up()
    await centre.until_quiet()
