"""The offer and answer of a call's sound: PCMU and keys, nothing else."""

import re
from typing import NamedTuple

from app.demo.pbx.sound.digits import EVENT_TYPE

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
ANSWERED = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class Sound(NamedTuple):
    """Where the other side wants its sound, how it numbers keys, which ways it goes."""

    remote: tuple[str, int] | None
    event_type: int
    direction: str

    @property
    def answer(self) -> str:
        """The direction that fits, seen from here."""
        return ANSWERED.get(self.direction, "sendrecv")


def write(host: str, port: int, version: int, direction: str) -> str:
    """What we offer or answer."""
    lines = (
        "v=0",
        f"o=- 1 {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 {EVENT_TYPE}",
        "a=rtpmap:0 PCMU/8000",
        f"a=rtpmap:{EVENT_TYPE} telephone-event/8000",
        f"a=fmtp:{EVENT_TYPE} 0-15",
        "a=ptime:20",
        f"a={direction}",
    )
    return "\r\n".join(lines) + "\r\n"


def read(body: str) -> Sound | None:
    """What the other side offers or answers; None if it says nothing about sound."""
    media = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    host = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    if media is None or host is None:
        return None
    event = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", body, re.MULTILINE)
    direction = re.search(rf"^a=({'|'.join(DIRECTIONS)})\s*$", body, re.MULTILINE)
    port = int(media[1])
    return Sound(
        (host[1], port) if port else None,
        int(event[1]) if event else EVENT_TYPE,
        direction[1] if direction else "sendrecv",
    )
