"""Where texts of any kind can be in requests, read from the description of the API, and where an example has them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

SAID = "=1'); delete from customers; --"
"""SQL that would be seen, if it were carried out, and a formula."""

Schema = dict[str, Any]


class Asked(NamedTuple):
    """A request that can be made: its method and path, the texts of its parameters and those within its body."""

    method: str
    path: str
    parameters: list[tuple[str, str]]
    body: set[str]

    @property
    def name(self) -> str:
        """Short, as examples are named."""
        return f"{self.method} {self.path.removeprefix('/api/v1/')}"


def requests(told: dict[str, Any], rooms: set[str]) -> Iterator[Asked]:
    """All requests to rooms of the API, by its description."""
    schemas = told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if not rooms & set(operation["tags"]):
                continue
            given = operation.get("parameters", [])
            texts = [(each["in"], each["name"]) for each in given if list(texts_in(each["schema"], schemas))]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {"schema": {}})
            yield Asked(
                method,
                path,
                [each for each in texts if each[0] != "header"],
                set(map(".".join, texts_in(body["schema"], schemas))),
            )


def texts_in(schema: Schema, schemas: dict[str, Schema], within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places in a value of texts that have no form which keeps SAID out; `*` is any key and any item."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in within:
            yield from texts_in(schemas[name], schemas, (*within, name))
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from texts_in(each, schemas, within)
    if schema.get("type") == "string" and _is_free(schema):
        yield ()
    fields = dict(schema.get("properties", {}))
    if schema.get("type") == "array":
        fields["*"] = schema["items"]
    if schema.get("additionalProperties"):
        more = schema["additionalProperties"]
        fields["*"] = {"type": "string"} if more is True else more
    for name, field in fields.items():
        yield from ((name, *rest) for rest in texts_in(field, schemas, within))


def _is_free(schema: Schema) -> bool:
    if schema.keys() & {"format", "enum", "const"}:
        return False
    fits = schema.get("minLength", 0) <= len(SAID) <= schema.get("maxLength", len(SAID))
    return fits and re.search(schema.get("pattern", ""), SAID) is not None


def said_in(value: Any, free: tuple[str, ...] = ("attributes", "details", "choices", "facts", "mappings")) -> set[str]:
    """The places of an example that say SAID, as `texts_in` names them; keys within `free` are any."""
    found = {""} if value == SAID else set()
    if isinstance(value, list):
        found |= {f"*.{place}" for each in value for place in said_in(each)}
    if isinstance(value, dict):
        for name, field in value.items():
            if name in free and isinstance(field, dict):
                found |= {f"{name}.*.{place}" for each in field.values() for place in said_in(each)}
            else:
                found |= {f"{name}.{place}" for place in said_in(field)}
    return {place.rstrip(".") for place in found}
