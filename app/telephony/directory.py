"""Who may talk to us, kept in memory: the webhook path asks it for every request and never the database."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec


class SourceAccess(msgspec.Struct, frozen=True):
    """How one platform is trusted and reached. Every one of `secrets` verifies; the first one signs.

    The rest is for platforms whose calls we steer ourselves: `platform` names the adapter, `account` is ours there,
    `public_url` is the address at which the platform reaches us, `caller_id` the number that those see whom we call,
    `emergency_number` where callers go while we are down, `languages` those that our own sentences are spoken in,
    `dial` what a switch dials for a `{number}`, such as PJSIP/{number}@carrier. One that is not `active` begins no more
    calls; those that it has may go on until they end.
    """

    id: str
    secrets: tuple[str, ...]
    command_url: str | None = None
    platform: str = "generic"
    account: str | None = None
    public_url: str | None = None
    caller_id: str | None = None
    emergency_number: str | None = None
    languages: tuple[str, ...] = ("en", "zh")
    dial: str | None = None
    active: bool = True


def place(url: str) -> str:
    """What is the same of all spellings of an address: host, port and path. No more can be told from names."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    except ValueError:
        return url
    host = "127.0.0.1" if parts.hostname in ("localhost", "::1") else parts.hostname
    return f"{host}:{port}{parts.path.rstrip('/')}"


class SourceDirectory:
    """The sources by id. Whoever loads the configuration replaces the whole list."""

    def __init__(self, sources: Iterable[SourceAccess] = ()) -> None:
        self._by_id: dict[str, SourceAccess] = {}
        self.replace(sources)

    def get(self, source: str) -> SourceAccess | None:
        """The source with this id, or None where there is none (or it is switched off)."""
        found = self._by_id.get(source)
        return found if found is not None and found.active else None

    def known(self, source: str) -> SourceAccess | None:
        """The source with this id, also where it is switched off."""
        return self._by_id.get(source)

    def of_platform(self, platform: str) -> list[SourceAccess]:
        """The sources of one platform, also those that are switched off."""
        return [each for each in self._by_id.values() if each.platform == platform]

    def replace(self, sources: Iterable[SourceAccess]) -> None:
        """From now on exactly these sources are known."""
        self._by_id = {source.id: source for source in sources}
