"""Requests of flows, over real HTTP: where they may go, what is sent with them, what of the answer is taken."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.guarding import open_guarded_client
from app.ivr.fetching import Fetching
from app.ivr.playing.state import MOST_BODY, Fetch, Fetched
from tests.fixtures.bureau import LOOPBACK
from tests.fixtures.serving import serving

pytestmark = pytest.mark.enable_socket
SECRETS = {"core": "Bearer of-good-news"}


class Core:
    """A system inside the bank; `heard` are the requests that it was sent."""

    def __init__(self) -> None:
        self.heard: list[Request] = []
        self.answer = Response('{"balance": 7}')

    async def take(self, request: Request) -> Response:
        self.heard.append(request)
        return self.answer


@asynccontextmanager
async def open_core() -> AsyncIterator[tuple[Core, str]]:
    core = Core()
    async with serving(Starlette(routes=[Route("/balance", core.take)])) as (address, _):
        yield core, f"http://{address}/balance"


async def asked(url: str, *, opened: bool = True, hosts: dict[str, str] | None = None, secret: str = "core") -> Fetched:
    request = Fetch(id="1", method="GET", url=url, secret=secret, timeout_seconds=5, retries=0)
    async with open_guarded_client(LOOPBACK if opened else ()) as client:
        return await Fetching(client, SECRETS, hosts).fetch(request)


async def test_an_address_inside_is_not_asked_unless_the_operator_opens_it() -> None:
    async with open_core() as (core, url):
        told = await asked(url, opened=False)
        assert told.error is not None
        assert "CALLFLOOR_FLOW_NETWORKS" in told.error
        assert core.heard == []
        assert (await asked(url)).body == '{"balance": 7}'
        assert core.heard[0].headers["authorization"] == SECRETS["core"]


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/", "http://0/"])
async def test_neither_the_clouds_own_address_nor_another_spelling_of_ours_is_asked(url: str) -> None:
    told = await asked(url, opened=False)
    assert told.error is not None
    assert "CALLFLOOR_FLOW_NETWORKS" in told.error


async def test_a_secret_that_belongs_to_another_host_is_not_sent() -> None:
    async with open_core() as (core, url):
        told = await asked(url, hosts={"core": "core.bank.example"})
        assert told.error == "the secret core is sent to core.bank.example only (CALLFLOOR_FLOW_HOSTS)"
        assert core.heard == []
        assert (await asked(url, hosts={"core": "127.0.0.1"})).status == 200
    assert (await asked(url, secret="other")).error == "there is no secret named other"


async def test_a_secret_is_not_sent_to_a_name_that_an_older_standard_takes_for_its_hosts() -> None:
    told = await asked("https://fass.invalid/", hosts={"core": "xn--fa-hia.invalid"})
    assert told.error == "the secret core is sent to xn--fa-hia.invalid only (CALLFLOOR_FLOW_HOSTS)"
    for host in ("faß.invalid", "xn--fa-hia.invalid"):
        told = await asked(f"https://{host}/", hosts={"core": "xn--fa-hia.invalid"})
        assert told.error == "no connection: ConnectError"


async def test_an_answer_that_is_packed_though_nobody_asked_for_that_is_not_unpacked() -> None:
    async with open_core() as (core, url):
        core.answer = Response(gzip.compress(b" " * 30_000_000), headers={"content-encoding": "gzip"})
        assert (await asked(url)).error == "the answer is packed, and nobody asked for that"
        assert core.heard[0].headers["accept-encoding"] == "identity"


async def test_of_an_answer_without_end_as_much_is_taken_as_shows_that_it_is_too_long() -> None:
    async with open_core() as (core, url):
        core.answer = Response("7" * 9 * MOST_BODY)
        assert len((await asked(url)).body) == MOST_BODY + 1
