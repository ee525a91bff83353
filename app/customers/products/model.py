"""A product's model as data: its options, and the rules that bind them to each other and to the customer. Pure.

A condition names what it is about by `of`: the id of an option, or a fact, `customer.tier` for one. What has no value,
or is not known, fulfils no condition; only `not` makes something of that.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

Scalar = bool | int | float | str
Chosen = bool | int | float | str | tuple[str, ...]
"""What an option may be set to: on or off, a number, a text or the id of a value, the ids of several values."""
Values = Mapping[str, Chosen]
"""Options by id; one that is left out has no value."""
FACT = "customer."
ATTRIBUTE = "customer.attributes."
TEXT_FACTS = ("customer.kind", "customer.language", "customer.tier")
SET_FACTS = ("customer.holdings", "customer.segments")
NUMBER_FACTS = ("customer.age",)
HOLDING_KINDS = ("account", "card", "loan", "fund", "insurance")


class Fee(msgspec.Struct, frozen=True):
    """What it costs: `amount` of the currency (ISO 4217)."""

    amount: float | int
    currency: str
    per: Literal["once", "month", "year"] = "month"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be chosen."""

    id: str
    title: str
    titles: dict[str, str] = {}
    fee: Fee | None = None


class _Option(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`titles` are by language, `title` is for every other one. The fee is due while it is on, or has a value."""

    id: str
    title: str
    titles: dict[str, str] = {}
    fee: Fee | None = None


class Switch(_Option, frozen=True, kw_only=True, tag="switch"):
    """On or off."""

    default: bool | None = None


class Choice(_Option, frozen=True, kw_only=True, tag="choice"):
    """One of several values."""

    values: tuple[Value, ...]
    required: bool = False
    default: str | None = None


class Choices(_Option, frozen=True, kw_only=True, tag="choices"):
    """Several of the values: from `at_least` to `at_most` of them."""

    values: tuple[Value, ...]
    at_least: int = 0
    at_most: int | None = None
    default: tuple[str, ...] | None = None


class Number(_Option, frozen=True, kw_only=True, tag="number"):
    """A number: `minimum`, and from there in steps up to `maximum`."""

    minimum: float | int
    maximum: float | int
    step: float | int = 1
    unit: str | None = None
    required: bool = False
    default: float | int | None = None


class Text(_Option, frozen=True, kw_only=True, tag="text"):
    """A text; the whole of it matches `pattern`, of which `pattern_says` tells people what it means."""

    max_length: int = 200
    pattern: str | None = None
    pattern_says: str | None = None
    required: bool = False
    default: str | None = None


Option = Switch | Choice | Choices | Number | Text


class _Condition(msgspec.Struct, frozen=True, kw_only=True, tag_field="op"):
    pass


class Has(_Condition, frozen=True, kw_only=True, tag="has"):
    """It is on, has a value, is known."""

    of: str


class Is(_Condition, frozen=True, kw_only=True, tag="is"):
    """It is `value`, or has it among its values."""

    of: str
    value: Scalar


class OneOf(_Condition, frozen=True, kw_only=True, tag="one_of"):
    """It is one of `values`, or has one of them among its own."""

    of: str
    values: tuple[Scalar, ...]


class AtLeast(_Condition, frozen=True, kw_only=True, tag="at_least"):
    """It is a number, and not below `value`, or not below the number that `than` names."""

    of: str
    value: float | int | None = None
    than: str | None = None


class AtMost(_Condition, frozen=True, kw_only=True, tag="at_most"):
    """It is a number, and not above `value`, or not above the number that `than` names."""

    of: str
    value: float | int | None = None
    than: str | None = None


class Every(_Condition, frozen=True, kw_only=True, tag="all"):
    """All of them are fulfilled."""

    conditions: tuple["Condition", ...]


class Some(_Condition, frozen=True, kw_only=True, tag="any"):
    """One of them at least is fulfilled."""

    conditions: tuple["Condition", ...]


class Not(_Condition, frozen=True, kw_only=True, tag="not"):
    """It is not fulfilled."""

    condition: "Condition"


Condition = Has | Is | OneOf | AtLeast | AtMost | Every | Some | Not
Compared = AtLeast | AtMost


class _Rule(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`text` is what an agent says of the rule, `texts` the same by language."""

    id: str
    text: str
    texts: dict[str, str] = {}


class Requires(_Rule, frozen=True, kw_only=True, tag="requires"):
    """Where `when` is fulfilled (always, if it is left out), `needs` must be, too."""

    needs: Condition
    when: Condition | None = None


class Excludes(_Rule, frozen=True, kw_only=True, tag="excludes"):
    """Where `when` is fulfilled (always, if it is left out), none of `forbids` may be."""

    forbids: tuple[Condition, ...]
    when: Condition | None = None


class Counts(_Rule, frozen=True, kw_only=True, tag="counts"):
    """From `at_least` to `at_most` of the conditions are fulfilled."""

    conditions: tuple[Condition, ...]
    at_least: int = 0
    at_most: int | None = None


Rule = Requires | Excludes | Counts


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it can be set up. `holding_kinds` says which holdings may have it."""

    holding_kinds: tuple[str, ...]
    options: tuple[Option, ...]
    rules: tuple[Rule, ...] = ()

    def option(self, option_id: str) -> Option | None:
        """The option of that id."""
        return next((option for option in self.options if option.id == option_id), None)


def record(model: Model) -> dict[str, Any]:
    """The model as it is kept."""
    kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(model))
    return kept


def model_of(kept: Mapping[str, Any]) -> Model:
    """The model that was kept. Raises `msgspec.ValidationError` for what is none."""
    return msgspec.convert(kept, Model)


def conditions_of(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """The conditions that stand in a rule, each with the way to it."""
    if isinstance(rule, Counts):
        yield from (((("conditions"), place), one) for place, one in enumerate(rule.conditions))
        return
    if rule.when is not None:
        yield ("when",), rule.when
    if isinstance(rule, Requires):
        yield ("needs",), rule.needs
    else:
        yield from ((("forbids", place), one) for place, one in enumerate(rule.forbids))


def within(condition: Condition) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """A condition and all that stand in it, each with the way to it. Not recursive, so that depth is no danger."""
    waiting: list[tuple[tuple[str | int, ...], Condition]] = [((), condition)]
    while waiting:
        where, each = waiting.pop()
        yield where, each
        if isinstance(each, Not):
            waiting.append(((*where, "condition"), each.condition))
        elif isinstance(each, Every | Some):
            inner = [((*where, "conditions", place), one) for place, one in enumerate(each.conditions)]
            waiting += reversed(inner)


def named(condition: Condition) -> Sequence[str]:
    """The options and facts that this condition itself names."""
    if isinstance(condition, Every | Some | Not):
        return ()
    if isinstance(condition, Compared) and condition.than is not None:
        return (condition.of, condition.than)
    return (condition.of,)


def is_fact(name: str) -> bool:
    """Whether it is a fact of the customer, not an option."""
    return name.startswith(FACT)


def exact(number: float | int) -> Decimal:
    """The number as it was written."""
    return Decimal(str(number))


def plain(number: Decimal) -> int | float:
    """The number as JSON has it; a whole one as an int."""
    return int(number) if number == number.to_integral_value() else float(number)
