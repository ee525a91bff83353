"""What a contact requires of the agent who takes it, and whether an agent holds it."""

import msgspec

Skills = tuple[tuple[str, int], ...]
"""Skill id and level (1 to 5), sorted by skill id: hashable, so agents and contacts group by it."""


class Requirement(msgspec.Struct, frozen=True):
    """Every listed skill, at the listed level or above. The empty requirement is held by everybody."""

    skills: Skills = ()


def requirement(skills: Skills, language: str | None = None, language_level: int = 0) -> Requirement:
    """A queue's skills, and the caller's language as one more skill where the queue asks for it (level above 0)."""
    wanted = dict(skills)
    if language and language_level > 0:
        wanted[language] = max(language_level, wanted.get(language, 0))
    return Requirement(tuple(sorted(wanted.items())))


def satisfies(held: Skills, wanted: Requirement) -> bool:
    """Whether an agent with these skills may take a contact with that requirement."""
    levels = dict(held)
    return all(levels.get(skill, 0) >= level for skill, level in wanted.skills)
