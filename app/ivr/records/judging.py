"""What is wrong with a flow's text, and what it names outside itself, as the records need to know it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from app.core.faults import Fault, path, placed
from app.ivr.checks.checking import faults_of
from app.ivr.checks.references import named_outside
from app.ivr.language.flow import Flow
from app.ivr.language.known import Known
from app.ivr.language.reading import FlowFaulty, read, read_flow

ThingKind = Literal["queue", "skill", "team", "agent", "hours", "flow"]
KINDS: tuple[ThingKind, ...] = ("queue", "skill", "team", "agent", "hours", "flow")
_KINDS: dict[str, ThingKind] = {
    "queues": "queue",
    "skills": "skill",
    "teams": "team",
    "agents": "agent",
    "hours": "hours",
    "flows": "flow",
}


class Things(NamedTuple):
    """The ids of everything that a flow may name, by kind, and the texts of the published flows, by id."""

    ids: Mapping[ThingKind, frozenset[str]]
    flows: Mapping[str, str]


class Use(NamedTuple):
    """Something outside that a flow names, and where: in a node, or (an empty `node`) beside the nodes."""

    kind: ThingKind
    id: str
    node: str
    where: str


class Judged(NamedTuple):
    """What was found in a text: faults as {where, what, accepted, node, line}, and all that it names."""

    faults: list[dict[str, Any]]
    uses: tuple[Use, ...] = ()


Judge = Callable[[str, Things, str | None], Judged]
"""Judges a text, given what there is, and the id of the flow that it must be (None: any)."""


def judge(text: str, things: Things, flow_id: str | None, secrets: frozenset[str] | None = None) -> Judged:
    """All faults of a text, of form and of meaning. `secrets` are the names of those that the operator has set; None:
    not known here, so not checked."""
    try:
        flow, lines, faults = read(text)
    except FlowFaulty as error:
        return Judged([as_told(Fault(**each)) for each in error.facts["faults"]])
    if flow is None:
        return Judged([as_told(each) for each in faults])
    found = placed([*faults, *_misnamed(flow, flow_id), *faults_of(flow, _known(things, secrets), lines)], lines)
    return Judged([as_told(each) for each in found], tuple(uses_of(flow)))


def uses_of(flow: Flow) -> Iterator[Use]:
    """Everything outside that a flow names and that is kept as records, in the order in which it is written."""
    found = (Use(_KINDS[it.kind], it.id, it.node, path(it.place)) for it in named_outside(flow) if it.kind in _KINDS)
    yield from dict.fromkeys(found)


def missing(use: Use) -> Fault:
    """The fault of naming what there is not."""
    return Fault(use.where, f"there is no {use.kind} {use.id!r}", _ACCEPTED[use.kind])


def as_told(fault: Fault) -> dict[str, Any]:
    """A fault as a client is told it, with the node that it is in; without a line where none is known."""
    parts = fault.where.split(".")
    node = parts[1].partition("[")[0] if parts[0] == "nodes" and len(parts) > 1 else None
    return {**fault._asdict(), "line": fault.line or None, "node": node}


@lru_cache(maxsize=256)
def _flow_of(text: str) -> Flow | None:
    """The flow of a text that was published; None if today's language has no such flow any more."""
    try:
        return read_flow(text)
    except FlowFaulty:
        return None


_ACCEPTED: dict[ThingKind, str] = {
    "queue": "the id of a queue, see GET /api/v1/queues",
    "skill": "the id of a skill, see GET /api/v1/skills",
    "team": "the id of a team, see GET /api/v1/teams",
    "agent": "the id of an agent, see GET /api/v1/agents",
    "hours": "the id of business hours, see GET /api/v1/hours",
    "flow": "the id of a published flow, see GET /api/v1/flows",
}
_HINTS = {kind: _ACCEPTED[thing] for kind, thing in _KINDS.items()} | {
    "secrets": "the name of a secret that the operator has set in CALLFLOOR_FLOW_SECRETS"
}


def _misnamed(flow: Flow, flow_id: str | None) -> Iterable[Fault]:
    if flow_id is not None and flow.flow != flow_id:
        yield Fault("flow", f"is {flow.flow!r}, but this is the flow {flow_id!r}", flow_id)


def _known(things: Things, secrets: frozenset[str] | None) -> Known:
    published = {flow_id: _flow_of(text) for flow_id, text in things.flows.items()}
    return Known(
        queues=things.ids["queue"],
        skills=things.ids["skill"],
        hours=things.ids["hours"],
        agents=things.ids["agent"],
        teams=things.ids["team"],
        secrets=secrets,
        flows={flow_id: flow for flow_id, flow in published.items() if flow is not None},
        called={"flows": "published flow"},
        hints=_HINTS,
    )
