"""Whether the parts of a scenario fit each other: skills held, tiers known, steps that loosen and can be met. Pure.

It looks at the parsed file, for a fault in one part must not hide what is wrong elsewhere. Parts that are faulty in
themselves are told of by the scenario's own types and left out here.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.simulation.scenario import Skills

Place = tuple[str | int, ...]
Inconsistency = tuple[Place, str, str]
"""Where, what is wrong, what would be accepted."""

_SKILLS: TypeAdapter[dict[str, int]] = TypeAdapter(Skills, config=ConfigDict(strict=True))


def inconsistencies(document: dict[Any, Any]) -> Iterator[Inconsistency]:
    """What does not fit in the parsed file."""
    arrivals, groups = _mappings(document.get("arrivals")), _mappings(document.get("agents"))
    yield from _names(arrivals, "arrivals")
    yield from _names(groups, "agents")
    yield from _ends(document, arrivals)
    yield from _within_the_day(document.get("repeat_minutes"), groups)
    held = [_skills(group.get("skills", {})) for _, group in groups]
    known = [skills for skills in held if skills is not None] if None not in held else []
    queue = document.get("queue", {})
    tiers = queue.get("tiers", {}) if isinstance(queue, dict) else None
    for place, arrival in arrivals:
        at: Place = ("arrivals", place)
        yield from _one_rate(arrival, at)
        yield from _steps(arrival, known, at)
        yield from _tier_known(arrival, tiers, at)


def _mappings(given: Any) -> list[tuple[int, dict[Any, Any]]]:
    listed = given if isinstance(given, list) else []
    return [(place, each) for place, each in enumerate(listed) if isinstance(each, dict)]


def _skills(given: Any) -> dict[str, int] | None:
    try:
        return _SKILLS.validate_python(given)
    except ValidationError:
        return None


def _number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _names(parts: list[tuple[int, dict[Any, Any]]], key: str) -> Iterator[Inconsistency]:
    seen: dict[str, int] = {}
    for place, part in parts:
        name = part.get("name")
        if isinstance(name, str) and seen.setdefault(name, place) != place:
            yield (key, place, "name"), f"{name!r} is the name of {key}[{seen[name]}] too", "a name of its own"


def _ends(document: dict[Any, Any], arrivals: list[tuple[int, dict[Any, Any]]]) -> Iterator[Inconsistency]:
    contacts, warmup = document.get("contacts"), document.get("warmup", 0)
    if contacts is None:
        if any(arrival.get("profile") is None or arrival.get("repeat", True) is not False for _, arrival in arrivals):
            yield ("contacts",), "is missing", "a whole number, as not every class has a profile with repeat: false"
    elif _number(contacts) and _number(warmup) and warmup >= contacts > 0:
        yield ("warmup",), f"leaves none of the {contacts} contacts", "a whole number less than contacts"


def _within_the_day(day: Any, groups: list[tuple[int, dict[Any, Any]]]) -> Iterator[Inconsistency]:
    if not _number(day):
        return
    for place, group in groups:
        for number, shift in _mappings(group.get("shifts")):
            end = shift.get("to_minutes")
            if _number(end) and end > day:
                at = ("agents", place, "shifts", number, "to_minutes")
                yield at, f"lies after repeat_minutes, {day:g}", f"at most {day:g}; two shifts for one past the end"


def _one_rate(arrival: dict[Any, Any], at: Place) -> Iterator[Inconsistency]:
    rate, profile = (arrival.get(key) is not None for key in ("rate_per_minute", "profile"))
    if rate == profile:
        yield at, "has both rate_per_minute and profile" if rate else "has no rate", "rate_per_minute or profile"


def _steps(arrival: dict[Any, Any], held: list[dict[str, int]], at: Place) -> Iterator[Inconsistency]:
    """Each step in turn: what it adds to the one before, and whether anybody has it."""
    before = None
    steps: list[tuple[Place, Any]] = [(("requires",), arrival.get("requires", {}))]
    steps += [(("steps", n, "requires"), step.get("requires", {})) for n, step in _mappings(arrival.get("steps"))]
    for where, given in steps:
        wanted = _skills(given)
        if wanted is None:
            continue
        more = sorted(skill for skill in wanted if before is not None and wanted[skill] > before.get(skill, 0))
        if more:
            what = f"asks for more of {', '.join(more)} than the step before"
            yield (*at, *where), what, "skills and levels that loosen with time"
        if held:
            yield from _can_be_met(wanted, held, (*at, *where))
        before = wanted


def _can_be_met(wanted: dict[str, int], held: list[dict[str, int]], at: Place) -> Iterator[Inconsistency]:
    known = sorted({skill for skills in held for skill in skills})
    unknown = [skill for skill in wanted if skill not in known]
    for skill in unknown:
        yield (*at, skill), "is held by no agent", f"a skill that an agent has: {', '.join(known) or 'none has any'}"
    if not unknown and not any(_meets(skills, wanted) for skills in held):
        best = ", ".join(f"{skill}: {max(s.get(skill, 0) for s in held)}" for skill in wanted)
        what = "can never be met: no group of agents has all of it"
        yield at, what, f"what one group has alone; the highest levels are {best}"


def _meets(held: dict[str, int], wanted: dict[str, int]) -> bool:
    return all(held.get(skill, 0) >= level for skill, level in wanted.items())


def _tier_known(arrival: dict[Any, Any], tiers: Any, at: Place) -> Iterator[Inconsistency]:
    tier = arrival.get("tier")
    if isinstance(tier, str) and isinstance(tiers, dict) and tier not in tiers:
        accepted = f"a tier of the queue: {', '.join(map(str, tiers)) or 'queue.tiers names none'}"
        yield (*at, "tier"), f"{tier!r} is an unknown tier", accepted
