"""What there is on an Asterisk at one moment, read after a gap in its events; `resuming` says what follows from it."""

from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Request
from app.telephony.adapters.asterisk_ari.ari import Bridge, Channel, Endpoint
from app.telephony.adapters.asterisk_ari.connection import AriConnection, SwitchAway
from app.telephony.adapters.asterisk_ari.resuming import Sight

T = TypeVar("T")
NOT_FOUND = 404

WORDS = {
    "NOT_INUSE": "available",
    "INUSE": "in_use",
    "BUSY": "in_use",
    "ONHOLD": "in_use",
    "RINGING": "in_use",
    "RINGINUSE": "in_use",
    "UNAVAILABLE": "unavailable",
    "INVALID": "unavailable",
}


def phone_word(state: str) -> str | None:
    """What a device state of Asterisk's means for the floor; None where it means nothing."""
    return WORDS.get(state)


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
        """Read it now, and whether these recordings still go on. Raises `SwitchAway`."""
        info = await _read(connection, "asterisk/info", Info)
        channels = await _read(connection, "channels", list[Channel])
        bridges = await _read(connection, "bridges", list[Bridge])
        endpoints = await _read(connection, "endpoints/PJSIP", list[Endpoint])
        online = {each.address: each.state == "online" for each in endpoints}
        busy = {each.address for each in channels}  # what they do is told, not whether they sign on meanwhile
        return cls(
            sight=Sight(
                {each.id: each for each in channels},
                frozenset(channel for bridge in bridges for channel in bridge.channels),
                frozenset([each for each in recordings if await _has_ended(connection, each)]),
                frozenset(bridge.id for bridge in bridges if not bridge.channels),
            ),
            running_since=str(info.status.get("startup_time")),
            phones={
                address: "in_use" if address in busy else "available" if here else "unavailable"
                for address, here in online.items()
            },
        )


async def _has_ended(connection: AriConnection, recording: str) -> bool:
    path = f"recordings/live/{quote(recording, safe='')}"
    return (await connection.ask(Request(method="GET", path=path))).status == NOT_FOUND


async def _read(connection: AriConnection, path: str, kind: type[T]) -> T:
    answered = await connection.ask(Request(method="GET", path=path))
    if not answered.ok:
        raise SwitchAway(f"Asterisk answered {answered.status} to {path}.")
    try:
        return msgspec.json.decode(answered.body, type=kind)
    except msgspec.DecodeError as error:
        raise SwitchAway(f"Asterisk's answer to {path} is not understood: {error}.") from None
