"""A queue's definition as people write it: what it names, what in it contradicts itself, what nobody could meet. Pure.

`{"requires": {"cards": 3}, "one_of": [{"zh": 3, "en": 3}], "agents": ["mei"], "teams": ["vip"], "excluded": ["tom"],
"language_level": 2, "default_language": "en", "steps": [{"after_seconds": 30, "requires": {"cards": 2}}, ...]}`.
Each step is the whole requirement again, so what it does not name is no longer asked for.

`named` and `contradictions` pass over whatever has not the form of the schema: the schema tells of that, and what these
find is told with it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from math import inf, isfinite
from typing import Any, Literal, NamedTuple

from app.core.wire import fault
from app.routing.engine.requirement import (
    Kind,
    Requirement,
    Skills,
    Step,
    satisfies,
    sorted_skills,
    unmeetable,
    with_language,
)
from app.routing.overflow import form
from app.routing.wording import all_of, any_of

ThingKind = Literal["skill", "agent", "team", "hours", "queue"]

LISTS: dict[str, ThingKind] = {"agents": "agent", "excluded": "agent", "teams": "team"}
ASKED = ("requires", "one_of", *LISTS)
"""The fields of which a requirement is made."""


class Named(NamedTuple):
    """Something that a definition names by its id, and where in it; `excludes`: only to leave it out."""

    kind: ThingKind
    id: str
    where: str
    excludes: bool = False


def named(rules: Mapping[str, Any]) -> Iterator[Named]:
    """Everything that a definition names, in the order in which it is written."""
    if isinstance(rules.get("hours"), str):
        yield Named("hours", rules["hours"], "hours")
    for place, rule in enumerate(_list(rules.get("overflow"))):
        if isinstance(rule, Mapping) and isinstance(rule.get("queue"), str):
            yield Named("queue", rule["queue"], f"overflow.{place}.queue")
    for asked, at in _requirements(rules):
        yield from (Named("skill", skill, f"{at}requires.{skill}") for skill in _mapping(asked.get("requires")))
        for place, group in enumerate(_list(asked.get("one_of"))):
            yield from (Named("skill", skill, f"{at}one_of.{place}.{skill}") for skill in _mapping(group))
        for field, kind in LISTS.items():
            for place, each in enumerate(_list(asked.get(field))):
                if isinstance(each, str):
                    yield Named(kind, each, f"{at}{field}.{place}", field == "excluded")


def contradictions(rules: Mapping[str, Any], given: Collection[str]) -> list[dict[str, str]]:
    """What contradicts itself in a definition: agents both named and excluded, ids named twice, steps that go back in
    time, rules of overflow that mean nothing. `given` are the fields that are being set now; a fault is told at one of
    these."""
    found = _out_of_order(_list(rules.get("steps"))) if "steps" in given else []
    for asked, at in _requirements(rules):
        told = given if not at else LISTS if "steps" in given else ()
        found += _twice(asked, at, told)
        found += _both_named_and_excluded(asked, at, told)
    if "overflow" in given:
        found += form.contradictions(rules.get("overflow"), rules.get("id"))
    return found


def warnings(rules: Mapping[str, Any], staff: Mapping[str, Kind]) -> list[dict[str, str]]:
    """What the active agents that there are (`staff`, by id) could never do: steps that nobody meets, agents who are
    named and not active; steps that ask for more than the one before; and rules of overflow that never apply. No fault,
    because a queue may be set up before its agents and its hours, and may mean what it says."""
    steps = steps_of(rules)
    ends = [step.after_seconds for step in steps[1:]]
    found = [
        {"where": _place(place), "what": f"no active agent could take a contact {_span(steps, ends, place)}: {why}"}
        for place in unmeetable(steps, staff)
        for why in [_why(steps[place].wanted, staff)]
    ]
    found += _tightened(steps, staff)
    found += form.warnings(_list(rules.get("overflow")), rules.get("hours") is not None)
    return found + [
        {"where": f"body.{each.where}", "what": f"{each.id} is not an active agent and gets no contacts"}
        for each in named(rules)
        if each.kind == "agent" and not each.excludes and each.id not in staff
    ]


def steps_of(rules: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a caller of the queue's default language; the first is what is required from the beginning."""
    language = rules.get("default_language")
    looser = (Step(step["after_seconds"], _wanted(step, language)) for step in rules["steps"])
    return (Step(0.0, _wanted(rules, language)), *looser)


def _wanted(asked: Mapping[str, Any], language: str | None) -> Requirement:
    return Requirement(
        skills=with_language(sorted_skills(asked.get("requires", {})), language, asked.get("language_level", 0)),
        one_of=tuple(sorted_skills(group) for group in asked.get("one_of", ())),
        agents=tuple(asked.get("agents", ())),
        teams=tuple(asked.get("teams", ())),
        excluded=tuple(asked.get("excluded", ())),
    )


