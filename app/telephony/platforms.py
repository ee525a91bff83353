"""The telephone platforms there are: what a source of each must have, how it is reached, and what its secret is.

A new one begins here (docs/platforms.md, "Writing an adapter"). Pure.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

PlatformId = Literal["generic", "twilio", "asterisk_ari"]


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of platform. `described` is for those who make a source; `needs` are the fields that a source of it
    cannot do without; `schemes` are those of its `command_url`, `address` is where it is for a source that names none.

    With `signs` a secret is a key in base64 that only ever signs. Otherwise it is what the platform gave, sent to it as
    it is: so whoever leads a source to another host must give it again, and to its address paths are appended.
    """

    described: str
    needs: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ("http", "https")
    address: str | None = None
    signs: bool = False


PLATFORMS: Mapping[str, Platform] = {
    "generic": Platform(described="signed JSON", signs=True),
    "twilio": Platform(
        described="and what speaks its dialect", needs=("account", "public_url"), address="https://api.twilio.com"
    ),
    "asterisk_ari": Platform(
        described="an Asterisk that is driven", needs=("account", "command_url"), schemes=("ws", "wss")
    ),
}


def described() -> str:
    """All of them in one line."""
    return ", ".join(f"{name} ({each.described})" for name, each in PLATFORMS.items())


def known() -> str:
    """All of them as a list of SQL texts, for the constraint of the table."""
    return ", ".join(f"'{name}'" for name in PLATFORMS)
