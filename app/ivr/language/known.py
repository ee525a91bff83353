"""What there is besides a flow that it may name. Whoever checks a flow passes it; None: not known, so not checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.ivr.language.flow import Flow


@dataclass(frozen=True, kw_only=True)
class Known:
    """Ids of queues, skills, calendars of hours, agents, teams and secrets of the operator, and other flows by id.

    `called` is what a kind is called where that is not its own word, `hints` where to find the things of a kind of
    which there are none.
    """

    queues: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    hours: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    secrets: frozenset[str] | None = None
    flows: Mapping[str, Flow] | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = Known()
