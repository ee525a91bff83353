"""That no secret is spoken, sent or stored: what a secret collect takes may reach `identify`, and nothing else."""

from collections.abc import Iterator

from app.core.faults import Fault, path
from app.ivr.checks.names import suggested
from app.ivr.checks.parts import Purpose, kept, paths_in, read_by_name, sources
from app.ivr.language.edges import edges_of
from app.ivr.language.flow import Flow
from app.ivr.language.nodes import CollectNode, IdentifyNode
from app.ivr.language.words import Node

ACCEPTED = "the number or pin of an identify; a secret goes nowhere else"
LEAKS: dict[Purpose, str] = {
    "say": "could speak the secret",
    "send": "could send the secret",
    "store": "could store the secret",
    "decide": "looks into the secret",
}


def secrets_of(flow: Flow) -> dict[str, list[str]]:
    """The secrets of a flow, each with the nodes that collect it."""
    found: dict[str, list[str]] = {}
    for name, node in flow.nodes.items():
        if isinstance(node, CollectNode) and node.secret:
            found.setdefault(node.into, []).append(name)
    return found


def secret_faults(flow: Flow) -> Iterator[Fault]:
    """Every way on which a secret could get out, and PINs that are none."""
    secrets = secrets_of(flow)
    for secret in secrets:
        if secret in flow.variables:
            what = f"is the name of a secret too ({secrets[secret][0]}), and what is in a variable is stored"
            yield Fault(f"variables.{secret}", what, "another name for one of them")
    for name, node in flow.nodes.items():
        yield from _leaks(name, node, secrets)
        if isinstance(node, IdentifyNode):
            yield from _identified(flow, name, node, secrets)


def _leaks(name: str, node: Node, secrets: dict[str, list[str]]) -> Iterator[Fault]:
    for source in sources(node):
        variables = {it[1] for it in paths_in(source) if it[0] == "vars" and len(it) > 1}
        for variable in sorted(variables & secrets.keys()):
            yield Fault(path(("nodes", name, *source.where)), f"{LEAKS[source.purpose]} {variable!r}", ACCEPTED)
    for each in kept(node):
        if each.variable in secrets:
            what = f"could store the secret {each.variable!r}"
            accepted = "secret: true" if each.by == "collect" else "another name: this one is a secret's"
            yield Fault(path(("nodes", name, *each.where)), what, accepted)
    if not isinstance(node, IdentifyNode):
        for where, variable in read_by_name(node):
            if variable in secrets:
                yield Fault(path(("nodes", name, *where)), f"could store the secret {variable!r}", ACCEPTED)


def _identified(flow: Flow, name: str, node: IdentifyNode, secrets: dict[str, list[str]]) -> Iterator[Fault]:
    if node.pin is not None and node.pin not in secrets:
        yield Fault(f"nodes.{name}.pin", *_no_secret(flow, node.pin, secrets))
    for field, secret in (("pin", node.pin), ("number", node.number)):
        if secret is not None and secret in secrets:
            way = _way_without(flow, name, secret, secrets[secret])
            if way is not None:
                what = f"has no {secret!r} on this way, which one attempt uses up: {' > '.join(way)}"
                yield Fault(f"nodes.{name}.{field}", what, f"{secrets[secret][0]} before it on every way")


def _no_secret(flow: Flow, pin: str, secrets: dict[str, list[str]]) -> tuple[str, str]:
    if pin in flow.variables:
        return f"is {pin!r}, a variable, which is stored", "the `into` of a collect with secret: true"
    collected = any(isinstance(node, CollectNode) and node.into == pin for node in flow.nodes.values())
    what = f"is {pin!r}, which is collected without secret: true" if collected else f"is no secret: {pin!r}"
    return what, suggested(pin, secrets) if secrets else "the `into` of a collect with secret: true"


def _way_without(flow: Flow, goal: str, secret: str, collectors: list[str]) -> list[str] | None:
    """The shortest way to a node that ends without the secret: nobody has keyed it, or it was used up since."""
    beginnings = [(name, False) for name in (flow.start, flow.on_fault) if name is not None and name in flow.nodes]
    came: dict[_Stand, _Stand | None] = dict.fromkeys(beginnings)
    waiting = list(came)
    for stand in waiting:
        name, has = stand
        if name == goal and not has:
            return _walked(came, stand)
        node = flow.nodes[name]
        used_up = isinstance(node, IdentifyNode) and secret in (node.pin, node.number)
        for edge in edges_of(node):
            keyed = name in collectors and edge.where == ("next",)
            onward = (edge.target, keyed or (has and not used_up))
            if edge.target in flow.nodes and onward not in came:
                came[onward] = stand
                waiting.append(onward)
    return None


_Stand = tuple[str, bool]
"""A node, and whether the secret is there."""


def _walked(came: dict[_Stand, _Stand | None], end: _Stand) -> list[str]:
    walk: list[str] = []
    at: _Stand | None = end
    while at is not None:
        walk.append(at[0])
        at = came[at]
    return walk[::-1]
