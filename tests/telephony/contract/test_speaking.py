"""What every speaking half owes: an outcome for each order, whatever the platform or the network does."""

import asyncio

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.telephony.adapters.generic.channels import OrderData
from app.telephony.events import OrderType
from app.telephony.port import Delivered, Missed, Outcome, Refused
from tests.fixtures.serving import serving
from tests.telephony.contract.cases import SPEAKERS, Speaker
from tests.telephony.contract.orders import ABOUT, DATA, order

pytestmark = pytest.mark.enable_socket
each_speaker = pytest.mark.parametrize("adapter", SPEAKERS.values(), ids=SPEAKERS)
OVER_HTTP = {name: each for name, each in SPEAKERS.items() if each.takes_http}
each_over_http = pytest.mark.parametrize("adapter", OVER_HTTP.values(), ids=OVER_HTTP)


Outcomes = dict[OrderType, Outcome]


async def ordered(adapter: Speaker, answers: list[Response]) -> list[Outcomes]:
    """What becomes of all orders, given at once, at a platform that answers everything in the first of these ways, in
    the second, and so on."""
    given = list(answers)

    async def whatever(request: Request) -> Response:
        return given[0]

    app = Starlette(routes=[Route("/{path:path}", whatever, methods=["GET", "POST", "PUT", "DELETE"])])
    found = []
    async with serving(app) as (address, _), adapter.opened() as driver:
        access = adapter.access(f"http://{address}")
        while given:
            key = f"main-{len(given)}"
            outcomes = await asyncio.gather(*(driver.execute(access, order(kind, key)) for kind in OrderType))
            found.append(dict(zip(OrderType, outcomes, strict=True)))
            given.pop(0)
    return found


@pytest.mark.parametrize("kind", OrderType)
def test_the_sample_of_an_order_is_as_it_is_described(kind: OrderType) -> None:
    data = ABOUT | DATA[kind]
    assert msgspec.to_builtins(msgspec.convert(data, OrderData)) == data


@each_speaker
async def test_nobody_there_is_missed_and_says_whom_without_telling_secrets(adapter: Speaker) -> None:
    async with adapter.opened() as driver:
        access = adapter.access(adapter.nowhere)
        for kind in OrderType:
            outcome = await driver.execute(access, order(kind))
            assert isinstance(outcome, Missed | Refused), kind
            assert access.id in outcome.detail
            assert not [secret for secret in access.secrets if secret in outcome.detail]
            assert "127.0.0.1" not in outcome.detail
        assert isinstance(await driver.execute(access, order(OrderType.DISCONNECT)), Missed)


@each_over_http
async def test_what_may_change_is_missed_or_was_never_possible(adapter: Speaker) -> None:
    answers = [Response("sorry", status) for status in (408, 425, 429, 500, 502, 503)]
    for outcomes in await ordered(adapter, answers):
        assert not [kind for kind, outcome in outcomes.items() if isinstance(outcome, Delivered)]
        assert isinstance(outcomes[OrderType.DISCONNECT], Missed)


@each_over_http
async def test_what_is_refused_is_not_asked_again(adapter: Speaker) -> None:
    answers = [Response("no", status, {"location": "http://127.0.0.1:1/"}) for status in (301, 400, 401, 403)]
    for outcomes in await ordered(adapter, answers):
        assert {type(outcome) for outcome in outcomes.values()} == {Refused}


@each_over_http
async def test_an_answer_that_nobody_understands_is_an_outcome(adapter: Speaker) -> None:
    bodies = [b"", b"<html>", b"[]", b"null", b'{"conferences": 5}', b"\xff\xfe"]
    found = await ordered(adapter, [Response(body, 200) for body in bodies])
    assert [len(outcomes) for outcomes in found] == [len(OrderType)] * len(bodies)


@each_over_http
@pytest.mark.parametrize("url", ["ftp://switch", "http://switch:port/", "nothing"])
async def test_an_address_that_is_none_is_refused(adapter: Speaker, url: str) -> None:
    async with adapter.opened() as driver:
        outcome = await driver.execute(adapter.access(url), order(OrderType.DISCONNECT))
    assert isinstance(outcome, Refused)
    assert "address" in outcome.detail
