"""Where webhooks may go, and where they may not, whatever a name says."""

import asyncio
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.guarding import Bounds, Forbidden, GuardedTransport, host_in, host_named, open_guarded_client
from app.telephony.adapters.generic.keepalive import KeepAlive
from tests.fixtures.receiver import receiving
from tests.fixtures.tls import served, trusting
from tests.subscriptions.conftest import LOOPBACK

FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "fec0::1",
    "192.0.0.8",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_private_addresses_are_closed(address: str) -> None:
    assert not Bounds().allow(ip_address(address), "https")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_open_over_tls_only(address: str) -> None:
    assert Bounds().allow(ip_address(address), "https")
    assert not Bounds().allow(ip_address(address), "http")


def test_networks_of_the_operator_are_open() -> None:
    bounds = Bounds([ip_network("10.1.0.0/16"), ip_network("fd00::/8")])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert bounds.allow(ip_address(address), "http")
    assert not bounds.allow(ip_address("10.2.0.1"), "https")


@pytest.mark.enable_socket
async def test_a_name_is_held_by_where_it_leads() -> None:
    async with receiving() as receiver:
        named = receiver.url.replace("127.0.0.1", "localhost")
        async with open_guarded_client() as client:
            for url in (receiver.url, named, receiver.url.replace("127.0.0.1", "[::ffff:127.0.0.1]")):
                with pytest.raises(Forbidden):
                    await client.post(url, content=b"{}")
        assert receiver.got == []
        async with open_guarded_client(LOOPBACK) as client:
            assert await _post(client, named) == 204
            [got] = receiver.got
            assert got.headers["host"].startswith("localhost:")
            assert got.headers["user-agent"] == "Callfloor"


@pytest.mark.enable_socket
async def test_tls_is_held_against_the_name_though_the_address_is_connected_to(tmp_path: Path) -> None:
    async with receiving(**served(tmp_path)) as receiver:
        by_address = receiver.url.replace("http://", "https://")
        by_name = by_address.replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(transport=GuardedTransport(LOOPBACK, trusting())) as client:
            assert await _post(client, by_name) == 204
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await _post(client, by_address)
        async with open_guarded_client(LOOPBACK) as client:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await _post(client, by_name)
        assert len(receiver.got) == 1


@pytest.mark.enable_socket
@pytest.mark.parametrize("url", ["http://nobody.invalid/", "ftp://127.0.0.1/", "http://" + "a" * 64 + ".invalid/"])
async def test_an_address_that_leads_nowhere(url: str) -> None:
    async with open_guarded_client(LOOPBACK) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(url)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("url", "objection"),
    [
        ("https://10.0.0.1/", "may not be reached"),
        ("https://[::1]:8443/", "may not be reached"),
        ("https://0x7f.1/", "may not be reached"),
        ("https://2130706433/", "may not be reached"),
        ("http://localhost/", "may not be reached"),
        ("http://8.8.8.8/", "without encryption"),
        ("ftp://8.8.8.8/", "no address that can be connected to"),
        ("https://☃.net/", "no address that can be connected to"),
        ("https://xn--n3h.net/", "no address that can be connected to"),
    ],
)
async def test_what_would_be_refused_is_said_before_anybody_connects(url: str, objection: str) -> None:
    told = await Bounds().objection(url)
    assert told is not None
    assert objection in told


@pytest.mark.enable_socket
@pytest.mark.parametrize("url", ["https://8.8.8.8/", "http://127.0.0.1:9/", "https://nobody.invalid/"])
async def test_what_is_allowed_or_not_known_yet_is_not_objected_to(url: str) -> None:
    assert await Bounds(LOOPBACK).objection(url) is None


@pytest.mark.enable_socket
async def test_of_a_name_with_many_addresses_only_those_that_may_be_reached_are_gone_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def getaddrinfo(host: str, port: int, **how: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.1", "10.0.0.1", "127.0.0.2")]

    beside = (ip_network("127.0.0.2/32"),)
    async with receiving() as receiver:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        named = receiver.url.replace("127.0.0.1", "switch.example")
        assert await Bounds(beside).objection(named) is None
        async with open_guarded_client(beside) as client:
            with pytest.raises(httpx.ConnectError) as failed:
                await client.post(named)
        assert not isinstance(failed.value, Forbidden)
        assert receiver.got == []
        async with open_guarded_client(LOOPBACK) as client:
            assert await _post(client, named) == 204


@pytest.fixture
async def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were to be resolved; none of them is known."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **how: Any) -> list[Any]:
        asked.append(host)
        raise OSError("nobody is known here")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("host", ["xn--fa-hia.de", "faß.de", "XN--FA-HIA.de"])
async def test_a_name_is_resolved_as_it_is_encoded_and_not_as_an_older_standard_reads_it(
    resolved: list[str], host: str
) -> None:
    assert await Bounds().objection(f"https://{host}/") is None
    async with open_guarded_client() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"https://{host}/")
    assert resolved == ["xn--fa-hia.de", "xn--fa-hia.de"]


async def test_orders_are_sent_to_the_name_as_it_is_encoded(resolved: list[str]) -> None:
    async with httpx.AsyncClient(transport=KeepAlive()) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://xn--fa-hia.de/")
    assert resolved == ["xn--fa-hia.de"]


async def test_tls_is_asked_for_the_name_as_it_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[httpx.Request] = []

    async def getaddrinfo(host: str, port: int, **how: Any) -> list[Any]:
        return [(2, 1, 6, "", ("8.8.8.8", port))]

    async def send(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", send)
    async with open_guarded_client() as client:
        await client.get("https://xn--fa-hia.de/hooks")
    [request] = sent
    assert request.extensions["sni_hostname"] == request.headers["host"] == "xn--fa-hia.de"
    assert str(request.url) == "https://8.8.8.8/hooks"


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("faß.de", "https://xn--fa-hia.de/"),
        ("xn--fa-hia.de", "https://faß.de:8443/x"),
        ("Core.Bank.example", "https://core.bank.EXAMPLE/"),
        ("::1", "https://[::1]:8443/"),
        ("[::1]", "https://[::1]/"),
        ("10.0.0.1", "http://10.0.0.1/"),
        ("xn--n3h.net", "https://xn--n3h.net/"),
    ],
)
def test_a_host_that_is_named_is_the_same_in_any_spelling(named: str, url: str) -> None:
    assert host_named(named) == host_in(url)
    assert host_in("https://fass.de/") != host_named(named)


@pytest.mark.parametrize("name", ["", "10.0.0.1:443", "https://a.example", "a.example/x", "u@a.example", "a b", "a\\b"])
def test_what_is_no_host_is_not_taken_for_one(name: str) -> None:
    with pytest.raises(ValueError, match="is no host; accepted"):
        host_named(name)
    assert host_in("https://☃.net/") == ""


async def _post(client: httpx.AsyncClient, url: str) -> int:
    headers = {"webhook-id": "1"}
    return (await client.post(url, content=b'{"type": "t", "data": {}}', headers=headers)).status_code
