"""That queues, skills, hours, agents, teams, secrets, flows and variables exist that a flow names."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from app.core.faults import Fault, Place, path
from app.ivr.checks.names import suggested
from app.ivr.checks.parts import kept, paths_in, read_by_name, sources
from app.ivr.checks.secrets import secrets_of
from app.ivr.language.endings import QueueNode
from app.ivr.language.flow import Flow
from app.ivr.language.known import Known
from app.ivr.language.nodes import CallFlowNode, CollectNode, FetchNode, IdentifyNode
from app.ivr.language.words import Node


class Named(NamedTuple):
    """Something outside that a flow names: its kind, its id, where; `node` is empty beside the nodes."""

    kind: str
    id: str
    node: str
    place: Place


_Here = tuple[str, str, Place]
"""What kind of thing a node names, its id, and where in the node."""
CALLED = {
    "queues": "queue",
    "skills": "skill",
    "hours": "calendar of hours",
    "agents": "agent",
    "teams": "team",
    "secrets": "secret of the operator",
    "flows": "flow",
}


def reference_faults(flow: Flow, known: Known) -> Iterator[Fault]:
    """Everything that is named and does not exist."""
    for it in named_outside(flow):
        there: Collection[str] | None = getattr(known, it.kind)
        if there is not None and it.id not in there and not (it.kind == "flows" and it.id == flow.flow):
            called = known.called.get(it.kind, CALLED[it.kind])
            hint = None if there else known.hints.get(it.kind)
            yield Fault(path(it.place), f"is no {called}: {it.id!r}", hint or suggested(it.id, there))
    yield from _variables(flow)
    yield from _sub_flows(flow, known)


def named_outside(flow: Flow) -> Iterator[Named]:
    """Everything outside that a flow names, also in expressions, in the order in which it is written."""
    yield Named("queues", flow.fallback_queue, "", ("fallback_queue",))
    for name, node in flow.nodes.items():
        for kind, id_, where in (*_named(node), *_in_expressions(node)):
            yield Named(kind, id_, name, ("nodes", name, *where))


def _named(node: Node) -> Iterator[_Here]:
    for field, kind in (("queue", "queues"), ("hours", "hours"), ("agent", "agents"), ("survey", "flows")):
        id_ = getattr(node, field, None)
        if isinstance(id_, str):
            yield kind, id_, (field,)
    if isinstance(node, QueueNode):
        places: list[tuple[Place, object]] = [((), node)]
        places += [(("steps", number), step) for number, step in enumerate(node.steps)]
        for at, part in places:
            for kind in ("requires", "agents", "teams"):
                yield from _listed("skills" if kind == "requires" else kind, getattr(part, kind), (*at, kind))
    if isinstance(node, FetchNode) and node.secret is not None:
        yield "secrets", node.secret, ("secret",)
    if isinstance(node, CallFlowNode):
        yield "flows", node.flow, ("flow",)


def _in_expressions(node: Node) -> Iterator[_Here]:
    """Queues and calendars by name in expressions: `queues.cards.open`."""
    for source in sources(node):
        for it in sorted(paths_in(source)):
            if it[0] in ("queues", "hours") and len(it) > 1:
                yield it[0], it[1], source.where


def _listed(kind: str, ids: Collection[str], where: Place) -> Iterator[_Here]:
    for number, id_ in enumerate(ids):
        yield kind, id_, (*where, number if isinstance(ids, list) else id_)


def _variables(flow: Flow) -> Iterator[Fault]:
    """Variables that a node writes or names, and that are not declared."""
    secrets = secrets_of(flow)
    for name, node in flow.nodes.items():
        used = [(each.where, each.variable) for each in kept(node)] + list(read_by_name(node))
        for where, variable in used:
            if variable not in flow.variables and variable not in secrets:
                what = f"is no variable: {variable!r}"
                yield Fault(path(("nodes", name, *where)), what, _declared(flow, node, variable))


def _declared(flow: Flow, node: Node, variable: str) -> str:
    near = suggested(variable, flow.variables)
    if near.endswith("?"):
        return near
    text = isinstance(node, CollectNode | IdentifyNode)
    return f"variables: {{{variable}: {'text' if text else 'text, number or flag'}}}"


def _sub_flows(flow: Flow, known: Known) -> Iterator[Fault]:
    """Variables of a sub-flow that it does not have, and flows that come back to themselves."""
    for name, node in flow.nodes.items():
        if not isinstance(node, CallFlowNode):
            continue
        circle = _circle(flow, node.flow, known)
        if circle is not None:
            what = f"comes back to this flow: {' > '.join(circle)}"
            yield Fault(f"nodes.{name}.flow", what, "a flow that does not call this one")
        other = (known.flows or {}).get(node.flow)
        if other is None:
            continue
        theirs = [(("values", variable), variable) for variable in node.values]
        theirs += [(("into", here), there) for here, there in node.into.items()]
        for where, variable in theirs:
            if variable not in other.variables:
                what = f"is no variable of the flow {other.flow!r}: {variable!r}"
                yield Fault(path(("nodes", name, *where)), what, suggested(variable, other.variables))


def _circle(flow: Flow, called: str, known: Known) -> list[str] | None:
    """The way from a flow over a called one back to it."""
    ways = [[flow.flow, called]]
    seen: set[str] = set()
    for way in ways:
        if way[-1] == flow.flow:
            return way
        other = (known.flows or {}).get(way[-1])
        if other is not None and way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, node.flow] for node in other.nodes.values() if isinstance(node, CallFlowNode)]
    return None
