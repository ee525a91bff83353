"""Where what others set up may lead us (webhooks, credit bureaus): to public addresses over https, and to the networks
that the operator names. Held at the moment of connecting, so that neither a name that leads elsewhere a minute later
nor a redirect gets around it."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from app.core.certificates import trusted

Network = IPv4Network | IPv6Network

MOST_TRIED = 3
LONGEST_LOOK = 3.0
"""Seconds that a name may take to be resolved while somebody waits for our opinion of it."""
_PORTS = {"http": 80, "https": 443}
_UNICAST = ip_network("2000::/3")
"""All IPv6 addresses that are given out to anybody (RFC 4291, IANA)."""
_NO_HOSTS = (ip_network("2002::/16"), ip_network("2001::/32"), ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
"""Addresses behind which any IPv4 address may be (6to4, RFC 3056; Teredo, RFC 4380), and those of protocols."""


class Forbidden(httpx.ConnectError):
    """The address is one that may not be reached."""


class Bounds:
    """How far others may lead us: public addresses over TLS, and `networks` that the operator names."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def allow(self, address: IPv4Address | IPv6Address, scheme: str) -> bool:
        """Whether to go there: by the operator's networks, or if it is public and the way is encrypted."""
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        real = mapped or address
        if any(real in network for network in self._networks):
            return True
        return scheme == "https" and _public(real)

    async def objection(self, url: str) -> str | None:
        """What is wrong with an address that would be refused if it were connected to now; None where nothing is, and
        where its name is not known (yet): who connects looks again."""
        try:
            asked = httpx.Request("POST", url).url  # httpx asks no name that has no Unicode form, such as xn--n3h.net
            async with asyncio.timeout(LONGEST_LOOK):
                found = await _addresses(asked)
        except (httpx.ConnectError, TimeoutError):
            return None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):  # UnicodeError is a ValueError
            return "is no address that can be connected to"
        if any(self.allow(each, asked.scheme) for each in found):
            return None
        if any(self.allow(each, "https") for each in found):
            return "leads to a public address without encryption"
        return "leads to an address that may not be reached"  # which one is not said: it would tell of our networks


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves names by itself and connects to addresses that it has looked at; TLS is still held against the name."""

    def __init__(self, networks: Sequence[Network] = (), tls: ssl.SSLContext | None = None) -> None:
        self._bounds = Bounds(networks)
        self._tls = tls or trusted()
        self._by_host: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the first allowed address that connects. Raises Forbidden, and what httpx raises."""
        url = request.url
        allowed = [each for each in await _addresses(url) if self._bounds.allow(each, url.scheme)]
        if not allowed:
            raise Forbidden("the address is not one that may be reached")
        host = ascii_host(url)
        request.extensions = {**request.extensions, "sni_hostname": host}
        inner = self._of(host)
        for place, address in enumerate(allowed[:MOST_TRIED], 1):
            request.url = url.copy_with(host=str(address))
            try:
                return await inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == len(allowed[:MOST_TRIED]):
                    raise
        raise AssertionError("the last address has answered or raised")

    async def aclose(self) -> None:
        """Let go of the connections."""
        for inner in self._by_host.values():
            await inner.aclose()

    def _of(self, host: str) -> httpx.AsyncHTTPTransport:
        """Connections that stay open are each name's own: two names at one address prove themselves apart."""
        if host not in self._by_host:
            limits = httpx.Limits(max_keepalive_connections=20)
            self._by_host[host] = httpx.AsyncHTTPTransport(verify=self._tls, limits=limits, trust_env=False)
        return self._by_host[host]


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in each for each in _NO_HOSTS)


def open_guarded_client(networks: Sequence[Network] = ()) -> httpx.AsyncClient:
    """A client that goes to public addresses and to `networks` only, follows no redirect, and leaves the environment's
    proxies alone: they would undo the guard. Whom it asks is told by what program, for logs and firewalls there."""
    told = {"user-agent": "Callfloor"}
    return httpx.AsyncClient(
        transport=GuardedTransport(networks), trust_env=False, follow_redirects=False, headers=told
    )


def ascii_host(url: httpx.URL) -> str:
    """The host as it goes over the wire. `url.host` is Unicode (IDNA 2008), which sockets and TLS encode anew by the
    older IDNA 2003: xn--fa-hia.de, which is faß.de, would become fass.de, somebody else's; and it raises for names
    without a Unicode form, such as xn--n3h.net."""
    return url.raw_host.decode("ascii")


def host_in(url: str) -> str:
    """The host of an address as `ascii_host` spells it; empty where it is no address."""
    try:
        return ascii_host(httpx.URL(url))
    except httpx.InvalidURL:
        return ""


def host_named(name: str) -> str:
    """A host that somebody wrote down (a name in any script, or an address), as `ascii_host` spells it. Raises
    ValueError for what is none, such as one with a port."""
    try:
        host = ascii_host(httpx.URL(scheme="https", host=name))
    except httpx.InvalidURL:
        host = ""
    if not host or "%" in host or "\\" in host:  # httpx escapes what no host has
        raise ValueError(f"{name!r} is no host; accepted: a name or an address alone, such as core.bank.example")
    return host


async def _addresses(url: httpx.URL) -> list[IPv4Address | IPv6Address]:
    host = ascii_host(url)
    if url.scheme not in _PORTS or not host:
        raise httpx.UnsupportedProtocol("the address must begin with http:// or https:// and name a host")
    if (literal := _literal(host)) is not None:
        return [literal]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, url.port or _PORTS[url.scheme], type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("the name of the receiver is not known") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
