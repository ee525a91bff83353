"""Text for paper: which characters can be printed, and where lines break. Pure.

Two fonts that every reader of PDF knows are enough for Latin and Chinese and need no file: one for what Windows-1252
has, one for what GBK has. What neither has is told by its number, so that nothing is lost in silence.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

LATIN, CHINESE = "latin", "chinese"
Width = Callable[[str, str], float]
"""How wide a character is in a font."""

_ATOM = re.compile(r" +|[!-~\u00a1-\u024f]+|.", re.DOTALL)
_ENDS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class Run(NamedTuple):
    """Characters of one font that stand side by side."""

    font: str
    text: str


def lines_of(text: str, room: float, width: Width) -> Iterator[list[Run]]:
    """The lines of a text that is to be `room` wide, each in runs: broken between words, anywhere among Chinese, and
    within a word that is wider than a line."""
    for paragraph in _ENDS.split(text):
        line, used = "", 0.0
        for atom, wide in _atoms(printable(paragraph), room, width):
            if line and used + wide > room:
                yield runs_of(line.rstrip(" "))
                line, used = "", 0.0
                if atom.isspace():
                    continue
            line, used = line + atom, used + wide
        yield runs_of(line)


def runs_of(line: str) -> list[Run]:
    """A line of printable characters as runs of one font each."""
    if line.isascii():
        return [Run(LATIN, line)]
    return [Run(font, "".join(chars)) for font, chars in groupby(line, lambda char: font_of(char) or LATIN)]


@lru_cache(maxsize=50_000)
def font_of(char: str) -> str | None:
    """The font that has a character, None if neither has."""
    if char.isascii():
        return LATIN if char.isprintable() else None
    for font, encoding in ((LATIN, "cp1252"), (CHINESE, "gbk")):
        try:
            char.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return None


def printable(text: str) -> str:
    """The text with what cannot be printed told by its number: an emoji as [U+1F600]."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if char == "\t" else char if font_of(char) else f"[U+{ord(char):04X}]" for char in text)


def _atoms(text: str, room: float, width: Width) -> Iterator[tuple[str, float]]:
    """What is not broken if it can be helped, and how wide it is."""
    for atom in _ATOM.findall(text):
        wide = sum([width(char, font_of(char) or LATIN) for char in atom])
        if wide <= room:
            yield atom, wide
        else:
            yield from _pieces(atom, room, width)


def _pieces(atom: str, room: float, width: Width) -> Iterator[tuple[str, float]]:
    piece, used = "", 0.0
    for char in atom:
        wide = width(char, font_of(char) or LATIN)
        if piece and used + wide > room:
            yield piece, used
            piece, used = "", 0.0
        piece, used = piece + char, used + wide
    yield piece, used
