"""What of a customer a role sees whole, and what it sees in place of the rest. Pure.

A kind of field is whole for the roles that the policy names; others see its masked form, which always holds `MASK`. A
number of a payment card is never whole, in whatever text it stands: a person who needs it reveals it.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from app.customers.cards import RUN, UUID_FORM, with_cards_as

MASK = "••••"
"""Stands in every masked value, and in none that may be written."""

Kind = Literal["number", "email", "address", "external_id", "holding", "note", "attribute"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Telephone numbers, e-mail and postal addresses, ids of the customer, ids of what they hold, what people wrote, and
free attributes."""

Field = Kind | Literal["detail", "plain"]
"""Details of what customers hold are free texts, in which the number of an account may stand: where ids of holdings are
hidden, long numbers are, too. What is plain is of no kind: everybody sees it, but for the numbers of cards."""

PEOPLE = frozenset({"agent", "supervisor", "administrator"})
EVERYBODY = PEOPLE | {"integration"}

WHOLE: Mapping[Kind, frozenset[str]] = dict.fromkeys(KINDS, EVERYBODY) | {"holding": frozenset({"integration"})}
"""Who sees what whole, unless a house says otherwise: whoever serves customers needs to reach them, and nobody needs
the numbers of their accounts and cards to do so."""

_LONG = re.compile(r"[A-Z]{0,4}(?:\d{9,}|\d{2,4}(?:[ -]\d{4}){2,}(?:[ -]\d{1,4})?)")
_AS_DIGITS, _SO_MANY = bytes.maketrans(b"0123456789", b"0" * 10), b"0" * 13
_TAIL = 4


class Sight(msgspec.Struct, frozen=True):
    """What one role sees: of the kinds that are `hidden` the masked form, of the rest all but card numbers."""

    hidden: frozenset[Kind] = frozenset(KINDS)

    def show(self, kind: Field, value: str) -> str:
        """A value of this kind as the role sees it."""
        if kind == "detail":
            hides = "holding" in self.hidden
            return without_cards(_LONG.sub(lambda found: tail(found[0]), value) if hides else value)
        if kind == "plain":  # one of our own ids may look like a card's by chance, and is no use then
            return value if UUID_FORM.fullmatch(value) else without_cards(value)
        if kind not in self.hidden:
            return value if kind == "number" else without_cards(value)
        if kind == "email":
            name, at, host = value.rpartition("@")
            return f"{name[:1]}{MASK}{at}{host}"
        return MASK if kind in ("address", "note") else tail(value)

    def look(self, kind: Field, value: Any) -> Any:
        """A JSON-like value with each text in it as the role sees that, and each number where its digits are not."""
        if isinstance(value, str):
            return self.show(kind, value)
        if isinstance(value, dict):
            return {without_cards(key): self.look(kind, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.look(kind, inner) for inner in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            shown = self.show(kind, str(whole))
            return value if MASK not in shown else shown
        return value


BLIND = Sight()


class Policy(msgspec.Struct, frozen=True):
    """Which roles see a kind of field whole, and which may reveal one that they do not see."""

    whole: Mapping[Kind, frozenset[str]] = msgspec.field(default_factory=lambda: WHOLE)
    reveal: Mapping[Kind, frozenset[str]] = msgspec.field(default_factory=lambda: dict.fromkeys(KINDS, PEOPLE))

    def sight(self, role: str) -> Sight:
        """What a role sees."""
        return Sight(frozenset(kind for kind in KINDS if role not in self.whole.get(kind, ())))


def policy(whole: Mapping[Kind, frozenset[str]], reveal: Mapping[Kind, frozenset[str]]) -> Policy:
    """The usual policy but for the kinds that are named."""
    return Policy(whole={**USUAL.whole, **whole}, reveal={**USUAL.reveal, **reveal})


USUAL = Policy()
AS_AGENT = USUAL.sight("agent")


def tail(value: str) -> str:
    """All but the last four letters and digits masked; nothing of what has no more than four."""
    seen = [char for char in value if char.isalnum()]
    return MASK + "".join(seen[-_TAIL:] if len(seen) > _TAIL else ())


def without_cards(text: str) -> str:
    """The text with the last four digits of each card number that stands in it."""
    if len(text) < len(_SO_MANY) or not may_hold_card(text):
        return text
    return with_cards_as(text, tail)


def may_hold_card(text: str) -> bool:
    """Whether to look closer: whether so many digits follow each other, but for spaces and dashes. Quick, since each
    look-up of a caller asks it."""
    if not text.isascii():  # digits of full width and of other scripts count, too
        return RUN.search(text) is not None
    return _SO_MANY in text.encode().translate(_AS_DIGITS, b" -")
