"""Where a flow can go: edges to nowhere, nodes that nothing leads to, and callers who would never come to an end."""

from collections.abc import Iterable, Iterator, Mapping

from app.core.faults import Fault, Place, path
from app.ivr.checks.names import suggested
from app.ivr.language.edges import Edge, edges_of
from app.ivr.language.endings import CallbackNode, HangUpNode, QueueNode, TransferNode, VoicemailNode
from app.ivr.language.flow import Flow
from app.ivr.language.nodes import BranchNode, CollectNode, MenuNode, SurveyNode
from app.ivr.language.words import RETURN, Listening, Node

ENDING = (QueueNode, CallbackNode, VoicemailNode, TransferNode, HangUpNode)
Onward = Mapping[str, list[str]]


def graph_faults(flow: Flow) -> Iterator[Fault]:
    """All that is wrong with where a flow leads."""
    yield from _dangling(flow)
    reached = reachable(flow)
    for name in flow.nodes:
        if name not in reached:
            yield Fault(f"nodes.{name}", "is reached from nowhere", "a node that leads to it, or to be left out")
    yield from _loops(flow)
    yield from _ways_out(flow)


def onward(flow: Flow) -> dict[str, list[str]]:
    """The nodes that each node leads to, without edges to nowhere."""
    return {name: _targets(flow, edges_of(node)) for name, node in flow.nodes.items()}


def reachable(flow: Flow) -> set[str]:
    """The nodes that a caller can come to."""
    return _reached(onward(flow), [name for name in (flow.start, flow.on_fault) if name in flow.nodes])


def _targets(flow: Flow, edges: Iterable[Edge]) -> list[str]:
    return [edge.target for edge in edges if edge.target in flow.nodes]


def _reached(ways: Onward, beginnings: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(beginnings)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += ways[name]
    return seen


def _dangling(flow: Flow) -> Iterator[Fault]:
    ways: list[tuple[Place, str | None]] = [(("start",), flow.start), (("on_fault",), flow.on_fault)]
    for name, node in flow.nodes.items():
        ways += [(("nodes", name, *edge.where), edge.target) for edge in edges_of(node)]
    for place, target in ways:
        if target is not None and target not in flow.nodes and (target != RETURN or len(place) == 1):
            yield Fault(path(place), f"leads to {target!r}, which is no node", suggested(target, flow.nodes))


def _loops(flow: Flow) -> Iterator[Fault]:
    """Circles in which nobody is asked anything: without a node that listens, or for a caller who says nothing."""
    asking = {name for name, node in flow.nodes.items() if isinstance(node, Listening)}
    unasked = {name: [] if name in asking else targets for name, targets in onward(flow).items()}
    for circle in _circles(unasked):
        yield Fault(
            f"nodes.{circle[0]}",
            f"is in a loop without input: {' > '.join([*circle, circle[0]])}",
            "a menu, collect or survey within the loop, or a way that does not come back",
        )
    silent = {name: _targets(flow, _when_silent(node)) for name, node in flow.nodes.items()}
    for circle in _circles(silent):
        if asking & set(circle):
            yield Fault(
                f"nodes.{next(name for name in circle if name in asking)}",
                f"asks a silent caller for ever: {' > '.join([*circle, circle[0]])}",
                "retries, and then a no_input.next or otherwise that does not come back",
            )


def _when_silent(node: Node) -> list[Edge]:
    """Where a caller comes who never keys or says anything. Whether a branch leads out of a circle nobody can tell."""
    edges = list(edges_of(node))
    if isinstance(node, BranchNode):
        return []
    if not isinstance(node, Listening):
        return edges
    by_place = {edge.where: edge for edge in edges}
    fallback = (("otherwise",), ("next",)) if isinstance(node, SurveyNode) else (("otherwise",),)
    found = (by_place.get(where) for where in (("no_input", "next"), *fallback))
    return [edge for edge in found if edge is not None][:1]


def _circles(ways: Onward) -> Iterator[list[str]]:
    """One circle of each knot of nodes, in the order in which it is walked, beginning where the file does."""
    left = list(ways)
    while left:
        name = left.pop(0)
        circle = _circle(ways, name)
        if circle:
            yield circle
            knot = {other for other in _reached(ways, [name]) if name in _reached(ways, ways[other])}
            left = [other for other in left if other not in knot]


def _circle(ways: Onward, start: str) -> list[str] | None:
    """The shortest walk from a node back to itself."""
    came: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for target in ways[name]:
            if target == start:
                return _walked(came, start, name)
            if target not in came:
                came[target] = name
                waiting.append(target)
    return None


def _walked(came: Mapping[str, str], start: str, end: str) -> list[str]:
    walk = [end]
    while walk[-1] != start:
        walk.append(came[walk[-1]])
    return walk[::-1]


def _ways_out(flow: Flow) -> Iterator[Fault]:
    """Menus and the like that keep a caller: no node behind them ends, or the tries are used up and nothing follows."""
    ends = {name for name, node in flow.nodes.items() if isinstance(node, ENDING)}
    leaving = {name for name, node in flow.nodes.items() if any(edge.target == RETURN for edge in edges_of(node))}
    ways = onward(flow)
    reached = reachable(flow)
    for name, node in flow.nodes.items():
        if not isinstance(node, Listening) or name not in reached:
            continue
        if not _reached(ways, [name]) & (ends | leaving):
            what = "has no way out: no node behind it ends the call"
            yield Fault(f"nodes.{name}", what, "a way to a queue, callback, voicemail, transfer, hang_up or return")
        if isinstance(node, MenuNode | CollectNode) and node.otherwise is None:
            for kind, retry in (("no_input", node.no_input), ("no_match", node.no_match)):
                if retry.next is None:
                    yield Fault(
                        f"nodes.{name}",
                        f"has no way out when the tries are used up by {kind.replace('_', ' ')}",
                        f"otherwise, or {kind}.next",
                    )
