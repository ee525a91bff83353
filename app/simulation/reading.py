"""From the text of a scenario file to a scenario, or to every fault of it in one message. Pure."""

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import yaml
from pydantic import ValidationError

from app.core.errors import Invalid
from app.simulation.consistency import inconsistencies
from app.simulation.scenario import Scenario

MOST_TOLD = 100
MOST_PLACES = 100_000


class Fault(NamedTuple):
    """One thing that is wrong; `line` counts from 1, 0 where no line says it."""

    where: str
    what: str
    accepted: str
    line: int = 0


class ScenarioFaulty(Invalid):
    """The scenario cannot be run; the message lists every fault."""

    code = "scenario-faulty"

    def __init__(self, name: str, faults: list[Fault]) -> None:
        told = [_told(each) for each in faults[:MOST_TOLD]]
        if len(faults) > MOST_TOLD:
            told.append(f"and {len(faults) - MOST_TOLD} more")
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n  ".join([f"{name} has {count}:", *told]), faults=[each._asdict() for each in faults])


def _told(it: Fault) -> str:
    line = f" (line {it.line})" if it.line else ""
    return f"{it.where or 'the file'}{line}: {it.what}; accepted: {it.accepted}"


def read_scenario(text: str, name: str = "The scenario") -> Scenario:
    """The scenario that a YAML text says. Raises ScenarioFaulty, which calls it by `name`."""
    try:
        lines = list(islice(_lines(yaml.compose(text, Loader=yaml.SafeLoader)), MOST_PLACES))
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScenarioFaulty(name, [_unreadable(error)]) from error
    except (RecursionError, ValueError) as error:
        raise ScenarioFaulty(name, [Fault("", f"is no YAML that can be read: {error}", "a YAML mapping")]) from error
    if len(lines) == MOST_PLACES:  # a short text can unfold into a long one
        raise ScenarioFaulty(name, [Fault("", "is too long", f"fewer than {MOST_PLACES} lines and values")])
    return checked(document, name, dict(lines), list(_twice(lines)))


def checked(document: Any, name: str, lines: Mapping[str, int], found: list[Fault]) -> Scenario:
    """The scenario in parsed YAML. Raises ScenarioFaulty with what was `found` before and all that is wrong."""
    if not isinstance(document, dict):
        what = "is empty" if document is None else f"is a {type(document).__name__}"
        raise ScenarioFaulty(name, [*found, Fault("", what, "a mapping with arrivals and agents")])
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        scenario = None
        found = [*found, *(_from_pydantic(each) for each in error.errors(include_url=False, include_input=True))]
    found += [Fault(_path(at), what, accepted) for at, what, accepted in inconsistencies(document)]
    if found or scenario is None:
        placed = [each._replace(line=each.line or _line(lines, each.where)) for each in found]
        raise ScenarioFaulty(name, sorted(placed, key=lambda each: each.line))
    return scenario


def _unreadable(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Fault("", f"is no YAML that can be read: {problem}", "a YAML mapping", mark.line + 1 if mark else 0)


def _from_pydantic(error: Any) -> Fault:
    at = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        keys = sorted(_schema_at(at[:-1]).get("properties", ()))
        close = difflib.get_close_matches(str(at[-1]), keys, n=1)
        return Fault(_path(at), "is an unknown key", f"{close[0]}?" if close else ", ".join(keys))
    if at[-1:] == ("[key]",):
        return Fault(_path(at[:-1]), f"is no name: {_short(error['input'])}", "a text of 1 to 100 characters")
    if error["type"] == "invalid_key":
        return Fault(_path(at), "is an unknown key", "a text")
    accepted = _schema_at(at).get("description", error["msg"])
    if error["type"] == "missing":
        return Fault(_path(at), "is missing", accepted)
    return Fault(_path(at), f"is {_short(error['input'])}", accepted)


def _short(given: Any) -> str:
    if given is None:
        return "empty"
    text = repr(given) if not isinstance(given, bool) else str(given).lower()
    return text if len(text) <= 40 else f"{text[:37]}..."


def _schema_at(at: tuple[str | int, ...]) -> dict[str, Any]:
    """What the schema says of the value at a place."""
    whole = Scenario.model_json_schema()
    here: dict[str, Any] = whole
    for part in at:
        here = _resolved(whole, here)
        here = here.get("items", {}) if isinstance(part, int) else _property(here, part)
    described = here.get("description")
    here = _resolved(whole, here)
    return here | {"description": described} if described else here


def _property(here: dict[str, Any], name: str) -> dict[str, Any]:
    rest = here.get("additionalProperties")
    found: dict[str, Any] = here.get("properties", {}).get(name, rest if isinstance(rest, dict) else {})
    return found


def _resolved(whole: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    for choice in here.get("anyOf", ()):
        if choice.get("type") != "null":
            here = choice
            break
    if "$ref" in here:
        here = whole["$defs"][here["$ref"].rsplit("/", 1)[-1]]
    return here


def _path(at: tuple[str | int, ...]) -> str:
    """A place as a person writes it: arrivals[0].requires.cards."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")


def _line(lines: Mapping[str, int], where: str) -> int:
    """The line of a place, or of the nearest thing around it that the file has."""
    while where and where not in lines:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return lines.get(where, 0) if where else 0


def _lines(node: yaml.Node | None, where: str = "") -> Iterator[tuple[str, int]]:
    """Each place in the file with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = f"{where}.{key.value}".removeprefix(".")
            yield place, key.start_mark.line + 1
            yield from _lines(value, place)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield f"{where}[{number}]", value.start_mark.line + 1
            yield from _lines(value, f"{where}[{number}]")


def _twice(lines: list[tuple[str, int]]) -> Iterator[Fault]:
    """Keys that a mapping has twice, of which YAML would silently take the last."""
    seen: dict[str, int] = {}
    for where, line in lines:
        if where in seen and not where.endswith("]"):
            yield Fault(where, f"is there twice, first in line {seen[where]}", "each key once", line)
        seen.setdefault(where, line)


def as_yaml(scenario: Scenario) -> str:
    """The scenario as a file that reads back as the same; what is as usual is left out."""
    plain = msgspec.to_builtins(scenario.model_dump(exclude_defaults=True))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110))
