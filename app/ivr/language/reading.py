"""From the text of a flow file (YAML or JSON) to a flow, or to every fault of its form in one message. Pure."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from app.core.faults import Fault, Faulty, of_model, placed, read_yaml
from app.ivr.language.flow import Flow

LONGEST = 1_000_000


class FlowFaulty(Faulty):
    """The flow cannot be used; the message lists every fault."""

    code = "flow-faulty"


class Read(NamedTuple):
    """A flow as far as it could be read, the line of each place in its text, and the faults of its form."""

    flow: Flow | None
    lines: Mapping[str, int]
    faults: list[Fault]


def read(text: str, name: str = "The flow") -> Read:
    """What a text says, with all faults of its form. Raises FlowFaulty only for what is no mapping in YAML at all."""
    if len(text) > LONGEST:
        raise FlowFaulty(name, [Fault("", "is too long", f"at most {LONGEST} characters")])
    document = read_yaml(text, partial(FlowFaulty, name))
    if not isinstance(document.value, dict):
        what = "is empty" if document.value is None else f"is a {type(document.value).__name__}"
        raise FlowFaulty(name, [*document.faults, Fault("", what, "a mapping with flow, start and nodes")])
    found, flow = document.faults, None
    try:
        flow = Flow.model_validate(document.value)
    except ValidationError as error:
        found = [*found, *of_model(error, Flow)]
    return Read(flow, document.lines, placed(found, document.lines))


def read_flow(text: str, name: str = "The flow") -> Flow:
    """The flow that a text says. Raises FlowFaulty, which calls it by `name`, with every fault of its form."""
    flow, _, faults = read(text, name)
    if faults or flow is None:
        raise FlowFaulty(name, faults)
    return flow


def as_document(flow: Flow) -> dict[str, Any]:
    """The flow as plain JSON that reads back as the same; what is as usual is left out."""
    plain: dict[str, Any] = flow.model_dump(mode="json", exclude_defaults=True)
    return plain


def as_yaml(flow: Flow) -> str:
    """The flow as a file that reads back as the same."""
    return str(yaml.safe_dump(as_document(flow), sort_keys=False, allow_unicode=True, width=110))
