"""The nodes of the flow language; `endings` has those that end a flow.

An edge is a field of the type `Target`, an expression one of `Expression`. Pure.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from app.core.faults import fault
from app.ivr.language.endings import CallbackNode, HangUpNode, QueueNode, TransferNode, VoicemailNode
from app.ivr.language.words import (
    Expression,
    Id,
    Key,
    LanguageTag,
    Line,
    Listening,
    Media,
    Node,
    NodeName,
    Part,
    Prompts,
    Target,
    Text,
    VariableName,
)


class SayNode(Node):
    """Speak a text. Without `language` it is the caller's present one."""

    type: Literal["say"]
    text: Text
    voice: Id | None = None
    language: LanguageTag | None = None
    next: Target


class PlayNode(Node):
    """Play a recording."""

    type: Literal["play"]
    media: Media
    next: Target


class Choice(Part):
    """What a key of a menu does; `words` are what a caller may say instead, by language."""

    next: Target
    title: str | None = Field(default=None, max_length=100, description="a text of 100 characters at most")
    words: dict[LanguageTag, list[Line]] = Field(
        default_factory=dict, description="what may be said, by language: {en: [balance, my account]}"
    )


def _as_choice(given: Any) -> Any:
    return {"next": given} if isinstance(given, str) else given


def _as_keys(given: Any) -> Any:
    """A plain 1 in YAML is a number; a key is a text."""
    if not isinstance(given, dict):
        return given
    return {str(key) if isinstance(key, int) and not isinstance(key, bool) else key: it for key, it in given.items()}


Choices = Annotated[
    dict[Key, Annotated[Choice, BeforeValidator(_as_choice, json_schema_input_type=Choice | Target)]],
    Field(min_length=1, description="a node by key: {1: cards, 2: {next: loans, words: {en: [loan]}}}"),
    BeforeValidator(_as_keys, json_schema_input_type=dict[str, Choice | Target]),
]


class MenuNode(Listening, Node):
    """Ask for one key or, with `speech`, for one of the words."""

    type: Literal["menu"]
    prompt: Prompts
    choices: Choices
    speech: bool = Field(default=False, description="true: the caller may also say it, where the platform can")
    otherwise: Target | None = None


class CollectNode(Listening, Node):
    """Let the caller key digits into a variable; with `secret` into a secret, which only `identify` can be given."""

    type: Literal["collect"]
    prompt: Prompts
    into: VariableName
    secret: bool = Field(default=False, description="true: never logged, stored or shown")
    least: int = Field(default=1, ge=1, le=40, description="a whole number of digits from 1 to 40")
    most: int = Field(default=20, ge=1, le=40, description="a whole number of digits from 1 to 40, least or above")
    terminator: Literal["#", "*", ""] = Field(default="#", description="'#', '*' or '' for none")
    between_seconds: float = Field(default=3.0, ge=0.5, le=30, description="seconds between keys, from 0.5 to 30")
    next: Target
    otherwise: Target | None = None

    @model_validator(mode="after")
    def _most_is_not_below_least(self) -> "CollectNode":
        if self.most < self.least:
            raise fault(f"is below least, which is {self.least}", f"{self.least} or above", "most")
        return self


class LanguageNode(Node):
    """From here on it is spoken in this language: `to` one of the flow's, or the one that `value` gives. A language
    that the flow does not speak changes nothing."""

    type: Literal["language"]
    to: LanguageTag | None = None
    value: Expression | None = None
    next: Target

    @model_validator(mode="after")
    def _is_told_once(self) -> "LanguageNode":
        if (self.to is None) == (self.value is None):
            raise fault("must name one language", "either to or value")
        return self


class HoursNode(Node):
    """Whether a calendar of opening hours, or a queue, is open now."""

    type: Literal["hours"]
    hours: Id | None = None
    queue: Id | None = None
    open: Target
    closed: Target

    @model_validator(mode="after")
    def _asks_for_one(self) -> "HoursNode":
        if (self.hours is None) == (self.queue is None):
            raise fault("must ask for one thing", "either hours or queue")
        return self


