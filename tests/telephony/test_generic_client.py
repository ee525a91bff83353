"""Commands over real HTTP: signed, told once per attempt, and every answer read for what it means."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from app.core import signing
from app.core.clock import FrozenClock
from app.telephony.adapters.generic.client import GenericDriver, open_client
from app.telephony.directory import SourceAccess
from app.telephony.port import Delivered, Missed, Outcome, Refused, SwitchCommand
from tests.fixtures.serving import serving

pytestmark = pytest.mark.enable_socket

CLOCK = FrozenClock()
SECRETS = ("whsec_c2VjcmV0LW9uZS1mb3ItdGhlLXRlc3Q=", "whsec_YW5vdGhlci1zZWNyZXQtZm9yLXRlc3Q=")
HOLD = SwitchCommand("main-7", "call.hold", CLOCK.instant, {"call_id": "c-1", "leg_id": "l-1"})


class Switch:
    """A platform that answers what it is told to and remembers what it was sent."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.answer = Response("sorry\0" if status >= 300 else "", status, headers)
        self.heard: list[tuple[str, bytes]] = []

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        headers = dict(request.headers.raw)
        self.heard.append((signing.verify(headers, body, SECRETS[:1], CLOCK.instant), body))
        return self.answer


async def ordered(switch: Switch, secrets: tuple[str, ...] = SECRETS) -> Outcome:
    app = Starlette(routes=[Route("/orders", switch.__call__, methods=["POST"])])
    async with serving(app) as (address, _), open_client() as http:
        access = SourceAccess("pbx", secrets, f"http://{address}/orders")
        return await GenericDriver(http, CLOCK).execute(access, HOLD)


async def test_a_command_arrives_signed_with_the_first_secret() -> None:
    switch = Switch(204)
    assert await ordered(switch) == Delivered()
    expected = b'{"type":"call.hold","timestamp":"2027-01-15T08:00:00.000Z","data":{"call_id":"c-1","leg_id":"l-1"}}'
    assert switch.heard == [("main-7", expected)]


@pytest.mark.parametrize("status", [301, 400, 404, 409, 410, 422])
async def test_these_answers_are_final(status: int) -> None:
    outcome = await ordered(Switch(status, {"location": "/elsewhere"}))
    assert isinstance(outcome, Refused)
    assert outcome.detail == f"Source pbx answered {status}."


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_these_answers_may_change(status: int) -> None:
    outcome = await ordered(Switch(status))
    assert isinstance(outcome, Missed)
    assert outcome.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: float | None) -> None:
    outcome = await ordered(Switch(503, {"retry-after": header}))
    assert isinstance(outcome, Missed)
    assert outcome.retry_after == seconds


async def test_nobody_listening_may_change() -> None:
    async with open_client() as http:
        access = SourceAccess("pbx", SECRETS, "http://127.0.0.1:1/")
        assert await GenericDriver(http, CLOCK).execute(access, HOLD) == Missed(
            "Source pbx did not answer (ConnectError)."
        )


@pytest.mark.parametrize("address", ["http://me:hunter2@127.0.0.1:1/?key=hunter2", "http://me:hunter2@switch:port/"])
async def test_the_secrets_of_an_address_are_told_to_nobody(address: str) -> None:
    async with open_client() as http:
        outcome = await GenericDriver(http, CLOCK).execute(SourceAccess("pbx", SECRETS, address), HOLD)
    assert isinstance(outcome, Missed | Refused)
    assert "hunter2" not in outcome.detail
    assert "127.0.0.1" not in outcome.detail


async def test_what_the_platform_says_is_in_the_log_only() -> None:
    with capture_logs() as logged:
        outcome = await ordered(Switch(404))
    assert isinstance(outcome, Refused)
    assert "sorry" not in outcome.detail
    assert [(entry["status"], entry["said"]) for entry in logged] == [(404, "sorry\ufffd")]


@pytest.mark.parametrize(
    ("secrets", "url", "said"),
    [
        (SECRETS, None, "no command_url"),
        (("whsec_",), "http://127.0.0.1:1/", "no usable secret"),
        (SECRETS, "ftp://switch", "not an http"),
        (SECRETS, "switch:5060", "not an http"),
        (SECRETS, "http://switch:port/", "not an http"),
        (SECRETS, "http://xn--n3h.net/", "not an http"),
    ],
)
async def test_a_source_that_cannot_be_ordered_from_says_so(
    secrets: tuple[str, ...], url: str | None, said: str
) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        outcome = await GenericDriver(http, CLOCK).execute(SourceAccess("pbx", secrets, url), HOLD)
    assert isinstance(outcome, Refused)
    assert said in outcome.detail
