"""Products and what can be chosen of them, as they are sent and told."""

from typing import Annotated, Any, Literal

from pydantic import MISSING, Field, StringConstraints

from app.api.schemas.common import Input, Instant, Name, Output, Slug
from app.api.schemas.customer_parts import Other
from app.api.schemas.customers import Attributes, Change, Why
from app.api.schemas.product_models import ModelIn, OptionId, Titles
from app.customers.products.asking import Outlook
from app.customers.products.catalogue import ProductProfile
from app.customers.products.engine import Explanation
from app.customers.products.solving import Reason

Choices = Annotated[
    Attributes,
    Field(description="option -> true or false, a number, a text, the id of a value, a list of ids of values"),
]
Number = Annotated[int, Field(ge=1, le=2**31 - 1, description="the number of a version of the model")]
Shown = Annotated[Literal["en", "zh"], Field(description="in which language sentences are told")]


class ProductIn(Input):
    """A new product; `names` by language."""

    id: Slug
    name: Name
    names: Titles = Field(default_factory=dict)


class ProductPatch(Change):
    """What to change; what is left out stays. With `withdrawn_because` the product is not given to anybody any more,
    null gives it again."""

    name: Name | MISSING = MISSING
    names: Titles | MISSING = MISSING
    withdrawn_because: Why | MISSING | None = MISSING


class ModelDraftIn(Change):
    """The model as it is to be. A note tells others what it is about."""

    model: ModelIn
    note: Why | None = None


class ProductChangeIn(Change):
    """A change of the product as it was read."""


class ModelCheckIn(Input):
    """A model to be looked at."""

    model: ModelIn


class ModelFaultOut(Output):
    """One thing that is wrong."""

    where: str
    what: str
    accepted: str


class ModelCheckOut(Output):
    """What is wrong with a model, and rings of options that need each other: they can be had together or not at all."""

    sound: bool
    faults: list[ModelFaultOut]
    circles: list[list[str]]


class ModelVersionOut(Output):
    """A version of a product's model."""

    number: int
    state: str
    model: dict[str, Any]
    author: str
    note: str | None
    created_at: Instant
    updated_at: Instant
    published_at: Instant | None
    published_by: str | None
    retired_at: Instant | None


class ModelVersionBriefOut(Output):
    """A version of a product's model, without the model."""

    number: int
    state: str
    author: str
    note: str | None
    updated_at: Instant
    published_at: Instant | None
    published_by: str | None
    retired_at: Instant | None


class ModelVersionPage(Output):
    """A page of versions, the newest first."""

    items: list[ModelVersionBriefOut]
    next: str | None


class ProductOut(Output):
    """A product; a withdrawn one is kept by whoever has it."""

    id: str
    name: str
    names: dict[str, str]
    withdrawn_at: Instant | None
    withdrawn_because: str | None
    version: int
    draft: ModelVersionBriefOut | None
    published: ModelVersionBriefOut | None

    @classmethod
    def of(cls, found: ProductProfile) -> "ProductOut":
        """From the rows."""
        own = {name: getattr(found.product, name) for name in cls.model_fields if name not in ("draft", "published")}
        return cls.model_validate({**own, "draft": found.draft, "published": found.published})


class ProductPage(Output):
    """A page of products."""

    items: list[ProductOut]
    next: str | None


class LookIn(Input):
    """What has been chosen so far, for which customer (or by which facts, or for nobody of whom anything is known), by
    which version of the model (the published one); `only` some options are wanted."""

    choices: Choices = Field(default_factory=dict)
    customer_id: Other | None = None
    facts: Attributes = Field(default_factory=dict)
    number: Number | None = None
    only: Annotated[list[OptionId], Field(max_length=500)] | None = None
    language: Shown = "en"


class AskIn(LookIn):
    """The same, and what cannot be chosen: null is none, or off. Of several values a text is one of them, a list is all
    of them."""

    option: OptionId
    value: bool | int | float | Annotated[str, StringConstraints(max_length=1_000)] | list[str] | None


class ExclusionReasonOut(Output):
    """A rule, an option's own limits, a fact of the customer or an earlier choice."""

    kind: str
    id: str


class ChangeOut(Output):
    """An earlier choice that would have to go, and what it could become (null: none at all, or off)."""

    option: str
    before: Any
    after: Any


class ExplanationOut(Output):
    """Why something cannot be: what excludes it together, of which nothing can be left out; by which changes it becomes
    possible (null: by none); and all of it in sentences."""

    reasons: list[ExclusionReasonOut]
    changes: list[ChangeOut] | None
    sentences: list[str]

    @classmethod
    def of(cls, why: Explanation, sentences: list[str]) -> "ExplanationOut":
        """From the engine's words."""
        changes = None if why.changes is None else [ChangeOut.model_validate(each) for each in why.changes]
        return cls(reasons=_reasons(why.reasons), changes=changes, sentences=sentences)


class AnswerOut(Output):
    """Whether the value can be chosen, and if not, why."""

    possible: bool
    why: ExplanationOut | None


class OptionStateOut(Output):
    """What an option can be now; of a number `lowest` and `highest`, between which a rule may exclude some."""

    option: str
    state: str
    value: Any
    possible: list[Any]
    excluded: list[Any]
    lowest: float | int | None
    highest: float | int | None
    may_be_empty: bool


class CompletedOut(Output):
    """The configuration with what nobody chose: `added` tells why each is there (no reasons: it is the default);
    `missing` must still be chosen."""

    values: dict[str, Any]
    added: dict[str, list[ExclusionReasonOut]]
    missing: list[str]


class LookOut(Output):
    """Whether the choices can stand; if not, `why`; else what is left of each option, and what they are completed
    to."""

    product: str
    number: int
    stands: bool
    why: ExplanationOut | None
    options: list[OptionStateOut]
    completed: CompletedOut | None

    @classmethod
    def of(cls, product: str, number: int, found: Outlook) -> "LookOut":
        """From the engine's words."""
        verdict, done = found.verdict, found.verdict.settled
        completed = None
        if done is not None:
            added = {name: _reasons(reasons) for name, reasons in done.added.items()}
            completed = CompletedOut(values=done.values, added=added, missing=list(done.missing))
        return cls(
            product=product,
            number=number,
            stands=done is not None,
            why=None if verdict.why is None else ExplanationOut.of(verdict.why, list(verdict.sentences)),
            options=[OptionStateOut.model_validate(each) for each in found.options],
            completed=completed,
        )


def _reasons(reasons: tuple[Reason, ...]) -> list[ExclusionReasonOut]:
    return [ExclusionReasonOut(kind=each.kind, id=each.id) for each in reasons]
