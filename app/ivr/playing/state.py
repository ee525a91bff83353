"""What the interpreter keeps of a call, is told of it, and gives back. Pure.

The state is small JSON: whoever has it, the flow and the next event can continue the call.
"""

from typing import Any, Literal

import msgspec

from app.ivr.language.flow import Flow, Value
from app.routing.engine.requirement import Step as RequirementStep
from app.telephony.instructions import AnyInstruction, Prompt, Script

Finished = Literal["terminator", "length", "timeout"]
Outcome = Literal["found", "not_found", "locked", "failed", "lost"]
MOST_BODY = 100_000
"""Characters of an answer to a fetch that are looked at; whoever fetches need not read more than this and one."""


START_SECONDS = 15.0
"""How long a call may be there before its flow begins."""


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="ask"):
    """Something to be found out outside. The answer is an event with the same `id`."""

    id: str


class Fetch(Request, frozen=True, kw_only=True, omit_defaults=True, tag="fetch"):
    """An HTTP request; `body` is sent as JSON where it is not None. The value of the operator's secret named `secret`
    goes into the header `secret_header`. It is tried once and `retries` times more."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    secret: str | None = None
    secret_header: str = "Authorization"  # noqa: S105 - the name of a header
    timeout_seconds: float = 3.0
    retries: int = 0


class Verify(Request, frozen=True, kw_only=True, omit_defaults=True, tag="verify"):
    """Whether a telephone PIN belongs to an id or card number. `secret_ref` and `number_ref` name what was keyed as a
    secret, which only the memory of the process can resolve; the number stands in `number` otherwise."""

    by: Literal["id_number", "card_number"]
    secret_ref: str
    number: str | None = None
    number_ref: str | None = None
    timeout_seconds: float = 5.0


AnyRequest = Fetch | Verify


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a flow stands: at which node, with which values of its variables."""

    flow: str
    node: str
    vars: dict[str, Value] = {}


class FlowState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a call stands in its flow. `frames` are the flow and the sub-flows within it, the innermost last.

    `script` is the number of the last script, `waiting` what is waited for, `wait_seconds` how long at most. `tries`
    counts vain tries at the present node, `silences` waits in a row in which nothing was keyed or said, `turns` all
    waits of the call, `attempts` failed identifications. `secrets` are references by name.
    """

    frames: tuple[Frame, ...]
    language: str
    script: int = 0
    waiting: Literal["start", "keys", "answer", "over"] = "start"
    wait_seconds: float = 0.0
    request: AnyRequest | None = None
    tries: int = 0
    silences: int = 0
    turns: int = 0
    attempts: int = 0
    faults: int = 0
    secrets: dict[str, str] = {}

    @property
    def over(self) -> bool:
        """Whether the flow no longer has the caller."""
        return self.waiting == "over"


def begun(flow: Flow) -> FlowState:
    """The state before the first event, which is Started."""
    values = {name: variable.first for name, variable in flow.variables.items()}
    first = Frame(flow.flow, flow.start, values)
    return FlowState(frames=(first,), language=flow.languages[0], wait_seconds=START_SECONDS)


class Event(msgspec.Struct, frozen=True):
    """Base of what the interpreter is told. `script` is the number of the script that it answers to."""


class Started(Event, frozen=True):
    """The caller is here."""


class ScriptDone(Event, frozen=True):
    """The script was carried out to its end."""

    script: int


class Keyed(Event, frozen=True, kw_only=True):
    """Keys were pressed. Of a secret there are no `digits`: `secret_ref` refers to them, `length` says how many."""

    script: int
    digits: str = ""
    finished: Finished = "length"
    secret_ref: str | None = None
    length: int = 0


class Said(Event, frozen=True, kw_only=True):
    """Something was said, as far as it was understood; `confidence` is from 0 to 1."""

    script: int
    text: str
    confidence: float = 1.0


class NoInput(Event, frozen=True):
    """Nothing was keyed or said in time."""

    script: int


class TimedOut(Event, frozen=True):
    """The floor's own deadline has passed: nothing at all came of this script for its step's `wait_seconds`."""

    script: int


class Refused(Event, frozen=True, kw_only=True):
    """The platform will never play this script; `detail` says why."""

    script: int
    detail: str


class Fetched(Event, frozen=True, kw_only=True):
    """The answer to a Fetch: its status and its text, or, with `error`, why there is none."""

    request: str
    status: int = 0
    body: str = ""
    error: str | None = None


class Verified(Event, frozen=True, kw_only=True):
    """The answer to a Verify. `lost`: what was keyed is no longer in memory. `customer` is the id of who it is; the
    world that comes with this event shows them already."""

    request: str
    outcome: Outcome
    customer: str | None = None


class HungUp(Event, frozen=True):
    """The caller has gone."""


AnyEvent = Started | ScriptDone | Keyed | Said | NoInput | TimedOut | Refused | Fetched | Verified | HungUp


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="then"):
    """How the flow ends: from here on the floor has the caller."""


class Announce(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a waiting caller is told, every so often; `announcing.announced` makes the prompts of it.

    Texts in `prompts` may hold {position} and {minutes}.
    """

    language: str
    voice: str | None = None
    position: bool = True
    wait: bool = True
    first_seconds: float = 0.0
    every_seconds: float = 60.0
    prompts: tuple[Prompt, ...] = ()


class OfferCallback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After so long a wait, `prompts` offer to be called back to who presses `key`."""

    after_seconds: float
    key: str
    prompts: tuple[Prompt, ...]


class ToQueue(Action, frozen=True, kw_only=True, omit_defaults=True, tag="queue"):
    """Wait in a queue. `steps` are required besides the queue's own; `survey` is a flow for after the call."""

    queue: str
    steps: tuple[RequirementStep, ...] = ()
    bonus: float = 0.0
    music: str | None = None
    announce: Announce | None = None
    callback: OfferCallback | None = None
    survey: str | None = None


class ToCallback(Action, frozen=True, kw_only=True, omit_defaults=True, tag="callback"):
    """Be called back at this number, which is as the caller keyed it or as they called."""

    queue: str
    number: str


class ToVoicemail(Action, frozen=True, kw_only=True, omit_defaults=True, tag="voicemail"):
    """Leave a message for a queue."""

    queue: str
    most_seconds: float = 120.0


class ToTransfer(Action, frozen=True, kw_only=True, omit_defaults=True, tag="transfer"):
    """Go to a number, to one agent, or to a queue: one of the three."""

    number: str | None = None
    agent: str | None = None
    queue: str | None = None


class ToHangUp(Action, frozen=True, kw_only=True, omit_defaults=True, tag="hang_up"):
    """The call is over."""

    reason: str = "done"


AnyAction = ToQueue | ToCallback | ToVoicemail | ToTransfer | ToHangUp


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line for the contact's timeline; never holds what was keyed as a secret, nor digits that were collected."""

    kind: str
    node: str
    data: dict[str, str | int | float | bool] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What comes of an event. `instructions` are the script numbered `state.script`.

    `wait_seconds` is None only once the flow no longer has the caller. With `late` nothing happened: the event was for
    something that is over, the deadline and a request stay as they are. `alert` is for whoever looks after the flow.
    """

    state: FlowState
    instructions: tuple[AnyInstruction, ...] = ()
    wait_seconds: float | None = None
    action: AnyAction | None = None
    request: AnyRequest | None = None
    notes: tuple[Note, ...] = ()
    alert: str | None = None
    late: bool = False

    @property
    def script(self) -> Script | None:
        """The instructions with their number, if there are any."""
        return Script(number=self.state.script, instructions=self.instructions) if self.instructions else None
