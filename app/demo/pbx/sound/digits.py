"""Keys as telephone events in RTP (RFC 4733)."""

import struct

KEYS = "0123456789*#ABCD"
EVENT_TYPE = 101
"""The payload type that we offer for them."""
VOLUME = 10
ENDED = 0x80
STEPS = 5
REPEATS = 3


def events(key: str, frame: int) -> list[bytes]:
    """The payloads of one key, pressed for a tenth of a second; its end is said three times, as packets get lost."""
    number = KEYS.index(key)
    pressed = [struct.pack("!BBH", number, VOLUME, frame * (step + 1)) for step in range(STEPS)]
    return pressed + [struct.pack("!BBH", number, ENDED | VOLUME, frame * (STEPS + 1))] * REPEATS


def ended_key(payload: bytes) -> str | None:
    """The key that this event ends, if it ends one."""
    if len(payload) < 4 or not payload[1] & ENDED or payload[0] >= len(KEYS):
        return None
    return KEYS[payload[0]]
