"""Finding a customer by a part of the name: the words that a name is stored under and those a query asks for. Pure.

`customers.search` holds, under one GIN index:

- `=word` for each whole word: what a candidate is verified against;
- each character and pair of characters of a Chinese name: 小, 明, 小明;
- each three letters of a Latin word, so that any part of three letters or more is found;
- `^x`, `^xi` for the beginnings of a word, so that one or two letters are found too.

A Chinese name is also stored in pinyin, as one word (wangxiaoming), by its syllables' beginnings and by its initials
(wxm), in every reading that one of its characters has. Case, accents and width do not matter.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

import msgspec
from pypinyin import Style, pinyin

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
MAX_WORDS = 8
MAX_WORD = 64
SHORT = 8
"""Words of more Chinese characters are no people's names."""

_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")
_GAP = re.compile(f"(?<=[{HAN}])[\\s·・]+(?=[{HAN}])")
_APOSTROPHES = re.compile("['\u2019\u02bc`]")
_PLAIN_HAN = re.compile("[\u4e00-\u9fff]+")
_ASCII = {**{upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}, ord("'"): None, ord("`"): None}
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


class NameQuery(msgspec.Struct, frozen=True):
    """What a customer's `search` must contain (all `tokens`), and the `parts` of words to verify afterwards."""

    tokens: list[str]
    parts: list[str]


def tokens(*names: str | None) -> list[str]:
    """Everything that the names can be found by, sorted: the value of `customers.search`."""
    return sorted(unsorted_tokens(*names))


def unsorted_tokens(*names: str | None) -> list[str]:
    """The same in any order, but always in the same one: a third quicker, for those who make millions."""
    parts: list[tuple[str, ...]] = []
    for name in names:
        for word in folded_words(name) if name else ():
            if _is_han(word):
                parts += _han(word)
            else:
                parts.append(_latin_tokens(word))
    return list(dict.fromkeys(chain.from_iterable(parts)))


def query(text: str) -> NameQuery | None:
    """What to look for when somebody types `text`: each of its words in any order; None if it has no word at all."""
    wanted: set[str] = set()
    parts: list[str] = []
    words = _words(fold(text))[:MAX_WORDS]
    for word in words:
        size = 2 if _is_han(word) else 3
        if len(word) < size:
            wanted.add(word if _is_han(word) else f"^{word}")
        else:
            wanted.update(_grams(word, size))
        if len(word) > size:
            parts.append(word)
    return NameQuery(sorted(wanted), parts) if words else None


def fold(text: str) -> str:
    """`text` without case, accents, width and apostrophes: "Zoë O'Brien" -> 'zoe obrien'."""
    if text.isascii():
        return text.translate(_ASCII)
    if _PLAIN_HAN.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", _APOSTROPHES.sub("", plain).casefold().translate(_LETTERS))


def folded_words(name: str) -> list[str]:
    """The words of a name, folded; Chinese characters with gaps between them are one word."""
    if len(name) <= SHORT and _PLAIN_HAN.fullmatch(name):
        return [name]
    return _words(_GAP.sub("", fold(name)))


def is_han(word: str) -> bool:
    """Whether a folded word is of Chinese characters."""
    return _is_han(word)


def grams_of(word: str, size: int) -> list[str]:
    """All groups of `size` letters that stand side by side in a word, in their order."""
    return _grams(word, size)


def readings_of(word: str) -> Iterator[list[str]]:
    """The syllables of a word of Chinese characters: the usual reading, then each other reading of one of them."""
    return _readings(word)


def _words(folded: str) -> list[str]:
    return [word[:MAX_WORD] for word in _WORD.findall(folded)]


def _is_han(word: str) -> bool:
    return _HAN.match(word) is not None


def _grams(word: str, size: int) -> list[str]:
    return [word[i : i + size] for i in range(len(word) - size + 1)]


def _latin(word: str) -> list[str]:
    return [f"={word}", f"^{word[:1]}", f"^{word[:2]}", *_grams(word, 3)]


@lru_cache(maxsize=20_000)
def _starts(word: str) -> Sequence[str]:
    return (f"^{word[:1]}", f"^{word[:2]}")


@lru_cache(maxsize=20_000)
def _latin_tokens(word: str) -> tuple[str, ...]:
    """Families share their names, and people their initials."""
    return tuple(_latin(word))


def _han(word: str) -> list[tuple[str, ...]]:
    """What a word of Chinese characters is found by. Two characters that stand side by side give what the whole is
    found by but for its beginning, as long as no syllable between them is so short that three letters reach over it;
    and people share pairs of characters as families share names."""
    if not 1 < len(word) <= SHORT or not all(map(_parts_letters, word[1:-1])):
        return [_han_slowly(word)]
    parts = [(f"={word}",), *[_pair(word[i : i + 2]) for i in range(len(word) - 1)]]
    for reading in _readings(word):
        parts.append((f"={''.join(reading)}",))
        parts.append(_initials("".join([syllable[0] for syllable in reading])))
    return parts


@lru_cache(maxsize=30_000)
def _parts_letters(char: str) -> bool:
    """Whether three letters that begin before the syllable of a character never end behind it."""
    return all(len(syllable) > 1 for syllable in _syllables(char))


@lru_cache(maxsize=20_000)
def _pair(chars: str) -> tuple[str, ...]:
    """What a word with these two characters side by side is found by, wherever they stand."""
    found = [*chars, chars]
    for reading in _readings(chars):
        found += _grams("".join(reading), 3)
        for syllable in reading:
            found += _starts(syllable)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=20_000)
def _initials(letters: str) -> tuple[str, ...]:
    """What initials are found by, from each of them on."""
    return tuple(dict.fromkeys(token for i in range(len(letters)) for token in _latin(letters[i:])))


def _han_slowly(word: str) -> tuple[str, ...]:
    """What a word of Chinese characters is found by, whatever it is."""
    found = [f"={word}", *word, *_grams(word, 2)]
    for reading in _readings(word):
        found += _latin("".join(reading))
        for syllable in reading:
            found += _starts(syllable)
        found += _initials("".join([syllable[0] for syllable in reading]))
    return tuple(found)


def _readings(word: str) -> Iterator[list[str]]:
    """The usual reading of a name, then each other reading of one of its characters: 单 is dan, chan and shan."""
    options = [_syllables(char) for char in word]
    usual = [syllables[0] for syllables in options]
    yield usual
    for i, syllables in enumerate(options):
        for other in syllables[1:]:
            yield [*usual[:i], other, *usual[i + 1 :]]


@lru_cache(maxsize=30_000)
def _syllables(char: str) -> tuple[str, ...]:
    """The readings of one character, the usual one first; 'lü' as it is typed: lv, lu and lyu."""
    found: list[str] = []
    for syllable in pinyin(char, style=Style.NORMAL, heteronym=True)[0]:
        found += [syllable.replace("v", typed) for typed in ("v", "u", "yu")] if "v" in syllable else [syllable]
    return tuple(dict.fromkeys(found))
