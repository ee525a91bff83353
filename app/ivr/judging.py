"""What is wrong with a flow's text, and what it names, as the records need to know it. Pure."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, NamedTuple

ThingKind = Literal["queue", "skill", "team", "agent", "hours", "flow"]
KINDS: tuple[ThingKind, ...] = ("queue", "skill", "team", "agent", "hours", "flow")

Known = Mapping[ThingKind, Collection[str]]
"""The ids of everything that a flow may name, by kind. Of flows only those that are published."""


class Use(NamedTuple):
    """Something outside that a flow names, and the node that names it."""

    kind: ThingKind
    id: str
    node: str


class Judged(NamedTuple):
    """What was found in a text. With faults, `uses` is what could be read of it."""

    faults: list[dict[str, Any]]
    uses: tuple[Use, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()


Judge = Callable[[str, Known], Judged]


def unknown(use: Use) -> dict[str, Any]:
    """The fault of a node that names what there is not."""
    return {
        "where": f"nodes.{use.node}",
        "what": f"there is no {use.kind} {use.id!r}",
        "accepted": f"the id of a {use.kind}" if use.kind != "hours" else "the id of business hours",
        "node": use.node,
        "line": None,
    }