class IdentifyNode(Node):
    """Find out who is calling: by the number they call from, or by an id or card number and their telephone PIN.

    `number` names a variable or a secret, `pin` a secret. `locked` is where it goes when the attempts are used up, here
    or at the bank; without it the caller is told so politely and gets the fallback queue. `failed` is where it goes
    when it cannot be found out now; without it that is a fault.
    """

    type: Literal["identify"]
    by: Literal["number", "id_number", "card_number"] = Field(description="number, id_number or card_number")
    number: VariableName | None = None
    pin: VariableName | None = None
    attempts: int = Field(default=3, ge=1, le=10, description="a whole number from 1 to 10")
    timeout_seconds: float = Field(default=5.0, ge=0.1, le=20, description="seconds, from 0.1 to 20")
    prompt: Prompts = Field(default_factory=list)
    found: Target
    not_found: Target
    locked: Target | None = None
    failed: Target | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "IdentifyNode":
        for field in ("number", "pin"):
            given = getattr(self, field) is not None
            if given and self.by == "number":
                raise fault("does not belong to by: number", "id_number or card_number only", field)
            if not given and self.by != "number":
                raise fault("is missing", "the name that a collect has as its `into`", field)
        return self


class Case(Part):
    """Where it goes when an expression is true."""

    when: Expression
    next: Target


class BranchNode(Node):
    """Goes where the first case leads that is true."""

    type: Literal["branch"]
    cases: list[Case] = Field(min_length=1, max_length=50, description="a list of {when, next}, at least one")
    otherwise: Target


class SetNode(Node):
    """Give variables new values, each made of the old ones: what is JSON has no order."""

    type: Literal["set"]
    values: dict[VariableName, Expression] = Field(min_length=1, description="expressions by variable: {tries: 1}")
    next: Target


Pointer = Annotated[
    str, Field(max_length=500, pattern=r"^(/[^\x00]*)?$", description="a JSON Pointer, such as /account/balance")
]


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$", description="the name of a header")]


class FetchNode(Node):
    """Ask another system over HTTP. `url`, `headers` and the texts in `body` may hold expressions in braces.

    `secret` is the name under which the operator keeps a secret; it is sent in `secret_header`. `into` says where in
    the JSON of the answer each variable finds its value. Whatever goes wrong leads to `failed`.
    """

    type: Literal["fetch"]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(default="GET", description="GET, POST, PUT, ...")
    url: str = Field(max_length=2000, pattern=r"^https?://[^\s{}/?#]+([/?#].*)?$", description="an https address")
    headers: dict[HeaderName, Line] = Field(
        default_factory=dict, max_length=20, description="texts by name of the header"
    )
    body: JsonValue = Field(default=None, description="anything that JSON can say")
    secret: Id | None = None
    secret_header: HeaderName = Field(default="Authorization")
    timeout_seconds: float = Field(default=3.0, ge=0.1, le=20, description="seconds, from 0.1 to 20")
    retries: int = Field(default=1, ge=0, le=3, description="a whole number from 0 to 3")
    into: dict[VariableName, Pointer] = Field(default_factory=dict, description="{balance: /account/balance}")
    prompt: Prompts = Field(default_factory=list)
    next: Target
    failed: Target


class SurveyNode(Listening, Node):
    """Ask for a rating by key, and note it with the contact. Who rates nothing goes to `otherwise`, else to `next`."""

    type: Literal["survey"]
    question: Id
    prompt: Prompts
    lowest: int = Field(default=1, ge=0, le=9, description="a key from 0 to 9")
    highest: int = Field(default=5, ge=0, le=9, description="a key from 0 to 9, above lowest")
    into: VariableName | None = None
    next: Target
    otherwise: Target | None = None

    @model_validator(mode="after")
    def _goes_up(self) -> "SurveyNode":
        if self.highest <= self.lowest:
            raise fault(f"is not above lowest, which is {self.lowest}", f"more than {self.lowest}", "highest")
        return self


class CallFlowNode(Node):
    """Play another flow, which begins with `values` in its variables. When it returns, `into` takes variables of its
    into variables of this one."""

    type: Literal["call_flow"]
    flow: Id
    values: dict[VariableName, Expression] = Field(default_factory=dict, description="expressions by its variable")
    into: dict[VariableName, VariableName] = Field(default_factory=dict, description="{variable here: variable there}")
    next: Target


AnyNode = Annotated[
    SayNode
    | PlayNode
    | MenuNode
    | CollectNode
    | LanguageNode
    | HoursNode
    | IdentifyNode
    | BranchNode
    | SetNode
    | FetchNode
    | QueueNode
    | CallbackNode
    | VoicemailNode
    | TransferNode
    | SurveyNode
    | CallFlowNode
    | HangUpNode,
    Field(discriminator="type"),
]
Nodes = Annotated[dict[NodeName, AnyNode], Field(min_length=1, max_length=2000, description="nodes by name")]
