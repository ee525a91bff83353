"""A flow: what a caller hears and is asked, as data. Its JSON Schema is `schema()`. Pure."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from app.core.faults import fault
from app.ivr.language.nodes import Nodes
from app.ivr.language.words import RETURN, Id, LanguageTag, Line, NodeName, Part, VariableName

VariableType = Literal["text", "number", "flag"]
Value = str | float | bool
EMPTY: dict[VariableType, Value] = {"text": "", "number": 0.0, "flag": False}
TYPES: dict[VariableType, type | tuple[type, ...]] = {"text": str, "number": (int, float), "flag": bool}


class Variable(Part):
    """A variable: what it holds, and what it holds at first."""

    type: VariableType = Field(description="text, number or flag")
    initial: Value | None = Field(default=None, description="a value of that type")

    @model_validator(mode="after")
    def _initial_fits(self) -> "Variable":
        given = self.initial
        is_flag = isinstance(given, bool) and self.type != "flag"
        if given is not None and (is_flag or not isinstance(given, TYPES[self.type])):
            raise fault(f"is no {self.type}: {given!r}", f"a {self.type}", "initial")
        return self

    @property
    def first(self) -> Value:
        """What it holds at first."""
        given = EMPTY[self.type] if self.initial is None else self.initial
        return float(given) if self.type == "number" else given


def _as_variable(given: Any) -> Any:
    return {"type": given} if isinstance(given, str) else given


AnyVariable = Annotated[Variable, BeforeValidator(_as_variable, json_schema_input_type=Variable | VariableType)]


class Flow(Part):
    """A whole flow. The first of its `languages` is spoken until something else is chosen. `on_fault` is the node that
    a caller gets when something goes wrong in the flow itself; without it: an apology and the `fallback_queue`."""

    flow: Id
    title: str | None = Field(default=None, max_length=100, description="a text of 100 characters at most")
    languages: list[LanguageTag] = Field(min_length=1, max_length=50, description="a list such as [zh, en]")
    voices: dict[LanguageTag, Id] = Field(default_factory=dict, description="the name of a voice by language")
    timezone: str = Field(default="UTC", max_length=100, description="a time zone such as Asia/Shanghai")
    fallback_queue: Id
    on_fault: NodeName | None = None
    music: Line | None = Field(default=None, description="what is played while something is looked up")
    variables: dict[VariableName, AnyVariable] = Field(
        default_factory=dict, max_length=100, description="variables: {balance: number}, or {type, initial}"
    )
    start: NodeName
    nodes: Nodes

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise fault(f"is no time zone: {name!r}", "a name such as Asia/Shanghai") from None
        return name

    @field_validator("languages")
    @classmethod
    def _each_once(cls, tags: list[str]) -> list[str]:
        for place, tag in enumerate(tags):
            if tag in tags[:place]:
                raise fault(f"is named twice: {tag}", "each language once", place)
        return tags

    @field_validator("nodes")
    @classmethod
    def _return_is_no_node(cls, nodes: dict[str, Any]) -> dict[str, Any]:
        if RETURN in nodes:
            raise fault("is the word for leaving a flow", "another name", RETURN)
        return nodes


def schema() -> dict[str, Any]:
    """The JSON Schema of a flow, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Flow.model_json_schema()}
