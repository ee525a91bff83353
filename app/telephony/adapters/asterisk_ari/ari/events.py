"""What Asterisk tells over ARI, as far as it is used here; whatever else it says is passed over.

One struct for all events: their fields overlap, and decoding them is on the busiest path.
"""

from datetime import datetime
from typing import Any

import msgspec


class Party(msgspec.Struct, frozen=True):
    """Who calls, or is connected."""

    number: str = ""
    name: str = ""


class Dialplan(msgspec.Struct, frozen=True):
    """Where a channel stands in the dialplan."""

    exten: str = ""
    app_name: str = ""
    app_data: str = ""


class Channel(msgspec.Struct, frozen=True):
    """One party's connection to the switch. `name` is such as PJSIP/1001-0000002a."""

    id: str
    name: str = ""
    state: str = ""
    caller: Party = Party()
    dialplan: Dialplan = Dialplan()
    creationtime: str = ""

    @property
    def address(self) -> str:
        """The endpoint it belongs to, such as PJSIP/1001."""
        return self.name.rpartition("-")[0]

    @property
    def created(self) -> float:
        """When it came to be, epoch seconds; 0 where that is not told."""
        return _instant(self.creationtime)


class Playback(msgspec.Struct, frozen=True):
    """Something that is played; `state` ends as done or failed."""

    id: str
    state: str = ""


class Recording(msgspec.Struct, frozen=True):
    """A recording on the switch; `duration` in whole seconds."""

    name: str
    state: str = ""
    duration: int = 0


class Bridge(msgspec.Struct, frozen=True):
    """Channels that hear each other."""

    id: str
    channels: tuple[str, ...] = ()


class Endpoint(msgspec.Struct, frozen=True):
    """A phone that the switch knows; `state` is online, offline or unknown."""

    technology: str = ""
    resource: str = ""
    state: str = ""

    @property
    def address(self) -> str:
        """As the floor knows it, such as PJSIP/1001."""
        return f"{self.technology}/{self.resource}"


class DeviceState(msgspec.Struct, frozen=True):
    """What a phone is doing: NOT_INUSE, INUSE, BUSY, RINGING, UNAVAILABLE, ..."""

    name: str = ""
    state: str = ""


class ReferredTo(msgspec.Struct, frozen=True):
    """Where a phone's REFER sends its partner: a dialled destination, or a call that it has with somebody else."""

    requested_destination: dict[str, Any] | str | None = None
    destination_channel: Channel | None = None
    connected_channel: Channel | None = None


class ReferredBy(msgspec.Struct, frozen=True):
    """Whose phone sent the REFER."""

    source_channel: Channel | None = None


class Event(msgspec.Struct, frozen=True):
    """One event, or the answer to a request (`RESTResponse`). `state` is what a phone has been told of its transfer."""

    type: str
    timestamp: str = ""
    args: tuple[str, ...] = ()
    channel: Channel | None = None
    playback: Playback | None = None
    recording: Recording | None = None
    device_state: DeviceState | None = None
    refer_to: ReferredTo | None = None
    referred_by: ReferredBy | None = None
    state: str = ""
    digit: str = ""
    cause: int | None = None
    soft: bool = False
    tech_cause: int | None = None
    request_id: str = ""
    status_code: int = 0
    message_body: str = ""

    @property
    def dialled(self) -> str:
        """What was dialled, of a call that comes to us by the dialplan."""
        return self.args[1] if len(self.args) > 1 else ""

    @property
    def dead(self) -> bool:
        """Of a `ChannelHangupRequest`: whether the switch itself gives the channel up, as nothing comes from there. The
        cause is a flag of Asterisk's then (AST_SOFTHANGUP_DEV), none of Q.850; a request of ours has another one."""
        return self.soft and self.cause == 1

    @property
    def subject(self) -> Channel | None:
        """The channel that it is about; that of a phone which asks for a transfer."""
        asking = self.referred_by.source_channel if self.referred_by is not None else None
        return self.channel if self.channel is not None else asking

    @property
    def at(self) -> float:
        """When it happened by the switch's clock, epoch seconds; 0 where it does not say."""
        return _instant(self.timestamp)


def _instant(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


decode = msgspec.json.Decoder(Event).decode
"""Read a frame. Raises `msgspec.DecodeError`, also for one that is no event."""

UNWANTED = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelConnectedLine",
    "ChannelCallerId",
    "ChannelTalkingStarted",
    "ChannelTalkingFinished",
    "ChannelToneDetected",
    "ChannelCreated",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "ContactStatusChange",
    "Dial",
    "BridgeCreated",
    "BridgeDestroyed",
    "PlaybackStarted",
    "PlaybackContinuing",
)
"""Events that nothing here depends on: some of them come by the dozen for every call."""
