"""Reading a YAML file that a person wrote, and telling every fault at once, each with its place and line. Pure."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from app.core.errors import Invalid, one_of

MOST_TOLD = 100
MOST_PLACES = 100_000

Place = tuple[str | int, ...]
Schema = dict[str, Any]


class Fault(NamedTuple):
    """One thing that is wrong; `line` counts from 1, 0 where no line says it."""

    where: str
    what: str
    accepted: str
    line: int = 0


class Faulty(Invalid):
    """A file cannot be used; the message lists every fault."""

    code = "faulty"

    def __init__(self, name: str, faults: list[Fault]) -> None:
        told = [_told(each) for each in faults[:MOST_TOLD]]
        if len(faults) > MOST_TOLD:
            told.append(f"and {len(faults) - MOST_TOLD} more")
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n  ".join([f"{name} has {count}:", *told]), faults=[each._asdict() for each in faults])


class Document(NamedTuple):
    """What a file says, the line of each place in it, and the keys that it has twice."""

    value: Any
    lines: Mapping[str, int]
    faults: list[Fault]


Refuse = Callable[[list[Fault]], Faulty]


def fault(what: str, accepted: str, *at: str | int) -> PydanticCustomError:
    """A fault that a validator finds; `at` leads on from the validated value to the place of the fault."""
    return PydanticCustomError("told", "{what}", {"what": what, "accepted": accepted, "at": at})


def read_yaml(text: str, refuse: Refuse) -> Document:
    """What a YAML text says. What is no YAML, or unfolds into too much, is raised as `refuse` makes it."""
    try:
        lines = list(islice(_lines(yaml.compose(text, Loader=yaml.SafeLoader)), MOST_PLACES))
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise refuse([_unreadable(error)]) from error
    except (RecursionError, ValueError) as error:
        raise refuse([Fault("", f"is no YAML that can be read: {error}", "a YAML mapping")]) from error
    if len(lines) == MOST_PLACES:  # a short text can unfold into a long one
        raise refuse([Fault("", "is too long", f"fewer than {MOST_PLACES} lines and values")])
    return Document(value, dict(lines), list(_twice(lines)))


def of_model(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What a model of pydantic found, in words: the field's own description tells what is accepted."""
    return [_from_pydantic(each, _schema(model)) for each in error.errors(include_url=False, include_input=True)]


def placed(found: Iterable[Fault], lines: Mapping[str, int]) -> list[Fault]:
    """With their lines, in the order of the file."""
    told = [each._replace(line=each.line or line_of(lines, each.where)) for each in found]
    return sorted(told, key=lambda each: each.line)


