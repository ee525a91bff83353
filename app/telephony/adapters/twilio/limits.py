"""How long texts and names may be at Twilio, and what is made of those that are longer. Pure."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

LONGEST_TEXT = 3000
"""Bytes of one <Say> (error 13521)."""
LONGEST_QUOTED = 4500
"""Characters of it as it stands in an address, where a Chinese character takes nine (the same error)."""
MOST_HINTS, LONGEST_HINT = 500, 100
"""Of a <Gather> (error 13330)."""
LONGEST_LABEL = 128
"""Characters of what a participant is called (error 16024)."""
_HASHED = 16
_SLASH = re.compile("/|%2[Ff]")
_ENDS = frozenset(".!?。！？；;")


def pieces(text: str) -> Iterator[str]:
    """A text in parts that are short enough to be spoken each: cut after a sentence where there is one."""
    begins, ends = 0, 0
    size, quoted = 0, 0
    for place, character in enumerate(text):
        more, more_quoted = _sizes(character)
        while size + more > LONGEST_TEXT or quoted + more_quoted > LONGEST_QUOTED:
            cut = ends if ends > begins else place
            yield text[begins:cut]
            begins = cut
            size, quoted = _sizes(text[cut:place])
        size, quoted = size + more, quoted + more_quoted
        if character in _ENDS:
            ends = place + 1
    if begins < len(text):
        yield text[begins:]


def _sizes(text: str) -> tuple[int, int]:
    """In bytes, and in characters of an address."""
    return len(text.encode()), len(quote(text, safe=""))


def hints(words: Iterable[str]) -> str:
    """What is likely to be said, as a list: commas part its entries, so there is none within one. Those that are too
    long to be hints are left out."""
    told = (" ".join(word.replace(",", " ").split()) for word in words)
    return ", ".join([word for word in told if 0 < len(word) <= LONGEST_HINT][:MOST_HINTS])


def label(name: str) -> str:
    """What somebody may be called in a conference: without slashes, and where it is too long with a hash at its end, so
    that two who begin alike stay two."""
    plain = _SLASH.sub("_", name)
    if len(plain) <= LONGEST_LABEL:
        return plain
    return plain[: LONGEST_LABEL - _HASHED] + hashlib.sha256(plain.encode()).hexdigest()[:_HASHED]
