"""What rules of tiers and segments may say: variables and functions, their types and meanings, and what is wrong with
a condition. Pure.

What a function is asked is written out, so that it is known beforehand what must be measured.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from app.core.expressions.kinds import NUMBER, Kind, faults_of
from app.core.expressions.reading import compiled
from app.core.expressions.syntax import Term
from app.core.wire import fault
from app.customers.usage.conditions import FUNCTIONS as USAGE
from app.customers.usage.conditions import checked as usage_checked
from app.customers.usage.conditions import literal
from app.customers.usage.windows import ACCEPTED, Window, seconds_of

HOLDING_KINDS = ("account", "card", "loan", "fund", "insurance")
LONGEST = 2_000
NEVER = 9_999.0
"""The days since the last contact of somebody who had none within the last two years."""

EXAMPLES: Mapping[Kind, str] = {
    "flag": "a condition in CEL, such as balance('CNY') >= 500000.0",
    "number": "a number in CEL, such as balance('CNY')",
}


class Word(NamedTuple):
    """A variable or a function: a sample of what it gives, its type in plain words, and what it means."""

    sample: Any
    type: str
    meaning: str


CUSTOMER: Mapping[str, Word] = {
    "kind": Word("1", "text", "person or company"),
    "tier": Word("1", "text", "the tier that they are of now, '' without one"),
    "language": Word("1", "text", "'' where it is not known"),
    "segments": Word(["1"], "list of texts", "segments that people and feeds have told, not those that rules give"),
    "holds": Word(["1"], "list of texts", f"the kinds of open holdings: {', '.join(HOLDING_KINDS)}"),
    "relation_days": Word(
        1, "whole number", "days since the first holding was opened, or since the record was made if that is longer ago"
    ),
    "age": Word(1, "whole number", "years by the attribute birth_date; it is missing where that is none"),
}
FUNCTIONS: Mapping[str, Word] = {
    "holdings": Word(1, "whole number", "open holdings: holdings(), or of a kind: holdings('card')"),
    "balance": Word(
        1.0,
        "number",
        "the balances of open holdings, in units of the currency: balance('CNY'), or of a kind: balance('fund', 'CNY')",
    ),
    "contacts": Word(
        1,
        "whole number",
        "contacts that have ended, in which the customer was reached: contacts('90d'), or of a channel: "
        "contacts('90d', 'voice')",
    ),
    "recency": Word(
        1.0,
        "number",
        f"days since the last contact: recency(), or of a channel: recency('voice'); {NEVER:.0f} without one in two "
        "years",
    ),
    **{name: Word(each.sample, "", "as in rules of usage") for name, each in USAGE.items()},
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class _Given(NamedTuple):
    """What may be written as an argument, and in plain words."""

    fits: Callable[[str], bool]
    accepted: str


_KIND = _Given(HOLDING_KINDS.__contains__, f"a kind of holding ({', '.join(HOLDING_KINDS)})")
_MONEY = _Given(lambda text: _CURRENCY.fullmatch(text) is not None, "a currency such as 'CNY'")
_OVER = _Given(lambda text: seconds_of(text) is not None, f"a window, {ACCEPTED}")
_BY = _Given(lambda text: _CHANNEL.fullmatch(text) is not None, "a channel such as 'voice'")
_FORMS: Mapping[str, tuple[tuple[_Given, ...], ...]] = {
    "holdings": ((), (_KIND,)),
    "balance": ((_MONEY,), (_KIND, _MONEY)),
    "contacts": ((_OVER,), (_OVER, _BY)),
    "recency": ((), (_BY,)),
}
_OF_HOLDINGS = frozenset({"holds", "relation_days"})


class Use(NamedTuple):
    """One use of a function, `written` as in the condition."""

    function: str
    given: tuple[str, ...]
    written: str


class Condition(NamedTuple):
    """A condition that was read: what it uses, and the variables that it refers to."""

    source: str
    uses: tuple[Use, ...]
    paths: tuple[tuple[str, ...], ...]


class Asks(NamedTuple):
    """What must be known of customers to judge them by some conditions: of which kinds of holdings the number (`held`)
    and of which kinds and currencies their balances, '' being all kinds; which of the variables `customer.*`."""

    usage: frozenset[Window] = frozenset()
    contacts: frozenset[float] = frozenset()
    recency: bool = False
    held: frozenset[str] = frozenset()
    balances: frozenset[tuple[str, str]] = frozenset()
    customer: frozenset[str] = frozenset()
    attributes: bool = False

    @property
    def holdings(self) -> bool:
        """Whether anything of holdings must be known."""
        return bool(self.held or self.balances or self.customer & _OF_HOLDINGS)

    @property
    def changes(self) -> list[str]:
        """What must change for a customer to be judged again, beside their own row."""
        kinds = sorted({f"usage:{window.kind}" for window in self.usage})
        return ["holdings"] * self.holdings + ["contacts"] * bool(self.contacts or self.recency) + kinds


def samples(attributes: Mapping[str, Any], scores: tuple[str, ...]) -> dict[str, Any]:
    """A sample of each variable; `attributes` are those that are declared, by type."""
    of_type = {"number": NUMBER, "whole_number": 1, "boolean": True}
    return {
        "customer": {name: word.sample for name, word in CUSTOMER.items()},
        "attributes": {name: of_type.get(kind, "1") for name, kind in attributes.items()},
        "score": dict.fromkeys(scores, 1),
    }


def condition_faults(source: str, known: Mapping[str, Any], wanted: Kind, where: str) -> list[dict[str, str]]:
    """Everything that is wrong with a condition over these samples: where, what, and what would be right."""
    if not 0 < len(source) <= LONGEST:
        return [fault(where, f"is {len(source)} characters long", f"1 to {LONGEST} characters")]
    further = dict.fromkeys(USAGE, usage_checked) | dict.fromkeys(_FORMS, _checked)
    return [fault(where, what, EXAMPLES[wanted]) for what in faults_of(source, known, wanted, further)]


@lru_cache(maxsize=10_000)
def read(source: str) -> Condition:
    """A condition that has no faults."""
    expression = compiled(source)
    return Condition(source, tuple(dict.fromkeys(_uses(expression.term))), tuple(sorted(expression.paths)))


def asks_of(conditions: list[Condition]) -> Asks:
    """What all of these ask for."""
    uses = {use for condition in conditions for use in condition.uses}
    paths = {path for condition in conditions for path in condition.paths}
    given = {name: [use.given for use in uses if use.function == name] for name in _FORMS}
    whole = ("customer",) in paths
    customer = CUSTOMER.keys() if whole else {path[1] for path in paths if path[0] == "customer"}
    return Asks(
        usage=frozenset(window_of(use) for use in uses if use.function in USAGE),
        contacts=frozenset(seconds_of(each[0]) or 0.0 for each in given["contacts"]),
        recency=bool(given["recency"]),
        held=frozenset(each[0] if each else "" for each in given["holdings"]),
        balances=frozenset((each[0] if len(each) > 1 else "", each[-1]) for each in given["balance"]),
        customer=frozenset(customer),
        attributes="age" in customer or any(path[0] == "attributes" for path in paths),
    )


def window_of(use: Use) -> Window:
    """What must be measured of usage for it."""
    kind, written = use.given
    return Window(kind, (seconds_of(written) or 0.0) * USAGE[use.function].reach)


def _checked(term: Term) -> tuple[Any, str | None]:
    """A sample of what a use of a function gives, and what is wrong with it."""
    sample, given = FUNCTIONS[term.name].sample, [literal(part) for part in term.parts]
    forms = _FORMS[term.name]
    form = next((each for each in forms if len(each) == len(given)), None)
    if form is None:
        wanted = " or ".join(" and ".join(each.accepted for each in form) or "nothing" for form in forms)
        return sample, f"{term.name} is given {len(given)} things, and needs {wanted}"
    for text, each in zip(given, form, strict=True):
        if text is None or not each.fits(text):
            return sample, f"{term.name} needs {each.accepted}, written out"
    return sample, None


def _uses(term: Term) -> Iterator[Use]:
    if term.kind == "call" and term.name in FUNCTIONS:
        yield Use(term.name, tuple(str(literal(part)) for part in term.parts), term.text)
        return
    for part in term.parts:
        yield from _uses(part)
