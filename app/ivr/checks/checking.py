"""Whether a flow means something that can be played: every fault of meaning at once, with node and line. Pure."""

from collections.abc import Mapping

from app.core.faults import Fault, placed
from app.ivr.checks.graph import graph_faults
from app.ivr.checks.languages import language_faults
from app.ivr.checks.references import reference_faults
from app.ivr.checks.secrets import secret_faults
from app.ivr.checks.types import type_faults
from app.ivr.language.flow import Flow
from app.ivr.language.known import NOTHING_KNOWN, Known
from app.ivr.language.reading import FlowFaulty, read

NO_LINES: Mapping[str, int] = {}


def faults_of(flow: Flow, known: Known = NOTHING_KNOWN, lines: Mapping[str, int] = NO_LINES) -> list[Fault]:
    """All that is wrong with the meaning of a flow, in the order of its text; what is not `known` is not checked."""
    found = [
        *graph_faults(flow),
        *reference_faults(flow, known),
        *language_faults(flow, known),
        *secret_faults(flow),
        *type_faults(flow, known),
    ]
    return placed(dict.fromkeys(found), lines)


def checked(text: str, known: Known = NOTHING_KNOWN, name: str = "The flow") -> Flow:
    """The flow that a text says. Raises FlowFaulty with every fault of its form, and where that is good of its meaning.

    A form that is only strict about keys (an unknown one, one twice) hides no fault of the meaning.
    """
    flow, lines, found = read(text, name)
    if flow is not None:
        found = placed([*found, *faults_of(flow, known, lines)], lines)
    if found or flow is None:
        raise FlowFaulty(name, found)
    return flow
