"""How the server meets what stands in front of it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from app.cli.place import bound_socket
from app.cli.server import configuration, give_up_stuck
from tests.fixtures.serving import serving

IDLE_AT_PROXIES = 60
"""Seconds: the default of nginx (`keepalive_timeout` of an upstream) and of AWS' load balancers (`idle_timeout`)."""


def test_a_proxy_closes_an_idle_connection_before_the_server_does_so_no_request_is_answered_502() -> None:
    assert configuration(None).timeout_keep_alive > IDLE_AT_PROXIES


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_who_never_takes_what_they_asked_for_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.server.STUCK_SECONDS", 1)
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                await asyncio.sleep(0)  # as who reads a file gives others their turn
                yield bytes(65_536)
        finally:
            closed.set()

    async def download(_: Request) -> StreamingResponse:
        return StreamingResponse(endless())

    with bound_socket("127.0.0.1", 0) as bound:
        give_up_stuck(bound)
        async with serving(Starlette(routes=[Route("/", download)]), at=bound, http="httptools") as (place, server):
            host, port = place.split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            await closed.wait()
            assert not server.server_state.connections
            writer.close()


@pytest.mark.enable_socket
def test_where_nobody_can_be_given_up_the_server_starts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
        give_up_stuck(bound)
    monkeypatch.undo()
    give_up_stuck(bound)  # it is closed, and refuses as a kernel would
