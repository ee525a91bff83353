"""Telephone numbers of a feed, a million of them in seconds. Pure.

What `numbers.normalise` answers is what counts. Most numbers of a file are plain valid ones of the country that it
comes from, and of those the same answer is had from the same metadata in a tenth of the time; a test holds that.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

from app.customers.feeds.columns.records import Phone
from app.customers.feeds.formats.cells import Unfit
from app.customers.numbers import MAX_LENGTH, normalise

_GROUPING = dict.fromkeys(map(ord, " -()./"))
_LONGEST = 17
_KINDS = (
    *("mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost"),
    *("voip", "personal_number", "pager", "uan", "voicemail"),
)


class _Region(NamedTuple):
    """How a country numbers: its code, what leads abroad, what a number begins with at home (which some
    replace by other digits), what is a valid one; and what is a `usual` number at home, in digits alone, the valid one
    in a group of it: None where digits are replaced."""

    code: str
    abroad: re.Pattern[str]
    trunk: re.Pattern[str] | None
    rewrites: bool
    valid: re.Pattern[str]
    usual: re.Pattern[str] | None


def phone_reader(region: str, label: str | None, keep_invalid: bool) -> Callable[[str], Phone]:
    """What reads a number; national forms are numbers of `region` (ISO 3166). The reader raises Unfit for what is no
    valid number, unless such are kept."""
    quick = _quick_reader(region)
    accepted = f"a number of {region}, or one with + and the code of its country"

    def read(text: str) -> Phone:
        e164 = quick(text)
        if e164 is not None:
            return Phone(text, e164, label)
        number = normalise(text, region)
        if number.e164 is None and not (keep_invalid and len(text) <= MAX_LENGTH):
            raise Unfit("phone", "is no valid telephone number", accepted)
        return Phone(number.raw, number.e164, label)

    return read


def _quick_reader(region: str) -> Callable[[str], str | None]:
    """What tells the E.164 form of a usual number, and None of any other, valid or not."""
    home = _region(region)

    usual = None if home is None else home.usual
    match, code, last = (
        (usual.fullmatch, f"+{home.code}", usual.groupindex["valid"]) if home and usual else (_none, "", 0)
    )

    def read(text: str) -> str | None:
        if (found := match(text)) is not None and len(text) <= _LONGEST:
            return code + found[last]
        bare = text if text.isdigit() else text.translate(_GROUPING)
        if len(bare) > _LONGEST or not bare.isascii():
            return None
        if bare[:1] == "+":
            return _abroad(bare[1:])
        if home is None or not bare.isdigit() or bare.startswith(home.code) or home.abroad.match(bare):
            return None
        return _e164(bare, home)

    return read


def _none(_: str) -> None:
    """No number is usual."""


def _abroad(digits: str) -> str | None:
    if not digits.isdigit():
        return None
    for length in (2, 1, 3):
        region = _main_region(digits[:length])
        if region is not None:
            return _e164(digits[length:], region)
    return None


def _e164(national: str, region: _Region) -> str | None:
    trunk = region.trunk.match(national) if region.trunk else None
    if trunk is not None:
        if region.rewrites and trunk[trunk.re.groups] is not None:
            return None
        national = national[trunk.end() :]
    return f"+{region.code}{national}" if region.valid.fullmatch(national) else None


@lru_cache(maxsize=512)
def _main_region(code: str) -> _Region | None:
    """The country of a calling code, of several the main one: what is valid there is a number of that country."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code.isdigit() and code[0] != "0" else ()
    return _region(regions[0]) if regions else None


@lru_cache(maxsize=256)
def _region(name: str) -> _Region | None:
    """How a country numbers; None where that takes more than patterns, as beside the main country of a code."""
    metadata = PhoneMetadata.metadata_for_region(name)
    code = metadata.country_code if metadata else None
    if metadata is None or code is None or COUNTRY_CODE_TO_REGION_CODE[code][0] != name or metadata.leading_digits:
        return None
    prefix, abroad = metadata.national_prefix_for_parsing, metadata.international_prefix
    trunk = re.compile(prefix) if prefix else None
    if abroad is None:
        return None
    general = _pattern(metadata.general_desc)
    kinds = list(filter(None, (_pattern(getattr(metadata, kind)) for kind in _KINDS)))
    if general is None or not kinds:
        return None
    valid = re.compile(f"(?={general}$)(?:{'|'.join(kinds)})", re.ASCII)
    rewrites = bool(metadata.national_prefix_transform_rule and trunk and trunk.groups)
    # what is led by the trunk prefix is never tried without it, as `_e164` does not either
    led = f"(?>{prefix})?+" if prefix else ""
    usual = None if rewrites else re.compile(f"(?!{code}|(?:{abroad})){led}(?P<valid>{valid.pattern})", re.ASCII)
    return _Region(str(code), re.compile(abroad), trunk, rewrites, valid, usual)


def _pattern(kind: PhoneNumberDesc | None) -> str | None:
    """What matches a number of a kind, its lengths with it."""
    if kind is None or not kind.national_number_pattern:
        return None
    bare = re.sub(r"\s+", "", kind.national_number_pattern)
    return f"(?:(?={_lengths(kind.possible_length)}$)(?:{bare}))" if kind.possible_length else f"(?:{bare})"


def _lengths(lengths: Iterable[int]) -> str:
    return "(?:" + "|".join(rf"\d{{{length}}}" for length in lengths) + ")"
