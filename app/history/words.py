"""Looking for words: whether there are any in what somebody typed, and where in a text they were found. Pure.

What is looked for is found by the database (`history_words`, migration 0033): each word in any order, Chinese in one
piece wherever it stands, of other scripts the beginnings of words, whole words where they are shorter than three
letters. This says where in the text that was, so that whoever shows it can mark the place.
"""

import re
from collections.abc import Iterator

from app.customers.names.search import HAN, fold, is_han

SHORT = 3
"""Words of fewer letters are looked for whole."""

_WORD = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")
_LETTER = f"[^\\W_{HAN}]"


def words_of(typed: str) -> list[str]:
    """The words of what somebody typed, without case, accents and width."""
    return _WORD.findall(fold(typed))


def found_in(text: str, typed: str) -> list[tuple[int, int]]:
    """Where the words that were typed stand in a text: [first, end) of each, counted in characters, in order, none
    over another."""
    folded, places = _folded(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(_spans(folded, words_of(typed))):
        first, last = places[start], places[end - 1] + 1
        if spans and first < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return spans


def _spans(folded: str, words: list[str]) -> Iterator[tuple[int, int]]:
    for word in set(words):
        pattern = re.escape(word)
        if not is_han(word):
            pattern = f"(?<!{_LETTER}){pattern}" + (f"(?!{_LETTER})" if len(word) < SHORT else "")
        for match in re.finditer(pattern, folded):
            yield match.span()


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and of each of its characters where it comes from."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        folded = fold(char)
        letters.append(folded)
        places += [place] * len(folded)
    return "".join(letters), places
