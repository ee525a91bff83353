"""How alike two names are, and what to look for to find names like one: in Chinese characters, pinyin and Latin
letters. Pure.

A word with one letter wrong has lost at most three of its groups of three letters, which stand side by side: of three
parts of its groups one is whole. So whoever is alike is found by one of a few conjunctions, each answered by the index.
A name with two words wrong is not found by its name.
"""

from collections.abc import Iterator
from itertools import islice, pairwise, permutations
from typing import Literal

import msgspec
from rapidfuzz import fuzz

from app.customers.names.search import folded_words, grams_of, is_han, readings_of

SIMILAR = 0.84
"""From here on two names are alike; below `DIFFERENT` they speak against each other."""
DIFFERENT = 0.5
MOST_WORDS = 4
MOST_READINGS = 4
SHORTEST_FUZZY = 5
ALONE = 3
"""So many groups must a third of a word have that is looked for without another word beside it."""

Likeness = Literal["same_name", "same_reading", "similar_name", "different_name"]


class Compared(msgspec.Struct, frozen=True):
    """What two names are to each other, and how alike they are (0 to 1); `kind` None where that says nothing."""

    kind: Likeness | None
    ratio: float


def compare(one: str, other: str) -> Compared:
    """How alike two names are. The order of words, case, accents and the script do not matter: 王小明 and "Xiaoming
    Wang" have the same reading."""
    words, others = folded_words(one), folded_words(other)
    if not words or not others:
        return Compared(None, 0.0)
    if sorted(words) == sorted(others):
        return Compared("same_name", 1.0)
    spelt, spelt_otherwise = set(_spellings(words)), set(_spellings(others))
    if spelt & spelt_otherwise:
        return Compared("same_reading", 1.0)
    ratio = max(fuzz.ratio(a, b) for a in spelt for b in spelt_otherwise) / 100
    if ratio >= SIMILAR:
        return Compared("similar_name", round(ratio, 3))
    return Compared("different_name" if ratio < DIFFERENT else None, round(ratio, 3))


def alike(name: str) -> list[list[str]]:
    """What the very name is found by, however it is written: each list is tokens of `search` that stand together."""
    return _distinct(_written(folded_words(name)[:MOST_WORDS]))


def near(name: str) -> list[list[str]]:
    """What names are found by that have a letter or a character otherwise; also some that are not alike at all."""
    return _distinct(_misspelt(folded_words(name)[:MOST_WORDS]))


def _distinct(alternatives: Iterator[list[str]]) -> list[list[str]]:
    return [list(tokens) for tokens in sorted({tuple(sorted(tokens)) for tokens in alternatives})]


def _written(words: list[str]) -> Iterator[list[str]]:
    if words:
        yield [f"={word}" for word in words]
    yield from ([f"={spelling}"] for spelling in _spellings(words) if spelling)
    for word, others in _beside(words):
        if is_han(word):
            yield from ([*others, *tokens] for tokens in _syllables_apart(word))


def _misspelt(words: list[str]) -> Iterator[list[str]]:
    for word, others in _beside(words):
        latin = "".join(next(readings_of(word))) if is_han(word) else word
        yield from ([*others, *part] for part in _parts(latin, 1 if others else ALONE))
        if others and len(latin) > 2:
            yield [*others, f"^{latin[:2]}"]


def _beside(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each word, with the tokens of those beside it."""
    for place, word in enumerate(words):
        yield word, [f"={other}" for other in (*words[:place], *words[place + 1 :])]


def _syllables_apart(word: str) -> Iterator[list[str]]:
    """As somebody would write it in Latin letters: surname and given name, or each syllable apart."""
    for syllables in islice(readings_of(word), MOST_READINGS):
        for surname in (1, 2):
            if len(syllables) > surname:
                yield [f"={''.join(syllables[:surname])}", f"={''.join(syllables[surname:])}"]
        yield [f"={syllable}" for syllable in syllables]


def _parts(word: str, least: int) -> Iterator[list[str]]:
    """Thirds of a word's groups of letters, those of at least so many groups: fewer alone fit half of all names."""
    grams = grams_of(word, 3)
    bounds = [len(grams) * third // 3 for third in range(4)]
    if len(word) >= SHORTEST_FUZZY:
        yield from (grams[start:end] for start, end in pairwise(bounds) if end - start >= least)


def _spellings(words: list[str]) -> Iterator[str]:
    """A name as one word of Latin letters, in every order of few words and in the readings of its characters."""
    latin = [_latin(word) for word in words[:MOST_WORDS]]
    orders = permutations(latin) if len(latin) <= 3 else [tuple(latin)]
    for order in orders:
        yield from _joined(order)


def _latin(word: str) -> list[str]:
    if not is_han(word):
        return [word]
    return ["".join(syllables) for syllables in islice(readings_of(word), MOST_READINGS)]


def _joined(order: tuple[list[str], ...]) -> Iterator[str]:
    """The usual readings together, then each other reading of one word."""
    usual = [spellings[0] for spellings in order]
    yield "".join(usual)
    for place, spellings in enumerate(order):
        for other in spellings[1:]:
            yield "".join([*usual[:place], other, *usual[place + 1 :]])
