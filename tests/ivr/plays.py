"""A flow played event by event, through JSON and back after every step, as any process would continue it."""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from app.ivr.language.flow import Flow
from app.ivr.language.reading import read_flow
from app.ivr.language.world import CallerView, CustomerView, HoursView, QueueView, World
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import AnyEvent, Fetched, FlowState, Keyed, NoInput, Started, Step, Verified, begun
from app.telephony.instructions import Collect, Say

WORLD = World(
    now=1_732_500_000.0,  # a Monday, 10:00 in Shanghai
    caller=CallerView(number="+8613800138000", number_kind="mobile", country="CN"),
    customer=CustomerView(known=True, id="c1", name="Li Mei", tier="gold", language="zh"),
    queues={"general": QueueView(), "cards": QueueView(waiting=4), "shut": QueueView(open=False)},
    hours={"bank": HoursView(open=True), "branch": HoursView(open=False)},
)


def flow_of(start: str = "a", /, **fields: Any) -> Flow:
    """A flow in English from the YAML of its nodes; `end` hangs up."""
    nodes = {name: yaml.safe_load(text) for name, text in fields.pop("nodes").items()}
    nodes.setdefault("end", {"type": "hang_up"})
    whole = {"flow": "main", "languages": ["en", "zh"], "fallback_queue": "general", "start": start} | fields
    return read_flow(yaml.safe_dump(whole | {"nodes": nodes}, allow_unicode=True))


class Play:
    """One call. After each event `last` is the step that came of it."""

    def __init__(self, flow: Flow, world: World = WORLD, others: Mapping[str, Flow] | None = None) -> None:
        self.flow, self.world, self.others = flow, world, others or {}
        self.state = begun(flow)
        self.steps: list[Step] = []
        self.tell(Started())

    @property
    def last(self) -> Step:
        return self.steps[-1]

    def tell(self, event: AnyEvent) -> Step:
        """One event."""
        told = step(self.flow, self.state, event, self.world, self.others)
        encoded = msgspec.json.encode(told)
        assert msgspec.json.decode(encoded, type=Step) == told
        self.state = msgspec.json.decode(msgspec.json.encode(told.state), type=FlowState)
        self.steps.append(told)
        return told

    def key(self, digits: str) -> Step:
        """Keys, as the platform collects them."""
        return self.tell(Keyed(script=self.state.script, digits=digits))

    def secret(self, ref: str, length: int = 6) -> Step:
        """Keys that nobody may know."""
        return self.tell(Keyed(script=self.state.script, secret_ref=ref, length=length))

    def silence(self) -> Step:
        """Nothing."""
        return self.tell(NoInput(self.state.script))

    def fetched(self, body: str = "", status: int = 200, error: str | None = None) -> Step:
        """The answer of another system."""
        assert self.state.request is not None
        return self.tell(Fetched(request=self.state.request.id, status=status, body=body, error=error))

    def verified(self, outcome: Any) -> Step:
        """What the bank says of an identification."""
        assert self.state.request is not None
        return self.tell(Verified(request=self.state.request.id, outcome=outcome))

    @property
    def heard(self) -> list[str]:
        """All texts of the last script, in order."""
        return [each.text for each in spoken(self.last)]

    @property
    def at(self) -> str:
        """Where it stands."""
        return self.state.frames[-1].node

    @property
    def vars(self) -> dict[str, Any]:
        """The variables of the innermost flow."""
        return self.state.frames[-1].vars


def spoken(step: Step) -> list[Say]:
    """What is spoken in a step, also within its last instruction."""
    found: list[Say] = []
    for each in step.instructions:
        found += [each] if isinstance(each, Say) else []
        found += [one for one in getattr(each, "prompts", ()) if isinstance(one, Say)]
    return found


def collecting(step: Step) -> Collect:
    """The instruction that listens."""
    last = step.instructions[-1]
    assert isinstance(last, Collect)
    return last
