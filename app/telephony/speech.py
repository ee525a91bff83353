"""What is needed of a speech engine: a text in, a recording out that any switch can play."""

from pathlib import Path
from typing import Protocol

from app.core.errors import Invalid, NotFound, Unavailable

RATE = 8_000
"""Samples a second of every recording; 16 bits, one channel, as telephone switches have it."""

LONGEST_TEXT = 2_000

NAME = "[0-9a-f]{64}"
"""What the name of a recording looks like: a hash of what it says, in which voice."""


class SpeechMissing(Unavailable):
    """There is no speech engine on this machine; the message says how to install it."""

    code = "speech-missing"


class SpeechFailed(Unavailable):
    """The engine did not make a recording: it failed, took too long, or there is no room for the file."""

    code = "speech-failed"


class NoSuchVoice(Invalid):
    """The engine does not speak this language, or has no such voice."""

    code = "no-such-voice"


class TextUnspeakable(Invalid):
    """There is nothing to be said, or too much at once."""

    code = "text-unspeakable"


class NotRendered(NotFound):
    """No text was rendered under this name, or the recording has made room for others; the message says what to do."""

    code = "not-rendered"


class Kept(Protocol):
    """The recordings that were made, by name."""

    def get(self, key: str) -> Path | None:
        """The file of this name, if it is there; `key` matches NAME."""
        ...


class Speech(Protocol):
    """A speech engine. `language` is a BCP 47 tag; `voice` a name of the engine's own."""

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        """A WAV file (RATE, 16 bits, mono) that says `text`, called by its name; the same
        text gives the same file. Raises
        `SpeechMissing`, `SpeechFailed`, `NoSuchVoice`, `TextUnspeakable`."""
        ...


class Speechless:
    """For a server without an engine: nothing is rendered, and nothing is there."""

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        """See `Speech`."""
        raise SpeechMissing("This server has no speech engine.")

    def get(self, key: str) -> Path | None:
        """See `Kept`."""
        return None
