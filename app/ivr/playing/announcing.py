"""What a waiting caller hears, made of what their flow wanted. Pure."""

import msgspec

from app.ivr.language import phrases
from app.ivr.language.templates import filled
from app.ivr.playing.state import Announce
from app.telephony.instructions import Prompt, Say


def announced(wanted: Announce, position: int | None, wait_seconds: float | None) -> tuple[Prompt, ...]:
    """The prompts for a caller at this place, with this estimated wait; None: nobody knows."""
    minutes = None if wait_seconds is None else max(1, round(wait_seconds / 60))
    if wanted.prompts:
        told = _filled(wanted.prompts, position, minutes)
        return told or _spoken(wanted, [phrases.STAY])
    texts = []
    if wanted.position and position is not None:
        texts.append(phrases.POSITION)
    if wanted.wait and minutes is not None:
        texts.append(phrases.WAIT if minutes > 1 else phrases.SHORT_WAIT)
    return _filled(_spoken(wanted, texts or [phrases.STAY]), position, minutes)


def _spoken(wanted: Announce, texts: list[dict[str, str]]) -> tuple[Prompt, ...]:
    said = [phrases.spoken(each, wanted.language) for each in texts]
    return tuple(Say(text=text, language=language, voice=wanted.voice) for text, language in said)


def _filled(prompts: tuple[Prompt, ...], position: int | None, minutes: int | None) -> tuple[Prompt, ...]:
    """What speaks of something that nobody knows is left out."""
    known = {name: value for name, value in (("position", position), ("minutes", minutes)) if value is not None}
    unknown = [f"{{{name}}}" for name in ("position", "minutes") if name not in known]
    told: list[Prompt] = []
    for each in prompts:
        if not isinstance(each, Say):
            told.append(each)
        elif not any(name in each.text for name in unknown):
            told.append(msgspec.structs.replace(each, text=filled(each.text, known)))
    return tuple(told)