def _requirements(rules: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The requirement of the beginning and those of the steps, each with the path before its fields."""
    yield rules, ""
    for place, step in enumerate(_list(rules.get("steps"))):
        if isinstance(step, Mapping):
            yield step, f"steps.{place}."


def _out_of_order(steps: Iterable[Any]) -> list[dict[str, str]]:
    found, latest = [], 0.0
    for place, step in enumerate(steps):
        after = step.get("after_seconds") if isinstance(step, Mapping) else None
        if not isinstance(after, int | float) or isinstance(after, bool) or not isfinite(after):
            continue
        if place and after <= latest:
            what = f"goes back in time: a step before it begins at {latest:g}"
            found.append(fault(f"body.steps.{place}.after_seconds", what, f"more than {latest:g}"))
        latest = max(latest, after)
    return found


def _twice(asked: Mapping[str, Any], at: str, told: Collection[str]) -> list[dict[str, str]]:
    found = []
    for field in LISTS:
        given = _list(asked.get(field)) if field in told else []
        found += [
            fault(f"body.{at}{field}.{place}", f"{each} is named twice", "each id once")
            for place, each in enumerate(given)
            if isinstance(each, str) and each in given[:place]
        ]
    return found


def _both_named_and_excluded(asked: Mapping[str, Any], at: str, told: Collection[str]) -> list[dict[str, str]]:
    field, other = ("excluded", "agents") if "excluded" in told else ("agents", "excluded")
    if field not in told:
        return []
    against = _list(asked.get(other))
    return [
        fault(f"body.{at}{field}.{place}", f"{each} is both named and excluded", f"an agent who is not in {other}")
        for place, each in enumerate(_list(asked.get(field)))
        if isinstance(each, str) and each in against
    ]


def _tightened(steps: tuple[Step, ...], staff: Mapping[str, Kind]) -> Iterator[dict[str, str]]:
    """Steps at which somebody who could take the contact no longer may."""
    for place, (before, step) in enumerate(pairwise(steps), 1):
        if before.wanted.agents:  # then only these matter, whatever the step asks for instead
            lost = [agent for agent in before.wanted.agents if agent in staff and _loses(agent, staff, before, step)]
            what = f"takes the contact from {all_of(lost)}, who could have it before"
        else:
            lost = list(_added(before.wanted, step.wanted))
            what = f"adds to the step before: {', '.join(lost)}"
        if lost:
            yield {"where": _place(place), "what": f"does not loosen with time: it {what}"}


def _loses(agent: str, staff: Mapping[str, Kind], before: Step, step: Step) -> bool:
    one = {agent: staff[agent]}
    return not unmeetable([before], one) and bool(unmeetable([step], one))


def _added(before: Requirement, wanted: Requirement) -> Iterator[str]:
    """What a requirement asks for beyond one that names no agents."""
    groups = [dict(each) for each in (*((skill,) for skill in before.skills), *before.one_of)]
    for each in wanted.skills:
        if not _implied(groups, (each,)):
            yield _level(each)
    for group in wanted.one_of:
        if not _implied(groups, group):
            yield f"any of {_levels(group)}"
    if wanted.teams and not (before.teams and set(before.teams) <= set(wanted.teams)):
        yield f"only of {any_of(wanted.teams)}"
    if wanted.agents:
        yield f"only {any_of(wanted.agents)}"
    if new := sorted(set(wanted.excluded) - set(before.excluded)):
        yield f"not {any_of(new)}"


def _implied(groups: list[dict[str, int]], wanted: Skills) -> bool:
    """Whether whoever has one of each of the groups has one of the wanted skills."""
    levels = dict(wanted)
    return any(all(levels.get(skill, inf) <= level for skill, level in group.items()) for group in groups)


def _place(step: int) -> str:
    return f"body.steps.{step - 1}" if step else "body"


def _span(steps: tuple[Step, ...], ends: list[float], place: int) -> str:
    begins, ends_at = steps[place].after_seconds, ends[place] if place < len(ends) else None
    if ends_at is None:
        return f"after {begins:g} s of waiting" if begins else "however long it waits"
    return f"between {begins:g} and {ends_at:g} s of waiting"


def _why(wanted: Requirement, staff: Mapping[str, Kind]) -> str:
    """What of a requirement is missing in everybody; where each part is held by somebody, that no one has it all."""
    kinds = set(staff.values())
    if not kinds:
        return "there is no active agent"

    def somebody(**part: Any) -> bool:
        return any(satisfies(kind, Requirement(**part)) for kind in kinds)

    missing = [_level(each) for each in wanted.skills if not somebody(skills=(each,))]
    missing += [f"any of {_levels(group)}" for group in wanted.one_of if not somebody(one_of=(group,))]
    if missing:
        return f"nobody has {', '.join(missing)}"
    if wanted.teams and not somebody(teams=wanted.teams):
        return f"nobody is in {' or '.join(wanted.teams)}"
    if wanted.agents and not any(agent in staff for agent in wanted.agents):
        return f"{', '.join(wanted.agents)} {'is' if len(wanted.agents) == 1 else 'are'} not active"
    return "nobody has all that is asked for at once"


def _levels(skills: Skills) -> str:
    return ", ".join(map(_level, skills))


def _level(each: tuple[str, int]) -> str:
    return f"{each[0]} at {each[1]} or above"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
