"""Telephone numbers as the world sends them: kept as given, and in E.164 next to it where they are one. Pure."""

import re
import unicodedata
from urllib.parse import unquote

import msgspec
import phonenumbers

MAX_LENGTH = 64
"""Characters; nothing longer is looked at."""

WITHHELD = frozenset(
    {"", "anonymous", "unknown", "unavailable", "private", "restricted", "withheld", "blocked", "none", "null"}
    | {"266696687", "7378742833", "2562533", "8656696"}  # ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN on a keypad
)
"""What platforms send in place of a number that the caller keeps to himself; says nothing about who is calling."""

_ADDRESS = re.compile(r"<([^<>]*)>")
_SCHEME = re.compile(r"(sips?|tel):", re.IGNORECASE)
_DIALLABLE = re.compile(
    r"(?P<number>[(\[]?\+?[\d\s()\[\]./\-\u2010-\u2015\u2212]+?)"
    r"(?:[\s,;]*(?:ext(?:ension)?[.=]?|x|#|转|分机)\s*(?P<extension>\d{1,7}))?",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r";ext=(\d{1,7})(?=[;@>?]|$)", re.IGNORECASE)


class Number(msgspec.Struct, frozen=True):
    """A number as it was given, and its E.164 form, or None where it is no valid number of any country."""

    raw: str
    e164: str | None = None

    @property
    def matchable(self) -> bool:
        """Whether the number can identify anybody. A withheld one never does, whatever customers have on file."""
        return self.e164 is not None or not _withheld(_subscriber(self.raw))


def normalise(raw: str, default_region: str) -> Number:
    """Read `raw` as a telephone number; never fails.

    National forms are read as numbers of `default_region` (ISO 3166, such as CN). Of a SIP address only the user part
    is read, and only if it consists of digits: a user name is not a number. An extension behind a number is left out
    of the E.164 form. Extensions alone, service codes, names and withheld numbers have none.
    """
    number = Number(storable(raw).strip())
    subscriber = _subscriber(number.raw)
    match = _DIALLABLE.fullmatch(subscriber) if len(subscriber) <= MAX_LENGTH else None
    if match is None or _withheld(subscriber):  # RESTRICTED on a keypad looks like a number of some regions
        return number
    try:
        parsed = phonenumbers.parse(match["number"], default_region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_valid_number(parsed):
        return number
    return Number(number.raw, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def extension_of(raw: str) -> str | None:
    """The extension behind a number, as digits; None where there is none: '010 6666 8888 ext 12' -> '12'."""
    text = unicodedata.normalize("NFKC", storable(raw)).strip()[: 2 * MAX_LENGTH]
    parameter = _PARAMETER.search(text)
    if parameter is not None:
        return parameter[1]
    match = _DIALLABLE.fullmatch(_subscriber(text))
    return match["extension"] if match else None


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot keep: NUL and halves of surrogate pairs."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\x00", "")


def _withheld(subscriber: str) -> bool:
    return subscriber.strip("+ ").casefold() in WITHHELD


def _subscriber(raw: str) -> str:
    """The part of an address that names the subscriber: 'sip:+4930123@host' -> '+4930123'."""
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cf"})
    address = _ADDRESS.search(text)
    text = (address[1] if address else text).strip()
    scheme = _SCHEME.match(text)
    if scheme is None and "@" not in text:
        return text
    user = unquote(text[scheme.end() if scheme else 0 :]).partition("@")[0]
    # a number that is local to some other context would be read as one of ours
    return "" if "phone-context" in user else user.partition(";")[0].partition("?")[0].strip()
