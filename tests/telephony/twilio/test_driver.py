"""The driver against the stand-in's REST API: every way in which it can fail, and orders that come twice."""

import httpx
import msgspec
import pytest
from starlette.responses import JSONResponse, Response

from app.core.clock import now
from app.telephony.adapters.twilio.driver import TwilioDriver
from app.telephony.directory import SourceAccess
from app.telephony.instructions import Say, Script
from app.telephony.port import Delivered, Driver, Missed, Refused, SwitchCommand
from tests.telephony.twilio.desk import ANNA, desk

pytestmark = pytest.mark.enable_socket

NOBODY = "CA" + "f" * 32


def error(status: int, code: int, **headers: str) -> JSONResponse:
    """An error as Twilio answers it."""
    return JSONResponse({"code": code, "message": "sorry"}, status, headers)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error(429, 20429), Missed("Source tw answered 429 (error 20429).")),
        (error(503, 20503, **{"retry-after": "7"}), Missed("Source tw answered 503 (error 20503).", 7.0)),
        (Response("<html>", 502), Missed("Source tw answered 502.")),
        (Response("<html>", 200), Missed("Source tw answered with something that is not JSON.")),
        (JSONResponse({"conferences": 5}), Missed("Source tw answered with something that is not understood.")),
        (error(401, 20003), Refused("Source tw answered 401 (error 20003).")),
        (error(404, 20404), Refused("Source tw answered 404 (error 20404).")),
        (error(400, 21220), Refused("Source tw answered 400 (error 21220).")),
    ],
)
async def test_what_an_answer_means(answer: Response, outcome: Missed | Refused) -> None:
    async with desk() as made:
        line = await made.waiting()
        made.rest.next_answers.append(answer)
        assert await made.order("call.hold", line.sid, agent=ANNA) == outcome


async def test_nobody_listening_may_change() -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        access = SourceAccess("tw", ("t",), "http://127.0.0.1:1", account="AC1", public_url="http://x", caller_id="+1")
        command = SwitchCommand("k", "call.connect", now(), {"call_id": "c", "contact_id": "d", "agent": ANNA})
        driver: Driver = TwilioDriver(http, now)
        assert await driver.execute(access, command) == Missed("Source tw did not answer (ConnectError).")


@pytest.mark.parametrize("address", ["ftp://switch", "http://switch:port"])
async def test_an_address_that_is_none(address: str) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        access = SourceAccess("tw", ("t",), address, account="AC1", public_url="http://x", caller_id="+1")
        command = SwitchCommand("k", "call.cancel", now(), {"call_id": "c", "contact_id": "d", "agent": ANNA})
        outcome = await TwilioDriver(http, now).execute(access, command)
    assert outcome == Refused("The command_url of source tw is no http(s) address.")


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"account": None}, "no account"),
        ({"public_url": None}, "no public_url"),
        ({"secrets": ()}, "no auth token"),
        ({"caller_id": None}, "no caller_id"),
    ],
)
async def test_a_source_that_is_not_set_up_says_what_it_lacks(lacking: dict[str, object], said: str) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        whole = SourceAccess("tw", ("t",), None, account="AC1", public_url="http://x", caller_id="+1")
        access = msgspec.structs.replace(whole, **lacking)
        command = SwitchCommand("k", "call.connect", now(), {"call_id": "c", "contact_id": "d", "agent": ANNA})
        outcome = await TwilioDriver(http, now).execute(access, command)
    assert isinstance(outcome, Refused)
    assert said in outcome.detail


async def test_what_twilio_would_refuse_is_refused_here() -> None:
    async with desk() as made:
        line = await made.waiting()
        agent = {"id": "cleo", "address": None}
        said = await made.order("call.connect", line.sid, agent=agent)
        assert isinstance(said, Refused)
        assert "cleo has no address" in said.detail
        long = Script(number=9, instructions=(Say(text="x" * 5000, language="en"),))
        said = await made.order("call.script", line.sid, script=msgspec.to_builtins(long))
        assert isinstance(said, Refused)
        assert "too long" in said.detail
        assert isinstance(await made.order("call.script", line.sid, script={"number": "x"}), Refused)
        assert isinstance(await made.order("call.teleport", line.sid), Refused)
        boss = {"id": "b", "address": "client:b"}
        said = await made.order("call.listen", line.sid, agent=boss, mode="whisper", to={"agent": "anna"})
        assert said == Refused("The agent who is to be coached is not on this call.")


async def test_an_order_that_comes_again_rings_once() -> None:
    async with desk() as made:
        line = await made.waiting()
        for _ in range(3):
            assert await made.order("call.connect", line.sid, key="main-7", agent=ANNA) == Delivered()
        assert sum(1 for each in made.cloud.lines.values() if each.to == ANNA["address"]) == 1


async def test_an_order_whose_answer_was_lost_is_found_done() -> None:
    async with desk() as made:
        line = await made.waiting()
        made.rest.deaf = 1
        assert isinstance(await made.order("call.connect", line.sid, key="main-7", agent=ANNA), Missed)
        made.driver = TwilioDriver(made.driver._http, now)  # another process takes over, and knows of nothing
        assert await made.order("call.connect", line.sid, key="main-7", agent=ANNA) == Delivered()
        assert sum(1 for each in made.cloud.lines.values() if each.to == ANNA["address"]) == 1


@pytest.mark.parametrize(
    "kind", ["call.hold", "call.retrieve", "call.disconnect", "call.script", "call.offer_callback"]
)
async def test_a_call_that_the_platform_does_not_know_is_refused(kind: str) -> None:
    async with desk() as made:
        made.contacts[NOBODY] = "019bc1f4-0000-7000-8000-00000000000a"
        script = msgspec.to_builtins(Script(number=1, instructions=()))
        assert isinstance(await made.order(kind, NOBODY, script=script), Refused)


async def test_what_is_wanted_of_a_call_that_is_over() -> None:
    async with desk() as made:
        line = await made.waiting()
        line.hang_up()
        await made.cloud.until(lambda: made.calls[line.sid].over)
        assert isinstance(await made.order("call.offer_callback", line.sid), Refused)
        assert await made.order("call.disconnect", line.sid) == Delivered()
        assert await made.order("call.cancel", line.sid, agent=ANNA) == Delivered()


async def test_a_wrong_token_is_refused() -> None:
    async with desk() as made:
        line = await made.waiting()
        made.access = msgspec.structs.replace(made.access, secrets=("wrong", *made.access.secrets))
        assert await made.order("call.disconnect", line.sid) == Refused("Source tw answered 401 (error 20003).")
