"""How wide a text will about be, without knowing the font: enough to make a box fit. Pure."""

from unicodedata import east_asian_width

_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[]/ 1"), frozenset("mwMW@%&")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in a usual sans-serif."""
    return sum(map(_em, text)) * size * (1.06 if bold else 1.0)


def clipped(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """As much of a text as there is room for."""
    if width_of(text, size, bold=bold) <= room:
        return text
    while text and width_of(text, size, bold=bold) > room - size:
        text = text[:-1]
    return text.rstrip() + "…"


def _em(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.34
    return 0.88 if letter in _BROAD else 0.6
