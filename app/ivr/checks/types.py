"""That expressions can be evaluated, give what is wanted of them, and that variables can hold what they are given."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.core.expressions.kinds import UNKNOWN, faults_of
from app.core.expressions.reading import ExpressionFaulty
from app.core.faults import Fault, Place, path
from app.ivr.checks.parts import Source, expressions_of, kept, sources
from app.ivr.checks.samples import samples
from app.ivr.checks.secrets import secrets_of
from app.ivr.language.endings import CallbackNode
from app.ivr.language.flow import Flow, VariableType
from app.ivr.language.known import Known
from app.ivr.language.nodes import BranchNode, CallFlowNode, IdentifyNode, LanguageNode, SetNode
from app.ivr.language.words import Node

WAITING: Mapping[str, Any] = {"position": 1, "minutes": 1}
"""What texts for somebody who waits may refer to besides."""

EITHER: tuple[VariableType, ...] = ("text", "number", "flag")
TAKES: dict[str, tuple[VariableType, ...]] = {"collect": ("text", "number"), "survey": ("number", "text")}
EXAMPLES: dict[VariableType | None, str] = {
    "flag": "true or false, such as customer.tier == 'gold'",
    "number": "a number, such as vars.tries + 1.0",
    "text": "a text, such as customer.name",
    None: "a text, a number, or true or false",
}


def type_faults(flow: Flow, known: Known) -> Iterator[Fault]:
    """Everything that could not be evaluated, or not be put where it should go."""
    kinds = {name: variable.type for name, variable in flow.variables.items()}
    house = samples(kinds)
    # what is wrong with a secret is told as such, and not as a name that there is not
    house["vars"] = dict.fromkeys(secrets_of(flow), UNKNOWN) | house["vars"]
    for name, node in flow.nodes.items():
        at: Place = ("nodes", name)
        theirs = _theirs(node, known)
        for source in sources(node):
            yield from _of_source(at, source, house, _wanted(node, source, kinds, theirs))
        yield from _of_variables(at, node, kinds, theirs)


def _of_source(at: Place, source: Source, house: Mapping[str, Any], wanted: VariableType | None) -> Iterator[Fault]:
    where = path((*at, *source.where))
    try:
        texts = expressions_of(source)
    except ExpressionFaulty as error:
        yield Fault(where, str(error), "expressions in braces, such as {customer.name}")
        return
    there = {**house, **WAITING} if source.waiting else house
    for text in texts:
        for told in faults_of(text, there, wanted):
            yield Fault(where, told, EXAMPLES[wanted])


def _theirs(node: Node, known: Known) -> Mapping[str, VariableType]:
    """The variables of the flow that a node calls, as far as that is known."""
    other = (known.flows or {}).get(node.flow) if isinstance(node, CallFlowNode) else None
    return {name: variable.type for name, variable in other.variables.items()} if other else {}


def _wanted(
    node: Node, source: Source, ours: Mapping[str, VariableType], theirs: Mapping[str, VariableType]
) -> VariableType | None:
    if isinstance(node, BranchNode):
        return "flag"
    if isinstance(node, LanguageNode):
        return "text"
    kinds = ours if isinstance(node, SetNode) else theirs
    return kinds.get(source.into) if source.into is not None else None


def _of_variables(
    at: Place, node: Node, ours: Mapping[str, VariableType], theirs: Mapping[str, VariableType]
) -> Iterator[Fault]:
    """Variables that take keys, ratings and what another flow gives, and those that are read as a number to call."""
    for each in kept(node):
        needed = TAKES.get(each.by, EITHER)
        if isinstance(node, CallFlowNode):
            kind = theirs.get(node.into[each.variable])
            needed = (kind,) if kind else EITHER
        yield from _fits(path((*at, *each.where)), each.variable, ours, needed)
    if isinstance(node, CallbackNode | IdentifyNode) and node.number is not None:
        # as a number it would lose its zeros
        yield from _fits(path((*at, "number")), node.number, ours, ("text",))


def _fits(
    where: str, variable: str, kinds: Mapping[str, VariableType], needed: tuple[VariableType, ...]
) -> Iterator[Fault]:
    kind = kinds.get(variable)
    if kind is not None and kind not in needed:
        wanted = " or ".join(needed)
        yield Fault(where, f"is a variable of type {kind}, and {wanted} is needed: {variable!r}", f"type: {needed[0]}")
