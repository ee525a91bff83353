"""What is played for a prompt: for a text the recording of it, made by the speech engine; for a recording itself, then
the same in other languages. There is always something at the end: never silence."""

import asyncio
from pathlib import PurePosixPath

import structlog

from app.core.errors import CallfloorError
from app.telephony.adapters.asterisk_ari.line.player import Alternatives, Media, prompts_of
from app.telephony.instructions import Play, Say, Script
from app.telephony.sentences import UNPLAYABLE, in_languages
from app.telephony.speech import Speech

log = structlog.get_logger(__name__)

LAST_RESORT = Media("tone:congestion;tonezone=us")
"""Where nothing else can be played: a sound that says that something is wrong."""

PATIENCE_SECONDS = 10.0
"""How long the prompts of a script are made: the caller hears nothing of it meanwhile."""


SPEECH = "speech:"
"""Begins what is told of a text that could not be spoken; its language follows."""


def unplayable(script: Script) -> list[Alternatives]:
    """For each prompt of a script of which nothing can be had: that it is missing, then the last resort."""
    return [(_missing(getattr(each, "language", None)), LAST_RESORT) for each in prompts_of(script)]


class Prompts:
    """Makes scripts playable for one switch. `shared` is where it reads recordings at the same path as we do; with
    `media_url` it fetches them from there instead."""

    def __init__(self, speech: Speech, languages: tuple[str, ...], media_url: str | None = None) -> None:
        self._speech = speech
        self._languages = languages
        self._media_url = media_url.rstrip("/") if media_url else None

    async def playable(self, script: Script) -> list[Alternatives]:
        """For each prompt of the script what may be played for it, best first. Never raises: what cannot be made, or
        not in time, is told to be missing."""
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        return [await self._of(each, until) for each in prompts_of(script)]

    async def _of(self, prompt: Say | Play, until: float) -> Alternatives:
        if isinstance(prompt, Say):
            spoken = await self._spoken(prompt.text, prompt.language, prompt.voice, until)
            return (*spoken, LAST_RESORT)
        uri = prompt.media if ":" in prompt.media else f"sound:{prompt.media}"
        if uri.startswith(("http://", "https://")):
            uri = f"sound:{uri}"
        tried = [Media(uri)]
        if not uri.startswith("sound:http"):
            tried += [Media(uri, language) for language in self._languages]
        return (*tried, *await self._sorry(prompt.language, until), LAST_RESORT)

    async def _sorry(self, language: str | None, until: float) -> tuple[Media, ...]:
        """That something cannot be played, in the caller's language, or in one of the source's."""
        spoken: tuple[Media, ...] = ()
        for tag, text in in_languages(UNPLAYABLE, (language or self._languages[0], *self._languages)):
            spoken = await self._spoken(text, tag, None, until)
            if not spoken[0].missing:
                break
        return spoken

    async def _spoken(self, text: str, language: str, voice: str | None, until: float) -> tuple[Media, ...]:
        for each in dict.fromkeys((voice, None)):
            try:
                async with asyncio.timeout_at(until):
                    file = await self._speech.render(text, language, each)
            except CallfloorError as error:
                log.warning("a prompt could not be spoken", language=language, voice=each, error=error.detail)
                continue
            except TimeoutError:
                log.warning("a prompt could not be spoken in time", language=language, seconds=PATIENCE_SECONDS)
                continue
            except Exception:  # a fault of an engine costs a prompt, not the call
                log.exception("a prompt could not be spoken", language=language, voice=each)
                continue
            if self._media_url is not None:
                return (Media(f"sound:{self._media_url}/{file.name}"),)
            return (Media(f"sound:{PurePosixPath(file.resolve()).with_suffix('')}"),)
        return (_missing(language),)


def _missing(language: str | None) -> Media:
    return Media(f"{SPEECH}{language or ''}", missing=True)
