"""The file of conversations beside a flow: who calls, what they do, what is expected. Pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from app.core.faults import Fault, Faulty, fault, of_model, placed, read_yaml
from app.ivr.language.words import Id, Part, Skills

ENDING = ".conversations.yaml"


class ConversationsFaulty(Faulty):
    """The conversations cannot be played; the message lists every fault."""

    code = "conversations-faulty"


def _as_text(given: Any) -> Any:
    """A plain 1 in YAML is a number, and keys are a text. A longer number may have lost its zeros, so it is refused."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 9 else given


def _as_moment(given: Any) -> Any:
    try:
        datetime.fromisoformat(str(given))
    except ValueError:
        raise fault(f"is no time: {str(given)!r}", "a time such as 2026-03-02 10:00") from None
    return str(given)


def _as_caller(given: Any) -> Any:
    return {"number": given} if isinstance(given, str) else given


def _as_opening(given: Any) -> Any:
    return {"open": given == "open"} if given in ("open", "closed") else given


def _as_list(given: Any) -> Any:
    return given if isinstance(given, list) else [given]


Keys = Annotated[
    str,
    Field(pattern=r"^[0-9*#]{1,60}$", description="keys; more than one in quotes: '6222#'"),
    BeforeValidator(_as_text),
]
Texts = Annotated[list[str], Field(description="a text, or a list of texts"), BeforeValidator(_as_list)]
Seconds = Annotated[float, Field(description="a number of seconds")]


class Caller(Part):
    """Where it is called from; nothing: the number is withheld."""

    number: str = ""
    kind: Literal["mobile", "fixed_line", "other", "withheld"] = Field(
        default="mobile", description="mobile, fixed_line, other, withheld"
    )
    country: str = ""


class Customer(Part):
    """Who calls. Only with `recognised` is it known from the number; the telephone PIN and the numbers are what the
    bank would compare with what is keyed."""

    id: str = "c1"
    name: str = ""
    tier: str = ""
    language: str = ""
    segments: list[str] = Field(default_factory=list, description="a list of texts")
    attributes: dict[str, Any] = Field(default_factory=dict, description="anything by name")
    recognised: bool = Field(default=True, description="true or false")
    card_number: str | None = Field(default=None, description="digits in quotes")
    id_number: str | None = Field(default=None, description="digits in quotes")
    pin: str | None = Field(default=None, description="digits in quotes")


class Queue(Part):
    """How a queue is."""

    open: bool = Field(default=True, description="true or false")
    waiting: int = Field(default=0, description="a whole number")
    agents_on_duty: int = Field(default=1, description="a whole number")
    estimated_wait: float = Field(default=0.0, description="a number of seconds")
    records: bool = Field(default=False, description="true or false")


class Hours(Part):
    """How a calendar of hours is."""

    open: bool = Field(description="open or closed")


class Answer(Part):
    """What another system answers: a status with a body, or an error (timeout, or anything else that goes wrong)."""

    status: int = Field(default=200, description="an HTTP status")
    body: Any = None
    error: str | None = None


AnyQueue = Annotated[Queue, BeforeValidator(_as_opening, json_schema_input_type=Queue | Literal["open", "closed"])]
AnyHours = Annotated[Hours, BeforeValidator(_as_opening, json_schema_input_type=Hours | Literal["open", "closed"])]
AnyCaller = Annotated[Caller, BeforeValidator(_as_caller, json_schema_input_type=Caller | str)]


class Given(Part):
    """What holds while a conversation is played. Queues and hours that are not named are open; `fetch` answers one
    after the other; `identify` says what the bank answers, whatever is keyed."""

    caller: AnyCaller | None = Field(default=None, description="a number, or {number, kind, country}")
    dialled: str = ""
    customer: Customer | None = None
    clock: Annotated[str, BeforeValidator(_as_moment)] | None = Field(
        default=None, description="a time such as 2026-03-02 10:00, in the flow's time zone"
    )
    queues: dict[Id, AnyQueue] = Field(default_factory=dict, description="{cards: {waiting: 3}} or {cards: closed}")
    hours: dict[Id, AnyHours] = Field(default_factory=dict, description="{office: closed}")
    fetch: Annotated[list[Answer], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="a list of {status, body} or {error}"
    )
    identify: list[Literal["found", "not_found", "locked", "failed", "lost"]] = Field(
        default_factory=list, description="a list of found, not_found, locked, failed and lost"
    )


