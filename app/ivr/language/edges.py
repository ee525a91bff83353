"""Where a node leads: for whoever checks, draws or plays a flow. Pure."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.ivr.language.nodes import BranchNode, MenuNode
from app.ivr.language.words import Listening, Node

_PLAIN = ("next", "open", "closed", "found", "not_found", "locked", "failed", "no_number", "otherwise")


class Edge(NamedTuple):
    """A way out of a node: where it stands in the node, what it is called, the node (or `return`) that it leads to."""

    where: tuple[str | int, ...]
    label: str
    target: str


def edges_of(node: Node) -> Iterator[Edge]:
    """All ways out of a node that are written, in the order in which they would be read."""
    if isinstance(node, MenuNode):
        for key, choice in node.choices.items():
            yield Edge(("choices", key, "next"), choice.title or key, choice.next)
    if isinstance(node, BranchNode):
        for place, case in enumerate(node.cases):
            yield Edge(("cases", place, "next"), case.when, case.next)
    if isinstance(node, Listening):
        for name in ("no_input", "no_match"):
            retry: Any = getattr(node, name)
            if retry.next is not None:
                yield Edge((name, "next"), name.replace("_", " "), retry.next)
    for name in _PLAIN:
        target = getattr(node, name, None)
        if target is not None:
            yield Edge((name,), "" if name == "next" else name.replace("_", " "), target)
