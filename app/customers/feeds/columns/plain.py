"""The mapping of a stream that nobody has written one for: its keys are named as the fields of the feed are. Pure."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from app.core.faults import Fault
from app.customers.feeds.columns.fields import Kind, named, suggestion
from app.customers.feeds.columns.mapping import Column, Mapping
from app.customers.feeds.columns.mapping_text import MappingFaulty, faults_of
from app.customers.feeds.formats.lines import LONGEST


def plain_mapping(feed: Kind, source: str, lines: Iterable[str], only_known: bool = False) -> Mapping:
    """The mapping that fits the keys of these objects: `name`, `phone.mobile` or `{"phone": {"mobile": ...}}`.

    Raises MappingFaulty for keys that are no field.
    """
    values: dict[str, Any] = {}
    is_huge = False
    for line in lines:
        is_huge = is_huge or len(line) >= LONGEST
        with suppress(msgspec.MsgspecError, RecursionError):
            found = msgspec.json.decode(line)
            for name, value in _leaves(found) if isinstance(found, dict) else ():
                if values.get(name) is None:
                    values[name] = value
    unknown = [Fault(name, "is no field", suggestion(feed, name)) for name in values if named(feed, name) is None]
    if unknown:
        raise MappingFaulty("The stream", unknown)
    columns = {name: _column(name, value) for name, value in values.items()}
    if not columns and is_huge:
        told = Fault("body", "begins with a line that is too long", f"lines of fewer than {LONGEST} characters")
        raise MappingFaulty("The stream", [told])
    if not columns:
        raise MappingFaulty("The stream", [Fault("body", "has no object", "a JSON object a line")])
    mapping = Mapping.model_validate({"feed": feed, "source": source, "columns": columns, "only_known": only_known})
    faults = list(faults_of(mapping))
    if faults:
        raise MappingFaulty("The stream", faults)
    return mapping


def _leaves(value: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        name = f"{before}{key}"
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{name}.")
        else:
            yield name, inner


def _column(name: str, value: Any) -> Column:
    if not name.startswith("attribute."):
        return Column(field=name)
    if isinstance(value, bool):
        return Column(field=name, type="flag")
    return Column(field=name, type="number") if isinstance(value, int | float) else Column(field=name)
