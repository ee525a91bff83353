"""A call that nobody makes: plays a flow as a platform, a bank and a caller would, and keeps what was heard. Pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from app.ivr.language.flow import Flow, Value
from app.ivr.language.world import World
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import (
    AnyAction,
    AnyEvent,
    AnyRequest,
    Fetch,
    Fetched,
    Finished,
    FlowState,
    HungUp,
    Keyed,
    NoInput,
    Outcome,
    Said,
    Started,
    Step,
    TimedOut,
    Verified,
    Verify,
    begun,
)
from app.ivr.rehearsal.given_world import world_of
from app.ivr.rehearsal.script_file import Answer, Given
from app.telephony.instructions import AnyInstruction, Collect, Pause, Play, Say

LONGEST = 200
"""Steps without the caller; a flow that needs more is stuck."""


Advance = Callable[[Flow, FlowState, AnyEvent, World, Mapping[str, Flow]], Step]


class Heard(NamedTuple):
    """One thing that happened in the call, as a person would tell it."""

    who: Literal["flow", "caller", "system"]
    text: str
    language: str | None = None
    node: str = ""


class Impossible(Exception):
    """The caller cannot do this now; says why."""


class Rehearsal:
    """One call. Each method is something that the caller does, after which the flow plays on until it waits again.

    `heard` grows; `since` is where the last thing that the caller did stands in it. `leaks` are places where what was
    keyed as a secret was found: there may be none.
    """

    def __init__(self, flow: Flow, flows: Mapping[str, Flow], given: Given, advance: Advance = step) -> None:
        self.flow, self.others, self.given = flow, flows, given
        self.state, self._advance = begun(flow), advance
        self.heard: list[Heard] = []
        self.since = 0
        self.action: AnyAction | None = None
        self.asked: list[AnyRequest] = []
        self.alerts: list[str] = []
        self.leaks: list[str] = []
        self.hung_up = False
        self.collecting: Collect | None = None
        self._verified = False
        self._secrets: dict[str, str] = {}
        self._answers, self._outcomes = iter(given.fetch), iter(given.identify)
        self._flows = [flow, *flows.values()]

    @property
    def over(self) -> bool:
        """Whether the flow no longer has the caller."""
        return self.hung_up or self.action is not None or self.state.over

    @property
    def node(self) -> str:
        """The node where the caller is."""
        return self.state.frames[-1].node

    @property
    def variables(self) -> Mapping[str, Value]:
        """The variables of the flow that the caller is in."""
        return self.state.frames[-1].vars

    def start(self) -> None:
        """The call comes in."""
        self._play(Started())

    def press(self, keys: str) -> None:
        """Keys are pressed while it is listened for them; what is too many is lost, as with a platform."""
        collect = self._listening()
        digits, finished = _taken(collect, keys)
        shown = "•" * len(digits) if collect.secret else digits
        self._caller(f"presses {shown}{collect.terminator if finished == 'terminator' else ''}")
        reference = f"secret-{len(self._secrets) + 1}" if collect.secret else None
        if reference is not None:
            self._secrets[reference] = digits
        self._play(
            Keyed(
                script=self.state.script,
                digits="" if collect.secret else digits,
                finished=finished,
                secret_ref=reference,
                length=len(digits),
            )
        )

    def say(self, text: str) -> None:
        """Something is said while it is listened for speech."""
        if not self._listening().speech:
            raise Impossible("the flow does not listen to speech here")
        self._caller(f"says {text}")
        self._play(Said(script=self.state.script, text=text))

    def wait(self) -> None:
        """Nothing is keyed or said in time."""
        self._listening()
        self._caller("waits")
        self._play(NoInput(script=self.state.script))

    def lose_the_platform(self) -> None:
        """Nothing at all comes from the platform any more."""
        self._still_there()
        self._caller("(the platform is silent)")
        self._play(TimedOut(script=self.state.script))

    def hang_up(self) -> None:
        """The caller goes."""
        self._still_there()
        self._caller("hangs up")
        self.hung_up = True
        self._play(HungUp())

    def _listening(self) -> Collect:
        self._still_there()
        if self.collecting is None:
            raise Impossible("the flow does not listen here")
        return self.collecting

    def _still_there(self) -> None:
        if self.over:
            raise Impossible("the flow has ended")

    def _caller(self, text: str) -> None:
        self.since = len(self.heard)
        self.heard.append(Heard("caller", text, node=self.node))

    def _play(self, event: AnyEvent) -> None:
        """Tell the flow, and what follows of itself: scripts that end, answers to what it asks."""
        waiting: AnyEvent | None = event
        for _ in range(LONGEST):
            if waiting is None:
                return
            waiting = self._told(
                self._advance(
                    self.flow,
                    self.state,
                    waiting,
                    world_of(self.given, self._flows, verified=self._verified),
                    self.others,
                )
            )
        raise Impossible(f"the flow is stuck at {self.node}: {LONGEST} steps without the caller")

    def _told(self, it: Step) -> AnyEvent | None:
        """Keep what came of an event; what follows of itself, or None where the caller is waited for."""
        self.state = it.state
        self._look_for_secrets(it)
        instructions = it.instructions
        self.collecting = instructions[-1] if instructions and isinstance(instructions[-1], Collect) else None
        self.heard += _speech(instructions, self.node)
        if it.alert is not None:
            self.alerts.append(it.alert)
            self.heard.append(Heard("system", f"alert: {it.alert}", node=self.node))
        if it.action is not None:
            self.action = it.action
            self.heard.append(Heard("system", _told_action(it.action), node=self.node))
        if it.request is not None:
            self.asked.append(it.request)
            return self._answer(it.request)
        if not self.over and self.collecting is None and not it.late:
            raise Impossible(f"the flow waits at {self.node}, and for nothing")
        return None

    def _look_for_secrets(self, it: Step) -> None:
        found = msgspec.json.encode(it).decode()
        self.leaks += [f"at {self.node}" for secret in self._secrets.values() if len(secret) > 3 and secret in found]

    def _answer(self, request: AnyRequest) -> AnyEvent:
        if isinstance(request, Fetch):
            answer = next(self._answers, Answer(error="no answer is given"))
            told = answer.error or str(answer.status)
            self.heard.append(Heard("system", f"{request.method} {request.url}: {told}", node=self.node))
            body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
            if answer.error is not None:
                return Fetched(request=request.id, error=answer.error)
            return Fetched(request=request.id, status=answer.status, body=body)
        outcome = next(self._outcomes, None) or self._compared(request)
        self._verified = self._verified or outcome == "found"
        self.heard.append(Heard("system", f"identify by {request.by}: {outcome}", node=self.node))
        customer = self.given.customer.id if outcome == "found" and self.given.customer else None
        return Verified(request=request.id, outcome=outcome, customer=customer)

    def _compared(self, request: Verify) -> Outcome:
        """What the bank would find out about a number and a PIN."""
        customer = self.given.customer
        number = self._secrets.get(request.number_ref) if request.number_ref else request.number
        right = customer is not None and number == getattr(customer, request.by) and number is not None
        pin = self._secrets.get(request.secret_ref)
        return "found" if customer is not None and right and pin is not None and pin == customer.pin else "not_found"


def ending(action: AnyAction) -> tuple[str, dict[str, Any]]:
    """How a flow ended: queue, callback, voicemail, transfer or hang_up, and with what."""
    return str(action.__struct_config__.tag), msgspec.structs.asdict(action)


def _told_action(action: AnyAction) -> str:
    kind, fields = ending(action)
    shown = (f"{name} {fields[name]}" for name in _SHOWN if fields.get(name))
    return f"-> {kind.replace('_', ' ')}: {', '.join(shown)}"


_SHOWN = ("queue", "bonus", "number", "agent", "reason", "survey")


def _taken(collect: Collect, keys: str) -> tuple[str, Finished]:
    """What of these keys a platform would take, and why it stopped listening."""
    digits = ""
    for key in keys:
        if key == collect.terminator:
            return digits, "terminator"
        digits += key
        if len(digits) == collect.most:
            return digits, "length"
    return digits, "timeout"


def _speech(instructions: Iterable[AnyInstruction], node: str) -> Iterator[Heard]:
    for it in instructions:
        if isinstance(it, Say):
            yield Heard("flow", it.text, it.language, node)
        elif isinstance(it, Play):
            yield Heard("flow", f"[plays {it.media}]", node=node)
        elif not isinstance(it, Pause):
            yield from _speech(getattr(it, "prompts", ()), node)
