"""Models of products as they are sent: options, conditions, rules."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StringConstraints

from app.api.schemas.common import CURRENCY, LANGUAGE, OPTION, PRINTABLE, SLUG, Input, Name, Slug
from app.customers.products.model import Model

LONGEST_TEXT = 1_000
MOST_OPTIONS = 5_000
MOST_RULES = 10_000
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]
Titles = Annotated[dict[Language, Name], Field(max_length=50, description="language -> the title in it")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE)]
Amount = Annotated[float, Field(allow_inf_nan=False, strict=True)] | int
Known = bool | Annotated[int, Field(strict=True)] | Annotated[float, Field(allow_inf_nan=False)] | Words
Of = Annotated[
    str,
    StringConstraints(pattern=OPTION),
    Field(
        description="the id of an option, or a fact: customer.kind, .tier, .language, .age, .segments, .holdings, "
        ".attributes.<name>"
    ),
]


class FeeIn(Input):
    """What it costs."""

    amount: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    currency: Annotated[str, StringConstraints(pattern=CURRENCY)]
    per: Literal["once", "month", "year"] = "month"


class ValueIn(Input):
    """One thing that can be chosen."""

    id: Slug
    title: Name
    titles: Titles = Field(default_factory=dict)
    fee: FeeIn | None = None


class OptionIn(Input):
    """What all options have."""

    id: Slug
    title: Name
    titles: Titles = Field(default_factory=dict)
    fee: FeeIn | None = None


class SwitchOptionIn(OptionIn):
    """On or off."""

    kind: Literal["switch"]
    default: bool | None = None


class ChoiceOptionIn(OptionIn):
    """One of several values."""

    kind: Literal["choice"]
    values: Annotated[list[ValueIn], Field(min_length=1, max_length=500)]
    required: bool = False
    default: Slug | None = None


class ChoicesOptionIn(OptionIn):
    """Several of the values, from `at_least` to `at_most` of them."""

    kind: Literal["choices"]
    values: Annotated[list[ValueIn], Field(min_length=1, max_length=500)]
    at_least: Annotated[int, Field(ge=0, le=500)] = 0
    at_most: Annotated[int, Field(ge=1, le=500)] | None = None
    default: Annotated[list[Slug], Field(max_length=500)] | None = None


class NumberOptionIn(OptionIn):
    """A number: `minimum`, and from there in steps up to `maximum`."""

    kind: Literal["number"]
    minimum: Amount
    maximum: Amount
    step: Amount = 1
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=PRINTABLE)] | None = None
    required: bool = False
    default: Amount | None = None


class TextOptionIn(OptionIn):
    """A text; the whole of it matches the regular expression `pattern` (no look-around, no back-references)."""

    kind: Literal["text"]
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 200
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)] | None = None
    pattern_says: Name | None = None
    required: bool = False
    default: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)] | None = None


class HasIn(Input):
    """It is on, has a value, is known."""

    op: Literal["has"]
    of: Of


class IsIn(Input):
    """It is `value`, or has it among its values."""

    op: Literal["is"]
    of: Of
    value: Known


class OneOfIn(Input):
    """It is one of `values`, or has one of them."""

    op: Literal["one_of"]
    of: Of
    values: Annotated[list[Known], Field(min_length=1, max_length=500)]


class ComparedIn(Input):
    """It is a number, and not below (`at_least`), or not above (`at_most`), `value` or the number that `than` names."""

    op: Literal["at_least", "at_most"]
    of: Of
    value: Amount | None = None
    than: Of | None = None


class SeveralIn(Input):
    """All, or any, of the conditions are fulfilled."""

    op: Literal["all", "any"]
    conditions: Annotated[list["ConditionIn"], Field(min_length=1, max_length=500)]


class NotIn(Input):
    """It is not fulfilled."""

    op: Literal["not"]
    condition: "ConditionIn"


ConditionIn = Annotated[HasIn | IsIn | OneOfIn | ComparedIn | SeveralIn | NotIn, Field(discriminator="op")]


class RuleIn(Input):
    """What all rules have: what an agent says of it, also by language."""

    id: Slug
    text: Words
    texts: Annotated[dict[Language, Words], Field(max_length=50)] = Field(default_factory=dict)


class RequiresIn(RuleIn):
    """Where `when` is fulfilled (always, if it is left out), `needs` must be, too."""

    kind: Literal["requires"]
    needs: ConditionIn
    when: ConditionIn | None = None


class ExcludesIn(RuleIn):
    """Where `when` is fulfilled (always, if it is left out), none of `forbids` may be."""

    kind: Literal["excludes"]
    forbids: Annotated[list[ConditionIn], Field(min_length=1, max_length=500)]
    when: ConditionIn | None = None


class CountsIn(RuleIn):
    """From `at_least` to `at_most` of the conditions are fulfilled."""

    kind: Literal["counts"]
    conditions: Annotated[list[ConditionIn], Field(min_length=1, max_length=500)]
    at_least: Annotated[int, Field(ge=0, le=500)] = 0
    at_most: Annotated[int, Field(ge=0, le=500)] | None = None


AnyOptionIn = Annotated[
    SwitchOptionIn | ChoiceOptionIn | ChoicesOptionIn | NumberOptionIn | TextOptionIn, Field(discriminator="kind")
]
AnyRuleIn = Annotated[RequiresIn | ExcludesIn | CountsIn, Field(discriminator="kind")]
HoldingKinds = Annotated[list[Slug], Field(min_length=1, max_length=10, description="which holdings may have it")]
OptionId = Annotated[str, StringConstraints(pattern=SLUG)]


class ModelIn(Input):
    """A product as it can be set up."""

    holding_kinds: HoldingKinds
    options: Annotated[list[AnyOptionIn], Field(max_length=MOST_OPTIONS)]
    rules: Annotated[list[AnyRuleIn], Field(max_length=MOST_RULES)] = Field(default_factory=list)

    def model(self) -> Model:
        """As the engine takes it."""
        given: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return msgspec.convert(given, Model)
