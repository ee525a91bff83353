"""From a mapping and the header of a file to what reads its rows. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from app.core.faults import Fault, Faulty
from app.customers.feeds.columns.assembly import Part, builder
from app.customers.feeds.columns.fields import Named, named
from app.customers.feeds.columns.mapping import Column, Mapping
from app.customers.feeds.columns.mapping_text import MappingFaulty, required
from app.customers.feeds.columns.parsing import Known, Read, formats, reader
from app.customers.feeds.columns.records import Row
from app.customers.feeds.columns.shapes import close_to
from app.customers.feeds.formats.cells import Unfit
from app.customers.feeds.formats.rows import FAULTS


class ColumnsFaulty(Faulty):
    """The header of a file does not fit the mapping; the message lists all columns that are missing or doubled."""

    code = "columns-faulty"


class Plan(NamedTuple):
    """How the rows of one file are read. They have `width` cells, of which those of `columns` stand at `positions` and
    are read by `readers` as `fields`; `build` makes a record of their values and of the `constants` behind them. `told`
    are the fields that the feed tells, `unused` the columns that are no field."""

    width: int
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    readers: tuple[Read, ...]
    fields: tuple[str, ...]
    constants: list[Any]
    build: Callable[[list[Any]], Row]
    told: frozenset[str]
    unused: tuple[str, ...]


ANYTHING = Known()


def plan(
    mapping: Mapping,
    header: Sequence[str],
    known: Known = ANYTHING,
    *,
    width: int | None = None,
    name: str = "The file",
) -> Plan:
    """How rows under this header are read; they have `width` cells, else as many as the header.

    Raises ColumnsFaulty, which calls the file by `name`, and MappingFaulty for constants that are not what their fields
    hold.
    """
    names = [each.strip() for each in header]
    faults = list(_faults(mapping, names))
    if faults:
        raise ColumnsFaulty(name, faults)
    there = {column.strip(): it for column, it in mapping.columns.items() if column.strip() in names}
    fields = [_field(mapping, it.field) for it in there.values()]
    parts = [
        Part(place, field, it.currency) for place, (field, it) in enumerate(zip(fields, there.values(), strict=True))
    ]
    nothing, constants = len(parts), _constants(mapping, known)
    parts += [Part(nothing + 1 + place, _field(mapping, name)) for place, name in enumerate(constants)]
    return Plan(
        width=len(header) if width is None else width,
        columns=tuple(there),
        positions=tuple(names.index(column) for column in there),
        readers=tuple(_reader(mapping, part.field, it, known) for part, it in zip(parts, there.values(), strict=False)),
        fields=tuple(field.name for field in fields),
        constants=[None, *constants.values()],
        build=builder(mapping.feed, parts, nothing, mapping.formats.currency),
        told=frozenset(part.field.name for part in parts),
        unused=tuple(each for each in names if each not in ("", FAULTS) and each not in there),
    )


def _faults(mapping: Mapping, names: list[str]) -> Iterator[Fault]:
    times = Counter(names)
    wanted = {column.strip(): it for column, it in mapping.columns.items()}
    unused = [each for each in times if each and each not in wanted]
    by_lower = {each.casefold(): each for each in unused}
    for column, it in wanted.items():
        if times[column] > 1:
            places = ", ".join(str(place) for place, each in enumerate(names, 1) if each == column)
            yield Fault(
                f"column {column!r}", f"is there {times[column]} times (as number {places})", "each column once"
            )
        elif not times[column] and not it.optional:
            same = by_lower.get(column.casefold())
            yield Fault(f"column {column!r}", "is missing", f"{same}?" if same else close_to(column, unused))


def _constants(mapping: Mapping, known: Known) -> dict[str, Any]:
    found, faults = {}, []
    for name, text in mapping.constants.items():
        try:
            found[name] = _reader(mapping, _field(mapping, name), Column(field=name), known)(text)
        except Unfit as error:
            faults.append(Fault(f"constants.{name}", f"{error.what}: {text!r}", error.accepted))
    if faults:
        raise MappingFaulty("The mapping", faults)
    return found


def _reader(mapping: Mapping, field: Named, column: Column, known: Known) -> Read:
    how = formats(column, mapping.formats, known)
    return reader(field, column, how, known, required=required(mapping, field.pattern))


def _field(mapping: Mapping, name: str) -> Named:
    field = named(mapping.feed, name)
    assert field is not None  # a mapping is checked when it is read
    return field
