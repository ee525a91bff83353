"""What kind of telephone a number belongs to, and where. Pure."""

from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from app.customers.numbers import normalise

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class NumberKind(msgspec.Struct, frozen=True):
    """`number` is E.164 where it is a number, else as given; `kind` is mobile, fixed_line, other or withheld; `country`
    its ISO 3166 code, empty where it has none."""

    number: str
    kind: str
    country: str


@lru_cache(maxsize=4096)
def kind_of(raw: str, default_region: str) -> NumberKind:
    """The kind of a number as the world sends it; national forms are read as numbers of `default_region`."""
    number = normalise(raw, default_region)
    if number.e164 is None:
        return NumberKind(number.raw, "other" if number.matchable else "withheld", "")
    parsed = phonenumbers.parse(number.e164)
    kind = phonenumbers.number_type(parsed)
    told = "mobile" if kind in MOBILE else "fixed_line" if kind == PhoneNumberType.FIXED_LINE else "other"
    return NumberKind(number.e164, told, phonenumbers.region_code_for_number(parsed) or "")
