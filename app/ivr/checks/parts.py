"""What a node says, reckons and keeps, each with its place: what the checks look at."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from app.core.expressions.reading import ExpressionFaulty, compiled
from app.core.faults import Place
from app.ivr.language.endings import CallbackNode, QueueNode
from app.ivr.language.nodes import (
    BranchNode,
    CallFlowNode,
    CollectNode,
    FetchNode,
    IdentifyNode,
    LanguageNode,
    PlayNode,
    SayNode,
    SetNode,
    SurveyNode,
)
from app.ivr.language.templates import expressions_in
from app.ivr.language.words import Listening, Node, Prompt

Purpose = Literal["say", "send", "store", "decide"]


class Heard(NamedTuple):
    """A text or recording by language; `language` where it is said in that one only."""

    where: Place
    texts: Mapping[str, str]
    language: str | None = None
    spoken: bool = True
    waiting: bool = False
    """Whether it is said to somebody who waits in a queue, where {position} and {minutes} are known."""


class Source(NamedTuple):
    """An expression, or (with `template`) a text with expressions in braces: where it stands and what for."""

    where: Place
    text: str
    purpose: Purpose
    into: str | None = None
    """The variable that takes the value."""
    template: bool = False
    waiting: bool = False


class Kept(NamedTuple):
    """A variable that a node writes: by keys, a rating, or out of an answer."""

    where: Place
    variable: str
    by: Literal["collect", "set", "fetch", "survey", "call_flow"]


def heard(node: Node) -> Iterator[Heard]:
    """All that a caller may hear of a node."""
    if isinstance(node, SayNode):
        yield Heard(("text",), node.text, node.language)
    if isinstance(node, PlayNode):
        yield Heard(("media",), node.media, spoken=False)
    yield from _prompts(("prompt",), getattr(node, "prompt", ()))
    if isinstance(node, Listening):
        yield from _prompts(("no_input", "prompt"), node.no_input.prompt)
        yield from _prompts(("no_match", "prompt"), node.no_match.prompt)
    if isinstance(node, QueueNode):
        if node.announcements is not None:
            yield from _prompts(("announcements", "prompt"), node.announcements.prompt, waiting=True)
        if node.callback is not None:
            yield from _prompts(("callback", "prompt"), node.callback.prompt, waiting=True)


def _prompts(where: Place, prompts: Any, *, waiting: bool = False) -> Iterator[Heard]:
    prompt: Prompt
    for number, prompt in enumerate(prompts):
        if prompt.say is not None:
            yield Heard((*where, number, "say"), prompt.say, prompt.language, waiting=waiting)
        if prompt.play is not None:
            yield Heard((*where, number, "play"), prompt.play, prompt.language, spoken=False, waiting=waiting)


def sources(node: Node) -> Iterator[Source]:
    """All expressions of a node, and all its texts that may hold some."""
    yield from _expressions(node)
    yield from _templates(node)


def expressions_of(source: Source) -> list[str]:
    """The expressions in it. Raises ExpressionFaulty where braces do not match."""
    return list(expressions_in(source.text)) if source.template else [source.text]


def paths_in(source: Source) -> set[tuple[str, ...]]:
    """What it refers to; nothing where it cannot be read, which another check tells."""
    try:
        return {it for text in expressions_of(source) for it in compiled(text).paths}
    except ExpressionFaulty:
        return set()


def _expressions(node: Node) -> Iterator[Source]:
    if isinstance(node, BranchNode):
        for number, case in enumerate(node.cases):
            yield Source(("cases", number, "when"), case.when, "decide")
    if isinstance(node, SetNode):
        for name, text in node.values.items():
            yield Source(("values", name), text, "store", name)
    if isinstance(node, CallFlowNode):
        for name, text in node.values.items():
            yield Source(("values", name), text, "store", name)
    if isinstance(node, LanguageNode) and node.value is not None:
        yield Source(("value",), node.value, "decide")


def _templates(node: Node) -> Iterator[Source]:
    for each in heard(node):
        for tag, text in each.texts.items():
            if each.spoken:
                yield Source((*each.where, tag), text, "say", template=True, waiting=each.waiting)
    if isinstance(node, FetchNode):
        yield Source(("url",), node.url, "send", template=True)
        for name, text in node.headers.items():
            yield Source(("headers", name), text, "send", template=True)
        yield from _sent(("body",), node.body)


def _sent(where: Place, body: Any) -> Iterator[Source]:
    if isinstance(body, str):
        yield Source(where, body, "send", template=True)
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _sent((*where, str(key)), value)
    if isinstance(body, list):
        for number, value in enumerate(body):
            yield from _sent((*where, number), value)


def kept(node: Node) -> Iterator[Kept]:
    """The variables that a node writes. What a collect keeps as a secret is none."""
    if isinstance(node, CollectNode) and not node.secret:
        yield Kept(("into",), node.into, "collect")
    if isinstance(node, SurveyNode) and node.into is not None:
        yield Kept(("into",), node.into, "survey")
    if isinstance(node, SetNode):
        yield from (Kept(("values", name), name, "set") for name in node.values)
    if isinstance(node, FetchNode):
        yield from (Kept(("into", name), name, "fetch") for name in node.into)
    if isinstance(node, CallFlowNode):
        yield from (Kept(("into", name), name, "call_flow") for name in node.into)


def read_by_name(node: Node) -> Iterator[tuple[Place, str]]:
    """Variables (of identify also secrets) that a node names outside of expressions."""
    if isinstance(node, CallbackNode | IdentifyNode) and node.number is not None:
        yield ("number",), node.number
