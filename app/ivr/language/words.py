"""The small words of the flow language: names, texts in several languages, prompts, durations. Pure.

Whatever may be written in a short form is read into its long one, so that nothing behind the models sees two forms.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.faults import fault

ANY = "*"
"""The language of a text that is the same in all languages."""

RETURN = "return"
"""The edge that ends a sub-flow and goes on behind its `call_flow`; in the flow of the call it ends the call."""


class Part(BaseModel):
    """A part of a flow: nothing is converted, and an unknown key is a fault."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Node(Part):
    """What all nodes have: `title` is what a drawing calls it."""

    title: str | None = Field(default=None, max_length=100, description="a text of 100 characters at most")


Key = Annotated[str, Field(pattern=r"^[0-9*#]$", description="a key: 0 to 9, * or #")]
Id = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^\s\x00-\x1f/]+$", description="an id: 1 to 100 characters")
]
NodeName = Annotated[
    str, Field(max_length=60, pattern=r"^[^\W\d]\w*$", description="a name of letters, digits and _, at most 60")
]
VariableName = Annotated[
    str,
    Field(max_length=60, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="a name of a-z, 0-9 and _, at most 60"),
]
Target = Annotated[str, Field(max_length=60, pattern=r"^[^\W\d]\w*$", description="the name of a node, or return")]
LanguageTag = Annotated[
    str,
    Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", description="a language tag, zh or en-GB"),
]
_TagOrAny = Annotated[str, Field(max_length=35, pattern=r"^(\*|[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)$")]
Level = Annotated[int, Field(ge=1, le=5, description="a level, a whole number from 1 to 5")]
Skills = Annotated[dict[Id, Level], Field(max_length=50, description="skills with levels from 1 to 5, as {cards: 3}")]
Line = Annotated[str, Field(min_length=1, max_length=2000, description="a text of 1 to 2000 characters")]


def _in_all_languages(given: Any) -> Any:
    return {ANY: given} if isinstance(given, str) else given


Text = Annotated[
    dict[_TagOrAny, Line],
    Field(min_length=1, max_length=50, description="a text, or one by language: {zh: 您好, en: Hello}"),
    BeforeValidator(_in_all_languages, json_schema_input_type=dict[LanguageTag, Line] | Line),
]
"""A text by language (`*`: all of them). What stands in braces is an expression: `Your balance is {vars.balance}`."""

Media = Annotated[
    dict[_TagOrAny, Line],
    Field(min_length=1, max_length=50, description="a recording, or one by language: {zh: a.wav, en: b.wav}"),
    BeforeValidator(_in_all_languages, json_schema_input_type=dict[LanguageTag, Line] | Line),
]
"""A recording by language: an https address or a name in the platform's own library."""


def _as_source(given: Any) -> Any:
    if isinstance(given, bool):
        return str(given).lower()
    return repr(given) if isinstance(given, int | float) else given


Expression = Annotated[
    str,
    Field(min_length=1, max_length=1000, description="an expression in CEL, such as customer.tier == 'gold'"),
    BeforeValidator(_as_source, json_schema_input_type=str | bool | float),
]


class Prompt(Part):
    """One thing to be heard: a text that is spoken, a recording, or a pause. With `language` it is in that one for all
    callers, such as each part of a greeting before they have chosen."""

    say: Text | None = None
    language: LanguageTag | None = Field(default=None, description="a language tag, with say or play only")
    voice: Id | None = Field(default=None, description="the name of a voice, with say only")
    play: Media | None = None
    pause_seconds: float | None = Field(default=None, gt=0, le=30, description="a number of seconds, 30 at most")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Prompt":
        if sum(each is not None for each in (self.say, self.play, self.pause_seconds)) != 1:
            raise fault("must be one thing to be heard", "one of say, play and pause_seconds")
        if self.voice is not None and self.say is None:
            raise fault("does not belong here", "a voice with say only", "voice")
        if self.language is not None and self.pause_seconds is not None:
            raise fault("does not belong here", "a language with say or play only", "language")
        return self


_HEARD = frozenset(Prompt.model_fields)


def _as_prompts(given: Any) -> Any:
    given = given if isinstance(given, list) else [given]
    return [_as_prompt(each) for each in given]


def _as_prompt(given: Any) -> Any:
    is_text = isinstance(given, str) or (isinstance(given, dict) and given and not _HEARD & set(given))
    return {"say": given} if is_text else given


Prompts = Annotated[
    list[Prompt],
    Field(max_length=20, description="a text, a text by language, or a list of say, play and pause_seconds"),
    BeforeValidator(
        _as_prompts,
        json_schema_input_type=list[Prompt | dict[LanguageTag, Line] | Line] | dict[LanguageTag, Line] | Line,
    ),
]
"""What is heard, in order."""


class Retry(Part):
    """What follows when nothing, or nothing that fits, was keyed: what is said before it is asked again, and where it
    goes when the tries are used up (else to the node's `otherwise`)."""

    prompt: Prompts = Field(default_factory=list)
    next: Target | None = None


class Listening(Part):
    """How it is listened for keys. `retries` is how often it is asked again, whatever the reason."""

    seconds: float = Field(default=5.0, ge=1, le=60, description="seconds without a key, from 1 to 60")
    barge_in: bool = Field(default=True, description="true: the first key ends what is being said")
    retries: int = Field(default=2, ge=0, le=9, description="a whole number from 0 to 9")
    no_input: Retry = Field(default_factory=Retry, description="{prompt, next}")
    no_match: Retry = Field(default_factory=Retry, description="{prompt, next}")
