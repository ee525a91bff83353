"""How long a script takes: at most, so that a platform that says nothing more is noticed, and about. Pure."""

from collections.abc import Iterable

from app.telephony.instructions import AnyInstruction, Collect, Pause, Play, Say

RECORDING_SECONDS = 180.0
"""How long a recording may be; nobody tells."""

PLAYED_SECONDS = 20.0
"""How long a recording is taken to be, where too little would cut it off and too much would only be late."""

MARGIN_SECONDS = 15.0
LONGEST_SECONDS = 3600.0
_WIDE_SECONDS, _NARROW_SECONDS = 0.4, 0.15


def longest(instructions: Iterable[AnyInstruction]) -> float:
    """Seconds after which a script must have been answered to, told slowly."""
    return min(sum(_seconds(each) for each in instructions) + MARGIN_SECONDS, LONGEST_SECONDS)


def about(instructions: Iterable[AnyInstruction]) -> float:
    """Seconds that are heard of a script until it asks for something, or leaves the caller to wait."""
    return sum(PLAYED_SECONDS if isinstance(it, Play) else _seconds(it) for it in instructions if _is_heard(it))


def _is_heard(it: AnyInstruction) -> bool:
    return isinstance(it, Say | Play | Pause)


def _seconds(it: AnyInstruction) -> float:
    if isinstance(it, Say):
        return 1.0 + sum(_WIDE_SECONDS if char >= "\u2e80" else _NARROW_SECONDS for char in it.text)
    if isinstance(it, Play):
        return RECORDING_SECONDS
    if isinstance(it, Pause):
        return it.seconds
    if isinstance(it, Collect):
        return sum(map(_seconds, it.prompts)) + it.first_seconds + it.most * it.between_seconds
    return 0.0
