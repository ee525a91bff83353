"""Our own addresses as Twilio is told them: what a callback is about is in its query, which the signature covers."""

from enum import StrEnum
from urllib.parse import quote, urlencode

import msgspec

from app.telephony.directory import SourceAccess

PATH = "/webhooks/twilio/{source}/{kind}"

RETRY = "rc=3&rp=ct,rt,5xx"
"""Connection overrides, in the fragment: a callback is tried again when it is not answered, or with 5xx."""


class Kind(StrEnum):
    """The last part of an address of ours."""

    VOICE = "voice"
    """Somebody calls: the number's own webhook."""

    STATUS = "status"
    """What became of the caller's leg: the number's own status callback."""

    SCRIPT = "script"
    """A script has come to its end, with or without input."""

    CALLBACK = "callback"
    """The answer to whether the caller would rather be called back."""

    LEG = "leg"
    """What becomes of a leg that we made."""

    CONFERENCE = "conference"
    RECORDING = "recording"
    MACHINE = "machine"

    WAIT = "wait"
    """Asks for music; nothing has happened."""

    OVER = "over"
    """Asks what follows the last thing to do: hang up."""

    FALLBACK = "fallback"
    """Asked by Twilio where the address before was not answered."""


ASKS_FOR_TWIML = frozenset({Kind.VOICE, Kind.SCRIPT, Kind.CALLBACK})
"""Those that tell something and are answered with what to do."""

NO_NEWS = frozenset({Kind.WAIT, Kind.OVER, Kind.FALLBACK})
"""Those that tell nothing: they are answered without asking the floor."""


class Place(msgspec.Struct, frozen=True):
    """Which call on which source is spoken of; the conference of a call is named by its contact. `shown` is what a
    number sees to which the caller is sent; None: the caller's own."""

    access: SourceAccess
    call: str
    contact: str
    shown: str | None = None

    def address(self, kind: Kind, **more: str | int | None) -> str:
        """An address of ours for a callback about this call."""
        return address(self.access, kind, call=self.call, contact=self.contact, **more)


def address(access: SourceAccess, kind: Kind, **query: str | int | None) -> str:
    """An address of ours; a query value that is None is left out. The source must have a public_url."""
    assert access.public_url is not None, "a source without public_url is refused before anything is built"
    asked = {name: value for name, value in query.items() if value is not None}
    path = PATH.format(source=quote(access.id, safe=""), kind=kind)
    text = f"?{urlencode(asked)}" if asked else ""
    return f"{access.public_url.rstrip('/')}{path}{text}#{RETRY}"
