"""Whether the parts of a scenario fit each other: skills held, tiers known, times in order, steps that loosen. Pure.

It looks at the parsed file, for a fault in one part must not hide what is wrong elsewhere. Values that are faulty in
themselves are told of by the scenario's own types; here they are passed over, and what can be read is judged.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

MAX_LEVEL = 5
LARGEST = 1e12
"""More than any number in a scenario may be; what is larger is told of by its own type."""

RAREST = 1e-3
"""Contacts that a profile must bring each time around."""

Place = tuple[str | int, ...]
Inconsistency = tuple[Place, str, str]
"""Where, what is wrong, what would be accepted."""

_DISTRIBUTIONS = ("exponential", "lognormal", "deterministic")

Levels = dict[str, int | None]
"""Skills as far as they can be read; None where the level is faulty."""


class _Staff(NamedTuple):
    """The skills of each group that can be read; a faulty level may have been meant as any. `whole`: no group has
    anything else that may have been meant as a skill."""

    held: list[dict[str, int]]
    whole: bool

    @property
    def doubt(self) -> str:
        return "" if self.whole else ", as far as the groups can be read"


def inconsistencies(document: dict[Any, Any]) -> Iterator[Inconsistency]:
    """What does not fit in the parsed file."""
    arrivals, groups = _mappings(document.get("arrivals")), _mappings(document.get("agents"))
    yield from _names(arrivals, "arrivals")
    yield from _names(groups, "agents")
    yield from _ends(document, arrivals)
    for place, group in groups:
        yield from _shifts(group.get("shifts"), document.get("repeat_minutes"), ("agents", place, "shifts"))
    staff = _staff(document.get("agents"))
    queue = document.get("queue", {})
    tiers = queue.get("tiers", {}) if isinstance(queue, dict) else None
    for place, arrival in arrivals:
        at: Place = ("arrivals", place)
        yield from _one_rate(arrival, at)
        yield from _somebody_calls(arrival.get("profile"), (*at, "profile"))
        for key in ("service", "patience"):
            yield from _cv(arrival.get(key), (*at, key, "cv"))
        yield from _forward(arrival.get("steps"), (*at, "steps"))
        yield from _steps(arrival, staff, at)
        yield from _tier_known(arrival, tiers, at)
    yield from _ranks(tiers)


def _mappings(given: Any) -> list[tuple[int, dict[Any, Any]]]:
    listed = given if isinstance(given, list) else []
    return [(place, each) for place, each in enumerate(listed) if isinstance(each, dict)]


def _levels(given: Any) -> Levels | None:
    if not isinstance(given, dict):
        return None
    return {
        skill: level if type(level) is int and 1 <= level <= MAX_LEVEL else None
        for skill, level in given.items()
        if isinstance(skill, str) and 1 <= len(skill) <= 100
    }


def _staff(groups: Any) -> _Staff:
    listed = groups if isinstance(groups, list) else []
    given = [each.get("skills", {}) if isinstance(each, dict) else None for each in listed]
    read = [(_levels(skills), skills) for skills in given]
    held = [
        {skill: MAX_LEVEL if level is None else level for skill, level in levels.items()}
        for levels, _ in read
        if levels is not None
    ]
    whole = all(levels is not None and len(levels) == len(skills or ()) for levels, skills in read)
    return _Staff(held, whole)


def _number(given: Any) -> TypeGuard[float]:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= LARGEST


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


def _shifts(given: Any, day: Any, at: Place) -> Iterator[Inconsistency]:
    """Each ends after it begins and within the day, and apart from those that begin before it."""
    spans = []
    for place, shift in _mappings(given):
        begin, end = shift.get("from_minutes"), shift.get("to_minutes")
        if _number(day) and _number(end) and end > day:
            what = f"lies after repeat_minutes, {day:g}"
            yield (*at, place, "to_minutes"), what, f"at most {day:g}; two shifts for one past the end"
        if not _number(begin) or not _number(end) or begin < 0 or end <= 0:
            continue
        if end <= begin:
            yield (*at, place, "to_minutes"), "does not lie after from_minutes", f"more than {begin:g}"
        else:
            spans.append((begin, place, end))
    last: tuple[float, int] | None = None
    for begin, place, end in sorted(spans):
        if last is not None and begin < last[0]:
            what = f"overlaps shifts[{last[1]}], which ends at {last[0]:g}"
            yield (*at, place), what, "shifts that do not overlap"
        if last is None or end > last[0]:
            last = (end, place)


def _one_rate(arrival: dict[Any, Any], at: Place) -> Iterator[Inconsistency]:
    rate, profile = (arrival.get(key) is not None for key in ("rate_per_minute", "profile"))
    if rate == profile:
        yield at, "has both rate_per_minute and profile" if rate else "has no rate", "rate_per_minute or profile"


def _somebody_calls(profile: Any, at: Place) -> Iterator[Inconsistency]:
    pieces = [(each.get("minutes"), each.get("rate_per_minute")) for _, each in _mappings(profile)]
    read = [(m, rate) for m, rate in pieces if _number(m) and _number(rate) and m > 0 and rate >= 0]
    if read and len(read) == len(profile) and sum(minutes * rate for minutes, rate in read) < RAREST:
        yield at, "nobody ever calls", "a rate_per_minute above 0 in at least one piece"


def _cv(duration: Any, at: Place) -> Iterator[Inconsistency]:
    distribution, given = (duration.get(key) if isinstance(duration, dict) else None for key in ("distribution", "cv"))
    if distribution == "lognormal" and given is None:
        yield at, "is missing", "a number above 0: the standard deviation over the mean"
    elif distribution in _DISTRIBUTIONS and distribution != "lognormal" and given is not None:
        yield at, f"does not belong to {distribution}", "cv with the lognormal distribution only"


def _forward(steps: Any, at: Place) -> Iterator[Inconsistency]:
    latest = None
    for place, step in _mappings(steps):
        after = step.get("after_seconds")
        if not _number(after) or after <= 0:
            continue
        if latest is not None and after <= latest:
            what = f"goes back in time: {after:g} after {latest:g}"
            yield (*at, place, "after_seconds"), what, f"more than the {latest:g} s of the step before"
        latest = max(after, latest or 0.0)


def _steps(arrival: dict[Any, Any], staff: _Staff, at: Place) -> Iterator[Inconsistency]:
    """Each step in turn: what it adds to the one before, and whether anybody has it."""
    before: Levels | None = None
    steps: list[tuple[Place, Any]] = [(("requires",), arrival.get("requires", {}))]
    steps += [(("steps", n, "requires"), step.get("requires", {})) for n, step in _mappings(arrival.get("steps"))]
    for where, given in steps:
        wanted = _levels(given)
        if wanted is None:
            continue
        more = sorted(
            skill for skill, level in wanted.items() if before is not None and _tightens(before, skill, level)
        )
        if more:
            what = f"asks for more of {', '.join(more)} than the step before"
            yield (*at, *where), what, "skills and levels that loosen with time"
        if staff.held:
            yield from _can_be_met(wanted, staff, (*at, *where))
        before = wanted


def _tightens(before: Levels, skill: str, level: int | None) -> bool:
    """Whether a step asks for more, whatever was meant where a level cannot be read."""
    most = before.get(skill, 0)
    return most is not None and (level or 1) > most


def _can_be_met(wanted: Levels, staff: _Staff, at: Place) -> Iterator[Inconsistency]:
    known = sorted({skill for skills in staff.held for skill in skills})
    unknown = [skill for skill in wanted if skill not in known]
    for skill in unknown:
        accepted = f"a skill that an agent has: {', '.join(known) or 'none has any'}"
        yield (*at, skill), f"is held by no agent{staff.doubt}", accepted
    least = {skill: level or 1 for skill, level in wanted.items()}
    if not unknown and not any(_meets(skills, least) for skills in staff.held):
        best = ", ".join(f"{skill}: {max(s.get(skill, 0) for s in staff.held)}" for skill in wanted)
        what = f"can never be met: no group of agents has all of it{staff.doubt}"
        yield at, what, f"what one group has alone; the highest levels are {best}"


def _meets(held: dict[str, int], wanted: dict[str, int]) -> bool:
    return all(held.get(skill, 0) >= level for skill, level in wanted.items())


def _tier_known(arrival: dict[Any, Any], tiers: Any, at: Place) -> Iterator[Inconsistency]:
    tier = arrival.get("tier")
    if isinstance(tier, str) and isinstance(tiers, dict) and tier not in tiers:
        accepted = f"a tier of the queue: {', '.join(map(str, tiers)) or 'queue.tiers names none'}"
        yield (*at, "tier"), f"{tier!r} is an unknown tier", accepted


def _ranks(tiers: Any) -> Iterator[Inconsistency]:
    if not isinstance(tiers, dict):
        return
    ranked = {name for name, tier in tiers.items() if isinstance(tier, dict) and tier.get("rank") is not None}
    for name, tier in tiers.items():
        if ranked and name not in ranked and isinstance(name, str) and (_number(tier) or isinstance(tier, dict)):
            yield ("queue", "tiers", name), "has no rank, but other tiers have", "a rank for every tier or for none"