def path(at: Place) -> str:
    """A place as a person writes it: arrivals[0].requires.cards."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")


def line_of(lines: Mapping[str, int], where: str) -> int:
    """The line of a place, or of the nearest thing around it that the file has."""
    while where and where not in lines:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return lines.get(where, 0) if where else 0


def _told(it: Fault) -> str:
    line = f" (line {it.line})" if it.line else ""
    return f"{it.where or 'the file'}{line}: {it.what}; accepted: {it.accepted}"


def _unreadable(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Fault("", f"is no YAML that can be read: {problem}", "a YAML mapping", mark.line + 1 if mark else 0)


def _from_pydantic(error: Any, schema: Schema) -> Fault:
    loc, context = tuple(error["loc"]), error.get("ctx", {})
    # of what has a kind, or does not belong there, it is a name like any other
    of_key = loc[-1:] == ("[key]",) and not error["type"].startswith(("union_tag", "extra_"))
    loc = loc[:-1] if of_key else loc
    at = _untagged(loc, schema)
    if error["type"] == "told":
        at = at[:-1] if of_key else at  # a key that is not as it should be is no place
        return Fault(path((*at, *context["at"])), context["what"], context["accepted"])
    if error["type"].startswith("union_tag"):
        return _unknown_kind(at, error, _schema_at(loc, schema)["discriminator"])
    if error["type"] == "extra_forbidden":
        keys = sorted(_schema_at(loc[:-1], schema).get("properties", ()))
        close = difflib.get_close_matches(str(at[-1]), keys, n=1)
        return Fault(path(at), "is an unknown key", f"{close[0]}?" if close else ", ".join(keys))
    if of_key:
        accepted = f"a text like {context['pattern']}" if "pattern" in context else "a text of 1 to 100 characters"
        if not isinstance(error["input"], str):
            accepted = "a text, in quotes where YAML reads something else, such as '1' and 'yes'"
        return Fault(path(at), f"is no name: {_short(error['input'])}", accepted)
    if error["type"] == "invalid_key":
        return Fault(path(at), "is an unknown key", "a text")
    accepted = _accepted(error, _schema_at(loc, schema))
    if error["type"] == "missing":
        return Fault(path(at), "is missing", accepted)
    return Fault(path(at), f"is {_short(error['input'])}", accepted)


_IN_WORDS = {"model_type": "a mapping", "model_attributes_type": "a mapping", "dict_type": "a mapping"}


def _accepted(error: Any, here: Schema) -> str:
    """What the schema says of a value, or else what there has to be in any case."""
    if "description" not in here and "discriminator" in here:
        kinds = here["discriminator"]
        return f"a mapping whose {kinds['propertyName']} is {one_of(kinds['mapping'])}"
    return str(here.get("description", _IN_WORDS.get(error["type"], error["msg"])))


def _unknown_kind(at: Place, error: Any, discriminator: Mapping[str, Any]) -> Fault:
    """A part whose kind is told by a field, and that field is missing or names no kind."""
    where, kinds = path((*at, discriminator["propertyName"])), list(discriminator["mapping"])
    if error["type"] == "union_tag_not_found":
        return Fault(where, "is missing", ", ".join(kinds))
    tag, given = error["ctx"]["tag"], error["input"]
    if isinstance(given, Mapping):  # the tag is told as a text, whatever it is
        tag = given.get(discriminator["propertyName"], tag)
    close = difflib.get_close_matches(str(tag), kinds, n=1)
    return Fault(where, f"is {_short(tag)}", f"{close[0]}?" if close else ", ".join(kinds))


def _short(given: Any) -> str:
    if given is None:
        return "empty"
    text = repr(given) if not isinstance(given, bool) else str(given).lower()
    return text if len(text) <= 40 else f"{text[:37]}..."


@lru_cache(maxsize=16)
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


class _Step(NamedTuple):
    """One part of a place: as the file has it, None where it only names the kind of what is there; what the schema says
    of the value, and how that is described from outside."""

    part: str | int | None
    schema: Schema
    described: str | None


def _steps(at: Place, whole: Schema) -> Iterator[_Step]:
    """The parts of a place as pydantic tells it."""
    here = whole
    for part in at:
        here = _resolved(whole, here)
        if "discriminator" in here:
            kind = here["discriminator"]["mapping"].get(part)
            here = {"$ref": kind} if kind else {}
            yield _Step(None, here, None)
        elif isinstance(part, int) and "items" in here:
            here = here["items"]
            yield _Step(part, here, here.get("description"))
        else:  # a key that YAML reads as a number is one, too
            here = _property(here, str(part))
            yield _Step(str(part), here, here.get("description"))


def _untagged(at: Place, schema: Schema) -> Place:
    """The place as the file has it, without the kinds that pydantic puts between."""
    return tuple(step.part for step in _steps(at, schema) if step.part is not None)


def _schema_at(at: Place, schema: Schema) -> Schema:
    """What the schema says of the value at a place, as pydantic tells the place."""
    here, described = schema, None
    for step in _steps(at, schema):
        here, described = step.schema, step.described
    here = _resolved(schema, here)
    return here | {"description": described} if described else here


def _property(here: Schema, name: str) -> Schema:
    found: Schema | None = here.get("properties", {}).get(name)
    if found is not None:
        return found
    by_pattern = next(iter(here.get("patternProperties", {}).values()), None)
    rest = by_pattern or here.get("additionalProperties")
    return rest if isinstance(rest, dict) else {}


def _resolved(whole: Schema, here: Schema) -> Schema:
    for choice in here.get("anyOf", ()):
        if choice.get("type") != "null":
            here = choice
            break
    if "$ref" in here:
        here = whole["$defs"][here["$ref"].rsplit("/", 1)[-1]]
    return here


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
