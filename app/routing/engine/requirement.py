"""What a contact requires of the agent who takes it, how that loosens with time, and whether an agent holds it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from app.routing.engine.capacity import VOICE

Skills = tuple[tuple[str, int], ...]
"""Skill id and level (1 to 5), sorted by skill id: hashable, so agents and contacts group by it."""


class Selection(StrEnum):
    """Which of several ready agents takes a contact. Ties break by idleness, then by agent id."""

    LONGEST_IDLE = "longest_idle"
    MOST_SKILLED = "most_skilled"
    LEAST_SKILLED = "least_skilled"
    LEAST_OCCUPIED = "least_occupied"
    ROUND_ROBIN = "round_robin"


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of `skills` at their level or above, and one of each group of `one_of`; where `agents` or `teams` are named,
    only those; never one of `excluded`; room for one more contact of the `channel`; a phone that is not away from the
    `source` of the call. The empty requirement is held by everybody who takes calls."""

    skills: Skills = ()
    one_of: tuple[Skills, ...] = ()
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    channel: str = VOICE
    source: str = ""


class Step(msgspec.Struct, frozen=True):
    """What is required from `after_seconds` of waiting on, until the next step."""

    after_seconds: float
    wanted: Requirement


class Kind(msgspec.Struct, frozen=True):
    """What an agent can do, where they belong, of which channels they take contacts, now or at all, and the sources of
    calls at which their phone is `away`. Names apart, agents of one kind are alike to every requirement."""

    skills: Skills = ()
    team: str | None = None
    channels: tuple[str, ...] = (VOICE,)
    away: tuple[str, ...] = ()


def sorted_skills(levels: Mapping[str, int]) -> Skills:
    """Levels by skill as the hashable form."""
    return tuple(sorted(levels.items()))


def with_language(skills: Skills, language: str | None, level: int) -> Skills:
    """The caller's language as one more skill, where a level above 0 is asked for it."""
    if not language or level <= 0:
        return skills
    wanted = dict(skills)
    wanted[language] = max(level, wanted.get(language, 0))
    return sorted_skills(wanted)


def satisfies(kind: Kind, wanted: Requirement) -> bool:
    """Whether agents of this kind may take a contact with that requirement, names apart."""
    if wanted.channel not in kind.channels or (wanted.teams and kind.team not in wanted.teams):
        return False
    if kind.away and wanted.source in kind.away:
        return False
    levels = dict(kind.skills)
    return _holds_all(levels, wanted.skills) and all(_holds_any(levels, group) for group in wanted.one_of)


def names(wanted: Requirement, agent: str) -> bool:
    """Whether the requirement admits this agent by name."""
    return agent not in wanted.excluded and (not wanted.agents or agent in wanted.agents)


def score(kind: Kind, wanted: Requirement) -> int:
    """How skilled agents of a kind are for a requirement: their levels in what it asks for, of each group the best."""
    levels = dict(kind.skills)
    best = (max((levels.get(skill, 0) for skill, _ in group), default=0) for group in wanted.one_of)
    return sum(levels.get(skill, 0) for skill, _ in wanted.skills) + sum(best)


def step_at(steps: tuple[Step, ...], since: float, now: float) -> int:
    """The place of the step that applies at the instant `now` to a contact whose steps count from `since`."""
    place = 0
    for number, step in enumerate(steps):
        if since + step.after_seconds <= now:  # as the timer is set, so that rounding cannot make it go off for nothing
            place = number
    return place


def unmeetable(steps: Iterable[Step], agents: Mapping[str, Kind]) -> list[int]:
    """The places of those steps that no agent there is (by id) could ever meet."""
    return [
        place
        for place, step in enumerate(steps)
        if not any(names(step.wanted, agent) and satisfies(kind, step.wanted) for agent, kind in agents.items())
    ]


def _holds_all(levels: Mapping[str, int], wanted: Skills) -> bool:
    return all(levels.get(skill, 0) >= level for skill, level in wanted)


def _holds_any(levels: Mapping[str, int], group: Skills) -> bool:
    return any(levels.get(skill, 0) >= level for skill, level in group)
