"""What there is besides a flow that it may name. Whoever checks a flow passes it; None: not known, so not checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.ivr.flow import Flow


@dataclass(frozen=True, kw_only=True)
class Known:
    """Ids of queues, skills, calendars of hours, agents, teams and secrets of the operator, and other flows by id."""

    queues: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    hours: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    secrets: frozenset[str] | None = None
    flows: Mapping[str, Flow] | None = None


NOTHING_KNOWN = Known()
