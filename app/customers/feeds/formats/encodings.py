"""In which encoding a file is, told from its beginning; where that is not sure it is asked for. Pure."""

import codecs
import difflib

from app.core.errors import Invalid

SAMPLE = 1 << 20
"""Bytes that are looked at."""

USUAL = ("utf-8", "utf-16", "gb18030", "big5", "cp1252", "latin-1", "cp932", "euc-kr", "utf-16-le", "utf-16-be")
ENOUGH_PAIRS = 10
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class EncodingUntold(Invalid):
    """The encoding of a file cannot be told, or the one that was named is none."""

    code = "encoding-untold"


def encoding_of(sample: bytes, *, whole: bool) -> str:
    """The encoding of a file that begins so; `whole` if that is all of it. Raises EncodingUntold."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if _is_utf8(sample, whole=whole):
        return "utf-8"
    if _is_chinese(sample, whole=whole):
        return "gb18030"
    raise EncodingUntold(f"The encoding cannot be told{_guess(sample)}. Name it with --encoding: {', '.join(USUAL)}.")


def named_encoding(name: str) -> str:
    """The encoding that somebody named, as Python calls it. Raises EncodingUntold for one that there is not."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        close = difflib.get_close_matches(name.lower(), USUAL, n=1)
        accepted = f"{close[0]}?" if close else ", ".join(USUAL)
        raise EncodingUntold(f"There is no encoding {name!r}; accepted: {accepted}") from None
    if not getattr(found, "_is_text_encoding", True):
        raise EncodingUntold(f"{name!r} is no encoding of text; accepted: {', '.join(USUAL)}")
    # GB 18030 holds all of its predecessors; a mark at the beginning of UTF-8 is no part of the first column's name
    return {"gbk": "gb18030", "gb2312": "gb18030", "utf-8": "utf-8-sig"}.get(found.name, found.name)


def _is_utf8(sample: bytes, *, whole: bool) -> bool:
    """Whether it is UTF-8, perhaps with a few bytes that are broken: those are faults of their rows."""
    if _looks_like_utf16(sample):
        return False
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(sample, final=whole)
    broken = text.count("\ufffd") - sample.count("\ufffd".encode())
    good = sum(1 for byte in sample if byte >= 0xC2) - broken if broken else 0
    return broken == 0 or good >= 10 * broken


def _is_chinese(sample: bytes, *, whole: bool) -> bool:
    """Whether it is Chinese text in GBK.

    Almost all characters must be of the 6,763 of GB 2312 and mostly of its more frequent half; other encodings of
    pairs of bytes use other rows. Korean and Japanese on Unix use the same, but their frequent characters end with the
    rows C8 and CF, and those from D0 to D7 are a quarter of a Chinese text.
    """
    try:
        codecs.getincrementaldecoder("gb18030")("strict").decode(sample, final=whole)
    except UnicodeDecodeError:
        return False
    pairs = list(_pairs(sample))
    frequent = sum(0xB0 <= first <= 0xD7 and second >= 0xA1 for first, second in pairs)
    known = sum(second >= 0xA1 and (first <= 0xA3 or 0xB0 <= first <= 0xF7) for first, second in pairs)
    late = sum(0xD0 <= first <= 0xD7 for first, second in pairs)
    count = len(pairs)
    return count >= ENOUGH_PAIRS and known >= 0.95 * count and frequent >= 0.8 * count and late >= 0.1 * count


def _pairs(sample: bytes) -> list[tuple[int, int]]:
    found, place, end = [], 0, len(sample) - 1
    while place < end:
        if sample[place] < 0x80:
            place += 1
            continue
        found.append((sample[place], sample[place + 1]))
        place += 2
    return found


def _looks_like_utf16(sample: bytes) -> bool:
    return sample.count(0) > len(sample) // 5


def _guess(sample: bytes) -> str:
    if _looks_like_utf16(sample):
        order = "le" if sample[1::2].count(0) > sample[::2].count(0) else "be"
        return f"; it may be utf-16-{order} without a mark at its beginning"
    return ""
