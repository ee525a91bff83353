"""What there is on an Asterisk at one moment, read after a gap in its events. What follows from it, `resuming` and
`adopting` say."""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Request
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection, SwitchAway
from app.telephony.adapters.asterisk_ari.ari.events import Bridge, Channel, Endpoint, Recording
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight
from app.telephony.adapters.asterisk_ari.line import names

T = TypeVar("T")
NOT_FOUND = 404


class Info(msgspec.Struct, frozen=True):
    """Of /asterisk/info, as far as it is needed."""

    status: dict[str, Any] = {}


class Inventory(msgspec.Struct, frozen=True):
    """The channels, who is in a bridge, the phones, and since when the switch runs."""

    sight: Sight
    phones: dict[str, str]
    running_since: str

    @classmethod
    async def taken(cls, connection: AriConnection, recordings: Iterable[str] = ()) -> "Inventory":
        """Read it now, and whether these recordings still go on, and those that the channels tell of, or files of calls
        that have any: all others have ended, however many there are. Raises `SwitchAway`."""
        info = await _read(connection, "asterisk/info", Info)
        channels = await _read(connection, "channels", list[Channel])
        bridges = await _read(connection, "bridges", list[Bridge])
        files = {each.name for each in await _read(connection, "recordings/stored", list[Recording])}
        ours = {each for each in files if names.taped(each) is not None}
        open_ones = _of_calls(ours, channels)
        asked = {*recordings, *open_ones, *_tapes(channels)}
        ended = await _ended(connection, asked) | (ours - open_ones)
        # that one which has not begun to ring is gone, nobody would tell
        busy = {each.address for each in channels if each.state != "Down"}
        phones, holding = await phones_of(connection), await _holding(connection, bridges)
        return cls(
            sight=Sight(
                {each.id: each for each in channels},
                {channel: bridge.id for bridge in bridges for channel in bridge.channels},
                ended,
                frozenset(bridge.id for bridge in bridges if not bridge.channels),
                ended & ours,
                holding,
            ),
            running_since=str(info.status.get("startup_time")),
            phones={address: "in_use" if address in busy else word for address, word in phones.items()},
        )


async def phones_of(connection: AriConnection) -> dict[str, str]:
    """The phones that the switch has, and whether they are signed on. Raises `SwitchAway`."""
    endpoints = await _read(connection, "endpoints/PJSIP", list[Endpoint])
    return {each.address: "available" if each.state == "online" else "unavailable" for each in endpoints}


async def phones_heard_of(connection: AriConnection, awaited: Iterable[str]) -> tuple[dict[str, str], frozenset[str]]:
    """The same, of which the switch tells from now on, as it does of those that are awaited; and of which it has not
    told before. Raises `SwitchAway` and `SwitchUnusable`."""
    phones = await phones_of(connection)
    new = await connection.hear_of([*phones, *awaited])
    return (await phones_of(connection) if new else phones), new


def _of_calls(recordings: Iterable[str], channels: Iterable[Channel]) -> set[str]:
    """Those whose call has a channel: only they may go on."""
    named = {each.id: names.read(each.id) for each in channels}
    calls = {key if name is None else name.call for key, name in named.items()}
    return {each for each in recordings if (taped := names.taped(each)) is not None and taped.call in calls}


def _tapes(channels: Iterable[Channel]) -> Iterable[str]:
    """What is recorded by these channels, if it is."""
    for each in channels:
        name = names.read(each.id)
        if name is not None and name.role == names.TAPE:
            yield names.tape(name.call, each.created, name.who)


async def _holding(connection: AriConnection, bridges: Iterable[Bridge]) -> dict[str, bool]:
    """Which phones hold, of those in conversations, also where the customer is apart from them."""
    phones = [each for bridge in bridges if names.talks(bridge.id) is not None for each in bridge.channels]
    answers = await asyncio.gather(*(connection.ask(requests.phone_holds(each)) for each in phones))
    told = {phone: it.body for phone, it in zip(phones, answers, strict=True) if it.ok}
    return {phone: '"1"' in body for phone, body in told.items() if '"1"' in body or '"0"' in body}


async def _ended(connection: AriConnection, recordings: Iterable[str]) -> frozenset[str]:
    """Those that do not go on."""
    asked = sorted(recordings)
    paths = [f"recordings/live/{quote(each, safe='')}" for each in asked]
    answers = await asyncio.gather(*(connection.ask(Request(method="GET", path=path)) for path in paths))
    return frozenset(each for each, told in zip(asked, answers, strict=True) if told.status == NOT_FOUND)


async def _read(connection: AriConnection, path: str, kind: type[T]) -> T:
    answered = await connection.ask(Request(method="GET", path=path))
    if not answered.ok:
        raise SwitchAway(f"Asterisk answered {answered.status} to {path}.")
    try:
        return msgspec.json.decode(answered.body, type=kind)
    except msgspec.DecodeError as error:
        raise SwitchAway(f"Asterisk's answer to {path} is not understood: {error}.") from None
