"""What there is on an Asterisk at one moment, read after a gap in its events, and what follows from it."""

from typing import TypeVar

import msgspec

from app.core.clock import iso
from app.telephony.adapters.asterisk_ari import names
from app.telephony.adapters.asterisk_ari.actions import Action, Request
from app.telephony.adapters.asterisk_ari.ari import Bridge, Channel, Endpoint, Event
from app.telephony.adapters.asterisk_ari.connection import AriConnection, SwitchAway
from app.telephony.adapters.asterisk_ari.leg import Setup
from app.telephony.adapters.asterisk_ari.line import Line

T = TypeVar("T")
NETWORK_OUT_OF_ORDER = 38
"""Q.850: nobody told why a channel that is not there any more has ended."""

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


class Inventory(msgspec.Struct, frozen=True):
    """The channels, who is in a bridge, and the phones."""

    channels: tuple[Channel, ...]
    bridged: frozenset[str]
    phones: dict[str, str]

    @classmethod
    async def taken(cls, connection: AriConnection) -> "Inventory":
        """Read it now. Raises `SwitchAway`."""
        channels = await _read(connection, "channels", list[Channel])
        bridges = await _read(connection, "bridges", list[Bridge])
        endpoints = await _read(connection, "endpoints/PJSIP", list[Endpoint])
        online = {each.address: each.state == "online" for each in endpoints}
        busy = {each.address for each in channels}  # what they do is told, not whether they sign on meanwhile
        return cls(
            channels=tuple(channels),
            bridged=frozenset(channel for bridge in bridges for channel in bridge.channels),
            phones={
                address: "in_use" if address in busy else "available" if here else "unavailable"
                for address, here in online.items()
            },
        )

    def changes(self, line: Line, now: float) -> list[Action]:
        """What has happened meanwhile to a call that was known."""
        there = {each.id for each in self.channels}
        known = [each for each in (*line.legs, line.caller) if each is not None]
        gone = [each for each in known if each not in there]
        return [action for each in gone for action in line.take(_ended(each, now), now)]

    def unknown(self, setup: Setup, known: set[str]) -> list[Line]:
        """The calls of ours that nobody here knows: they were taken by a process that is no more."""
        lines: dict[str, Line] = {}
        for channel in self.channels:
            call = None if channel.id in known else _call_of(channel, setup.app)
            if call is None:
                continue
            line = lines.get(call) or lines.setdefault(call, Line(setup, call))
            line.adopt(channel, channel.id in self.bridged)
            if channel.id == call:
                line.from_, line.to = channel.caller.number or None, channel.dialplan.exten or None
        for line in lines.values():
            line.direction = "inbound" if line.caller == line.call else "outbound"
            line.contact = line.contact if line.direction == "inbound" else line.call
        return list(lines.values())


def _call_of(channel: Channel, app: str) -> str | None:
    name = names.read(channel.id)
    if name is not None:
        return name.call
    plan = channel.dialplan
    inbound = plan.app_name == "Stasis" and plan.app_data.startswith(f"{app},inbound")
    return channel.id if inbound else None


def _ended(channel: str, now: float) -> Event:
    ended = Channel(id=channel)
    return Event(type="ChannelDestroyed", timestamp=iso(now), channel=ended, cause=NETWORK_OUT_OF_ORDER)


async def _read(connection: AriConnection, path: str, kind: type[T]) -> T:
    answered = await connection.ask(Request(method="GET", path=path))
    if not answered.ok:
        raise SwitchAway(f"Asterisk answered {answered.status} to {path}.")
    return msgspec.json.decode(answered.body, type=kind)
