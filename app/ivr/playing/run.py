"""The working memory of one step: where the flow stands, what it said so far. Pure."""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from app.core.expressions.reading import ExpressionFailed, evaluate
from app.ivr.language.flow import Flow, Value, VariableType
from app.ivr.language.pacing import MARGIN_SECONDS, longest
from app.ivr.language.phrases import spoken
from app.ivr.language.templates import filled
from app.ivr.language.words import ANY, Node, Prompt
from app.ivr.language.world import Known, QueueView, World
from app.ivr.playing.state import AnyAction, AnyRequest, Fetch, FlowState, Frame, Note, Step
from app.telephony import instructions as i

LONGEST_TEXT = 1000
"""Characters of a variable."""

DEEPEST = 8
"""Flows within flows."""


class FlowFailed(Exception):
    """The flow cannot go on as it is written; says in one sentence why."""


class Wait(NamedTuple):
    """The flow waits for keys, or for the answer to a request."""

    seconds: float
    request: AnyRequest | None = None


Next = str | Wait | AnyAction
"""What follows on a node: another node, a wait, or the end of the flow."""


class Run:
    """One step being taken: a copy of the state that handlers change, and what comes of it."""

    def __init__(self, flow: Flow, others: Mapping[str, Flow], state: FlowState, world: World) -> None:
        self.main, self.others, self.before, self.world = flow, others, state, world
        self.frames = list(state.frames)
        self.language, self.secrets = state.language, dict(state.secrets)
        self.tries, self.silences = state.tries, state.silences
        self.attempts, self.faults = state.attempts, state.faults
        self.instructions: list[i.AnyInstruction] = []
        self.notes: list[Note] = []
        self.alerts: list[str] = []
        self._known: Known | None = None

    @property
    def frame(self) -> Frame:
        """The innermost flow."""
        return self.frames[-1]

    @property
    def flow(self) -> Flow:
        """The flow that is being played."""
        return self.named(self.frame.flow) if len(self.frames) > 1 else self.main

    @property
    def node(self) -> Node:
        """The node at which it stands."""
        node = self.flow.nodes.get(self.frame.node)
        if node is None:
            raise FlowFailed(f"there is no node {self.frame.node!r}")
        return node

    @property
    def where(self) -> str:
        """Where it stands, as people are told."""
        return self.frame.node if len(self.frames) == 1 else f"{self.frame.flow}/{self.frame.node}"

    @property
    def script(self) -> int:
        """The number of the script that this step makes."""
        return self.before.script + 1

    def named(self, flow: str) -> Flow:
        """The flow of this id."""
        if flow == self.main.flow:
            return self.main
        if flow not in self.others:
            raise FlowFailed(f"there is no flow {flow!r}")
        return self.others[flow]

    def stand_at(self, node: str) -> None:
        """Go to a node of the present flow."""
        self.frames[-1] = msgspec.structs.replace(self.frame, node=node)

    def begin(self, flow: Flow, values: Mapping[str, Value]) -> None:
        """Play another flow within this one."""
        if len(self.frames) >= DEEPEST:
            raise FlowFailed(f"plays flows within flows more than {DEEPEST} deep")
        first = {name: variable.first for name, variable in flow.variables.items()}
        self.frames.append(Frame(flow.flow, flow.start, first | dict(values)))
        self._known = None

    def leave(self) -> Frame:
        """End the innermost flow; the one around it stands where it was."""
        self._known = None
        return self.frames.pop()

    @property
    def known(self) -> Known:
        """What expressions see here."""
        if self._known is None:
            self._known = Known(self.world, self.flow.timezone, self.frame.vars)
        return self._known

    def put(self, values: Mapping[str, Value]) -> None:
        """Give variables of the present flow new values."""
        self.frames[-1] = msgspec.structs.replace(self.frame, vars=self.frame.vars | dict(values))
        self._known = None

    def kind(self, name: str) -> VariableType:
        """The type of a variable of the present flow."""
        variable = self.flow.variables.get(name)
        if variable is None:
            raise FlowFailed(f"there is no variable {name!r}")
        return variable.type

    def queue(self, queue: str) -> QueueView:
        """A queue as it is now."""
        if queue not in self.world.queues:
            raise FlowFailed(f"there is no queue {queue!r}")
        return self.world.queues[queue]

    def value(self, source: str) -> Any:
        """The value of an expression."""
        return evaluate(source, self.known)

    def say(self, texts: Mapping[str, str]) -> None:
        """Say one of the program's own phrases."""
        text, language = spoken(texts, self.language)
        self.instructions.append(i.Say(text=text, language=language, voice=self.flow.voices.get(language)))

    def add(self, *instructions: i.AnyInstruction) -> None:
        """More for the script."""
        self.instructions += instructions

    def speech(self, texts: Mapping[str, str], voice: str | None = None, language: str | None = None) -> i.Say:
        """A text of the flow in the caller's language, or in another, with what is in braces filled in."""
        text, tongue = self.in_language(texts, language)
        voice = voice or self.flow.voices.get(tongue)
        return i.Say(text=filled(text, self.known), language=tongue, voice=voice)

    def prompts(self, given: Iterable[Prompt], keep: frozenset[str] = frozenset()) -> tuple[i.Prompt, ...]:
        """Prompts of the flow as the platform takes them; expressions in `keep` stay for later."""
        return tuple(self._prompt(each, keep) for each in given)

    def _prompt(self, it: Prompt, keep: frozenset[str]) -> i.Prompt:
        if it.play is not None:
            media, tongue = self.in_language(it.play, it.language)
            return i.Play(media=media, language=tongue)
        if it.say is None:
            return i.Pause(seconds=it.pause_seconds or 0.0)
        text, tongue = self.in_language(it.say, it.language)
        voice = it.voice or self.flow.voices.get(tongue)
        return i.Say(text=filled(text, self.known, keep=keep), language=tongue, voice=voice)

    def in_language(self, texts: Mapping[str, str], language: str | None = None) -> tuple[str, str]:
        """One of several languages' texts, the nearest to what is wanted, and which language it is."""
        wanted = language or self.language
        for tag in (wanted, wanted.split("-")[0], ANY, *self.flow.languages, *texts):
            if tag in texts:
                return texts[tag], wanted if tag in (ANY, wanted.split("-")[0]) else tag
        raise FlowFailed("has a text in no language")

    def note(self, kind: str, **data: str | int | float | bool) -> None:
        """A line for the timeline."""
        self.notes.append(Note(kind=f"flow.{kind}", node=self.where, data=data))

    def listen(self) -> Wait:
        """Wait for the keys that the last instruction collects."""
        return Wait(longest(self.instructions))

    def ask(self, request: AnyRequest) -> Wait:
        """Wait for an answer from outside, with music once that takes longer."""
        self.add(i.Pause(seconds=1.0), i.Music(media=self.flow.music))
        tries = 1 + (request.retries if isinstance(request, Fetch) else 0)
        return Wait(request.timeout_seconds * tries + MARGIN_SECONDS, request)

    def unsay_endings(self) -> None:
        """Leave only what is heard in the script; what would wait or end is not wanted after all."""
        self.instructions = [each for each in self.instructions if isinstance(each, i.Say | i.Play | i.Pause)]

    def step(self, outcome: Wait | AnyAction) -> Step:
        """What comes of it all."""
        ending = None if isinstance(outcome, Wait) else outcome
        wait = outcome if isinstance(outcome, Wait) else Wait(0.0)
        state = FlowState(
            frames=tuple(self.frames),
            language=self.language,
            script=self.script,
            waiting="over" if ending else "answer" if wait.request else "keys",
            wait_seconds=wait.seconds,
            request=wait.request,
            tries=self.tries,
            silences=self.silences,
            turns=self.before.turns + 1,
            attempts=self.attempts,
            faults=self.faults,
            secrets={} if ending else self.secrets,
        )
        return Step(
            state=state,
            instructions=tuple(self.instructions),
            wait_seconds=None if ending else wait.seconds,
            action=ending,
            request=wait.request,
            notes=tuple(self.notes),
            alert="; ".join(self.alerts) or None,
        )


def typed(value: Any, kind: VariableType) -> Value:
    """A value as a variable of this type holds it. Raises ExpressionFailed where it does not fit."""
    if kind == "flag" and isinstance(value, bool):
        return value
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
        return float(value)
    if kind == "text" and isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ExpressionFailed(f"a text of {len(value)} characters is too long; at most {LONGEST_TEXT} are kept")
        return value
    raise ExpressionFailed(f"a {type(value).__name__} came where a {kind} is needed")


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False
