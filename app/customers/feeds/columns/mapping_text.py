"""From the text of a mapping file (YAML or JSON) to a mapping, or to every fault of it in one message. Pure."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from pydantic import ValidationError

from app.core.faults import Fault, Faulty, of_model, placed, read_yaml
from app.customers.feeds.columns.fields import FIELDS, Named, named, suggestion
from app.customers.feeds.columns.mapping import Column, Mapping

LONGEST = 1_000_000
REPEATED = ("phones", "emails")
"""What several columns may be."""

_FITTING = {
    "country": ("phone",),
    "keep_invalid": ("phone",),
    "currency": ("money",),
    "date": ("date", "any"),
    "instant": ("instant",),
    "timezone": ("instant",),
    "decimal": ("number", "money", "any"),
    "separator": ("list",),
    "type": ("any",),
}
"""What a column may say only of fields of these shapes."""


class MappingFaulty(Faulty):
    """The mapping cannot be used; the message lists every fault."""

    code = "mapping-faulty"


def read_mapping(text: str, name: str = "The mapping") -> Mapping:
    """The mapping that a text says. Raises MappingFaulty, which calls it by `name`, with every fault."""
    if len(text) > LONGEST:
        raise MappingFaulty(name, [Fault("", "is too long", f"at most {LONGEST} characters")])
    document = read_yaml(text, partial(MappingFaulty, name))
    if not isinstance(document.value, dict):
        what = "is empty" if document.value is None else f"is a {type(document.value).__name__}"
        raise MappingFaulty(name, [*document.faults, Fault("", what, "a mapping with feed, source and columns")])
    try:
        mapping = Mapping.model_validate(document.value)
    except ValidationError as error:
        found = [*document.faults, *of_model(error, Mapping)]
        raise MappingFaulty(name, placed(found, document.lines)) from None
    found = [*document.faults, *faults_of(mapping)]
    if found:
        raise MappingFaulty(name, placed(found, document.lines))
    return mapping


def faults_of(mapping: Mapping) -> Iterator[Fault]:
    """What is wrong with the meaning of a mapping of good form."""
    told: Counter[str] = Counter()
    for column, it in mapping.columns.items():
        where = f"columns.{column}"
        field = named(mapping.feed, it.field)
        if field is None:
            yield _unknown(where, mapping, it.field)
            continue
        yield from _of_column(where, field, it)
        told[it.field] += 1
        if told[it.field] > 1 and field.field.group not in REPEATED:
            yield Fault(where, f"is a second column for {it.field}", "one column for each field")
    for name in mapping.constants:
        field = named(mapping.feed, name)
        if field is None:
            yield _unknown(f"constants.{name}", mapping, name)
        elif name == "external_id":
            yield Fault("constants.external_id", "is the same in all rows", "a column: rows are told apart by it")
        elif told[name]:
            yield Fault(f"constants.{name}", "is a column, too", "a column or a constant")
    yield from _missing(mapping, {*told, *mapping.constants})


def required(mapping: Mapping, pattern: str) -> bool:
    """Whether a field must be told by every row."""
    if mapping.only_known:
        return pattern == "external_id"
    return FIELDS[mapping.feed][pattern].required


def _of_column(where: str, field: Named, it: Column) -> Iterator[Fault]:
    for option, shapes in _FITTING.items():
        if option in it.model_fields_set and field.field.shape not in shapes:
            yield Fault(f"{where}.{option}", f"says nothing of {it.field}", f"not there; it is for {', '.join(shapes)}")
    if it.optional and field.pattern == "external_id":
        yield Fault(
            f"{where}.optional", "lets the file lack external_id", "false: without it rows cannot be told apart"
        )


def _unknown(where: str, mapping: Mapping, name: str) -> Fault:
    return Fault(where, f"is no field of {mapping.feed}: {name!r}", suggestion(mapping.feed, name))


def _missing(mapping: Mapping, told: set[str]) -> Iterator[Fault]:
    for name in FIELDS[mapping.feed]:
        if name not in told and required(mapping, name):
            yield Fault("columns", f"has no column for {name}", f"a column, as {{...: {name}}}, or a constant")
    for name in sorted(told):
        whole = name.removesuffix(".at")
        if whole != name and name.startswith("consent.") and whole not in told:
            yield Fault("columns", f"has {name} without {whole}", f"a column for {whole}")
