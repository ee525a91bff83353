"""What a route accepts, in words: from the JSON schema of its body and of its parameters, made when first needed."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.api.schemas import common
from app.customers.usage.given import KIND
from app.routing.hours.form import DATE, TIME

Schema = Mapping[str, Any]

_FORMATS = {
    "uuid": "a UUID",
    "date-time": "an instant as RFC 3339, such as 2027-01-15T09:00:00+08:00",
    "date": "a date as YYYY-MM-DD",
    "uri": "an address",
}
_KINDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_KINDS |= {"array": "a list", "object": "an object", "null": "null"}
_PATTERNS = {
    common.SLUG: "of a-z, 0-9, ., _ and -, at most 64 of them, the first a letter or a digit",
    KIND: "of a-z, 0-9, ., _ and -, at most 64 of them, the first a letter or a digit",
    common.PRINTABLE: "without line breaks and control characters",
    common.LINES: "without control characters",
    common.TEXT: "without tabs and control characters",
    common.NO_NUL: "without NUL characters",
    common.VISIBLE: "of Latin letters, digits and signs, without spaces",
    common.SYSTEM: "of a-z, 0-9, _ and -, the first a letter or a digit",
    common.ATTRIBUTE: "of Latin letters, digits, _, . and -, at most 64 of them, the first a letter",
    common.OPTION: "of Latin letters, digits, ., _ and -, at most 100 of them, the first of a-z or 0-9",
    common.SCORE: "of a-z, 0-9 and _, at most 32 of them, the first a letter",
    common.TELEPHONE: "with a digit in it, without line breaks and control characters",
    common.EXTENSION: "of 1 to 7 digits",
    common.DIALLED: "with {number} in it, of Latin letters, digits and signs, without spaces",
    common.EMAIL: "as name@host, without spaces, < and > and quotation marks",
    common.COUNTRY: "of two of the letters A-Z, such as CN",
    common.CURRENCY: "of three of the letters A-Z, such as CNY",
    common.LANGUAGE: "that is the tag of a language, such as zh or en-GB",
    common.SPOKEN: "that is the tag of a language, its first part in lower case, such as zh or en-GB",
    TIME: "as HH:MM, 00:00 to 24:00",
    common.TIME_OF_DAY: "as HH:MM, 00:00 to 23:59",
    DATE: "as YYYY-MM-DD",
    common.COLOUR: "as # and six hexadecimal digits, such as #1a73e8",
    common.POINTER: "that is a JSON Pointer, such as /rating/score",
    common.HEADER: "of Latin letters, digits and the signs that the name of a header may hold",
}
_PARAMETERS = ("path", "query", "header", "cookie")
_BOUNDS = {"minimum": "at least {}", "exclusiveMinimum": "more than {}", "maximum": "at most {}"}
_BOUNDS |= {"exclusiveMaximum": "less than {}"}
_BOUNDS |= {"minLength": "at least {} long", "maxLength": "at most {} long", "pattern": "{}"}
_BOUNDS |= {"minItems": "at least {} of them", "maxItems": "at most {} of them"}
_BOUNDS |= {"minProperties": "at least {} of them", "maxProperties": "at most {} of them"}


def accepted_at(route: APIRoute, location: Sequence[Any]) -> str | None:
    """What the route accepts at a place of a request, such as ("body", "steps", 0, "agents")."""
    schema = _schema_at(route, location)
    return _words(*schema) if schema is not None else None


def place_of(route: APIRoute | None, location: Sequence[Any]) -> str:
    """A place of a request as the sender knows it: without the tags of unions, which pydantic names as well."""
    found = _at(route, location) if route is not None else None
    return ".".join(str(part) for part in (location if found is None else found.place))


def tags_at(route: APIRoute, location: Sequence[Any]) -> list[str]:
    """The kinds that a tagged union at a place has."""
    found = _at(route, location)
    return list(_branches(_resolved(found.whole, found.here))) if found is not None else []


def known_beside(route: APIRoute, location: Sequence[Any]) -> str | None:
    """The fields that there are where an unknown one was sent, and which of them may have been meant."""
    schema = _schema_at(route, location[:-1])
    fields = list(_resolved(*schema).get("properties", ())) if schema is not None else []
    return beside(str(location[-1]), fields, "field")


def beside(name: str, known: Sequence[str], kind: str) -> str:
    """Which names of a kind there are where an unknown one was sent; first the one that may have been meant."""
    close = difflib.get_close_matches(name, known, n=1)
    told = f"one of the {kind}s {', '.join(known)}" if known else f"no {kind}"
    return f"{close[0]}, perhaps; {told}" if close else told


def limits_in(given: Mapping[str, Any], forms: Mapping[str, str]) -> list[str]:
    """The limits among what is given, each in the form that it has; patterns in words where there are some."""
    return [
        form.format(_PATTERNS.get(given[key], f"that matches {given[key]}") if key == "pattern" else _plain(given[key]))
        for key, form in forms.items()
        if key in given
    ]


def _plain(limit: Any) -> Any:
    """A limit as one writes it: 20 for 20.0, and no power of ten for a whole number."""
    if not isinstance(limit, float):
        return limit
    return int(limit) if limit.is_integer() and abs(limit) < 1e15 else f"{limit:.12g}"


def names_in_query(route: APIRoute) -> list[str]:
    """The parameters that a query may have."""
    return [field.alias for each in _flat(route.dependant) for field in each.query_params]


def takes_several(route: APIRoute, name: str) -> bool:
    """Whether a parameter of the query is a list, and may be given again and again."""
    whole = parameters(route)["query", name]
    return _resolved(whole, whole).get("type") == "array"


def _schema_at(route: APIRoute, location: Sequence[Any]) -> tuple[Schema, Schema] | None:
    found = _at(route, location)
    return None if found is None else (found.whole, found.here)


class _Found(NamedTuple):
    """The whole schema that has a place, which its references are resolved in, that of the place itself, and the place
    without the names of branches."""

    whole: Schema
    here: Schema
    place: list[Any]


def _at(route: APIRoute, location: Sequence[Any]) -> _Found | None:
    kind, *path = location
    whole = parameters(route).get((kind, path.pop(0))) if kind in _PARAMETERS and path else None
    whole = _body(route) if kind == "body" else whole
    if whole is None:
        return None
    here, place = whole, list(location[: len(location) - len(path)])
    for part in path:
        around = _resolved(whole, here)
        branch = _branches(around).get(str(part))
        here = branch or _inside(around, part) or here  # pydantic also names the branches of a union
        place += [] if branch is not None else [part]
    return _Found(whole, here, place)


def _branches(here: Schema) -> dict[str, Schema]:
    """The branches of a tagged union by their tags."""
    mapping: Mapping[str, str] = here.get("discriminator", {}).get("mapping", {})
    return {tag: {"$ref": reference} for tag, reference in mapping.items()}


def _inside(here: Schema, part: Any) -> Schema | None:
    if isinstance(part, int):
        items: Schema | None = here.get("items")
        return items
    found: Schema | None = here.get("properties", {}).get(part)
    for rest in (*here.get("patternProperties", {}).values(), here.get("additionalProperties")):
        found = found or (rest if isinstance(rest, dict) else None)
    return found


def _resolved(whole: Schema, here: Schema) -> Schema:
    choices = [each for each in here.get("anyOf", here.get("oneOf", ())) if each.get("type") != "null"]
    if len(choices) == 1:
        here = choices[0]
    if "$ref" in here:
        referred: Schema = whole["$defs"][here["$ref"].rsplit("/", 1)[-1]]
        return referred
    return here


def _words(whole: Schema, here: Schema) -> str:
    """A value of the schema as one would ask for it, with its description."""
    described = here.get("description")
    kind = _kind(whole, here)
    return f"{kind}: {described}" if described and "\n" not in described else kind


def _kind(whole: Schema, here: Schema) -> str:
    choices = here.get("anyOf", here.get("oneOf"))
    if choices:
        return " or ".join(dict.fromkeys(_kind(whole, each) for each in choices))
    here = _resolved(whole, here)
    if "const" in here or "enum" in here:
        return " or ".join(str(each) for each in here.get("enum", [here.get("const")]))
    if "properties" in here:
        needed = here.get("required", ())
        return f"an object with {', '.join(needed)}" if needed else f"an object of {', '.join(here['properties'])}"
    kind = _FORMATS.get(here.get("format", "")) or _KINDS.get(here.get("type", ""), "a value")
    bounds = limits_in(here, _BOUNDS)
    return f"{kind}, {', '.join(bounds)}" if bounds else kind


def _body(route: APIRoute) -> Schema | None:
    return _schema_of(route.body_field) if route.body_field is not None else None


def parameters(route: APIRoute) -> dict[tuple[str, str], Schema]:
    """The schema of each parameter of a route, by where it stands and its name."""
    return {
        (kind, field.alias): _schema_of(field)
        for each in _flat(route.dependant)
        for kind in _PARAMETERS
        for field in getattr(each, f"{kind}_params")
    }


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _flat(each)


@lru_cache(maxsize=2048)
def _schema_of(field: Any) -> Schema:
    information = field.field_info
    kind: Any = Annotated[information.annotation, information]
    return TypeAdapter(kind).json_schema()