class Expected(Part):
    """What is expected since the caller did something last: all that is named must hold."""

    say: Texts = Field(default_factory=list, description="texts that are heard, in this order")
    not_say: Texts = Field(default_factory=list, description="texts that are not heard")
    language: str | None = Field(default=None, description="the language spoken last")
    at: str | None = Field(default=None, description="the node that waits for the caller")
    secret: bool | None = Field(default=None, description="whether a secret is asked for")
    fetch: str | None = Field(default=None, description="a part of the address that was asked")
    variables: dict[str, str | float | bool] = Field(default_factory=dict, description="values by variable")
    alert: str | None = Field(default=None, description="a part of what the operator is told")
    queue: Id | None = None
    requires: Skills | None = None
    bonus: float | None = None
    survey: Id | None = None
    callback: Id | None = Field(default=None, description="the queue that calls back")
    number: str | None = Field(default=None, description="the number to call or to transfer to")
    voicemail: Id | None = Field(default=None, description="the queue that gets the message")
    transfer: str | None = Field(default=None, description="the number, agent or queue")
    hang_up: str | None = Field(default=None, description="the reason, such as done")


class ScriptLine(Part):
    """One line: what the caller does, or what is expected."""

    presses: Keys | None = None
    says: str | None = Field(default=None, description="what the caller says")
    waits: Literal[True] | None = Field(default=None, description="true: nothing is keyed in time")
    hangs_up: Literal[True] | None = Field(default=None, description="true")
    platform_is_silent: Literal[True] | None = Field(default=None, description="true: nothing comes from the platform")
    expect: Expected | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "ScriptLine":
        if len(self.model_fields_set) != 1:
            raise fault("must be one thing", ", ".join(type(self).model_fields))
        return self


class Conversation(Part):
    """One call."""

    name: str = Field(min_length=1, max_length=200, description="a text")
    given: Given = Field(default_factory=Given)
    lines: list[ScriptLine] = Field(min_length=1, description="a list of presses, says, waits, hangs_up and expect")


class Conversations(Part):
    """All conversations of a flow; `given` holds for all where they say nothing else."""

    given: Given = Field(default_factory=Given)
    conversations: list[Conversation] = Field(min_length=1, description="a list of {name, given, lines}")


class Scripted(NamedTuple):
    """The conversations of a file, with `given` filled in, and the line of each of their lines."""

    conversations: list[Conversation]
    lines: Mapping[str, int]

    def line_of(self, conversation: int, line: int) -> int:
        """The line in the file; both count from 0."""
        return self.lines.get(f"conversations[{conversation}].lines[{line}]", 0)


def read_conversations(text: str, name: str = "The file of conversations") -> Scripted:
    """The conversations that a text says. Raises ConversationsFaulty, which calls it by `name`, with every fault."""
    document = read_yaml(text, partial(ConversationsFaulty, name))
    if not isinstance(document.value, dict):
        what = "is empty" if document.value is None else f"is a {type(document.value).__name__}"
        raise ConversationsFaulty(name, [Fault("", what, "a mapping with conversations")])
    found = list(document.faults)
    try:
        model = Conversations.model_validate(document.value)
    except ValidationError as error:
        raise ConversationsFaulty(name, placed([*found, *of_model(error, Conversations)], document.lines)) from error
    if found:
        raise ConversationsFaulty(name, placed(found, document.lines))
    return Scripted([_with(model.given, each) for each in model.conversations], document.lines)


def _with(given: Given, it: Conversation) -> Conversation:
    own = it.given.model_dump(exclude_unset=True)
    return it.model_copy(update={"given": Given.model_validate({**given.model_dump(exclude_unset=True), **own})})
