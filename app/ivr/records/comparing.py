"""In what two versions of a flow differ: by line, and by node. Pure."""

import difflib
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import yaml

MOST_PLACES = 100_000
NODES = "nodes"


class Changed(NamedTuple):
    """A node, or a part of the flow outside its nodes, that both have but not alike."""

    name: str
    before: Any
    after: Any


class Structure(NamedTuple):
    """The difference in meaning: how a text is laid out plays no part. `rest` is what is beside the nodes."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]
    rest: tuple[Changed, ...]


class Difference(NamedTuple):
    """`text` is a unified diff, empty where the texts are equal; without `structure` one of them cannot be read."""

    text: str
    structure: Structure | None


def compare(before: str, after: str, names: tuple[str, str]) -> Difference:
    """In what the text `after` differs from `before`; `names` is what each is called."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    older, newer = _read(before), _read(after)
    structure = None if older is None or newer is None else _structure(older, newer)
    return Difference("".join(f"{line}\n" for line in lines), structure)


def _structure(before: dict[str, Any], after: dict[str, Any]) -> Structure:
    older, newer = _nodes(before), _nodes(after)
    return Structure(
        added=tuple(name for name in newer if name not in older),
        removed=tuple(name for name in older if name not in newer),
        changed=tuple(_changes(older, newer, [name for name in older if name in newer])),
        rest=tuple(_changes(before, after, sorted((before.keys() | after.keys()) - {NODES}))),
    )


def _changes(before: dict[str, Any], after: dict[str, Any], names: list[str]) -> Iterator[Changed]:
    for name in names:
        if before.get(name) != after.get(name):
            yield Changed(name, before.get(name), after.get(name))


def _nodes(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get(NODES)
    return found if isinstance(found, dict) else {}


def _read(text: str) -> dict[str, Any] | None:
    """The document as values that JSON has; None if it is none, or one that unfolds without end."""
    try:
        document = yaml.safe_load(text)
        if len(list(islice(_places(document), MOST_PLACES))) == MOST_PLACES:
            return None
        return _plain(document) if isinstance(document, dict) else None
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _places(value: Any) -> Iterator[None]:
    yield None
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _places(part)


def _plain(value: Any) -> Any:
    """Keys as texts, and dates and the like as they are written."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
