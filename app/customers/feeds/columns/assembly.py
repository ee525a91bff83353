"""From the values of a row's columns to its record. Pure.

What a file has is known when its header is: which value is which field, and what is made of several. The row itself
only picks. This runs for each of millions of rows, so it is all tuples and functions made once.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from app.customers.feeds.columns import amounts
from app.customers.feeds.columns.fields import IN_ORDER, RECORDS, Kind, Named
from app.customers.feeds.columns.records import Address, Consent, Row
from app.customers.feeds.formats.cells import Unfit

Values = list[Any]
Make = Callable[[Values], Any]
IN_ADDRESS = Address.__struct_fields__[1:]
NO_ADDRESS = (None,) * len(IN_ADDRESS)


class Part(NamedTuple):
    """A field with the place of its value among the values of a row; `currency` is that of its column."""

    place: int
    field: Named
    currency: str | None = None


def builder(kind: Kind, parts: Sequence[Part], nothing: int, currency: str | None) -> Callable[[Values], Row]:
    """What makes the record of a row from its values, at whose place `nothing` is None. It raises Unfit for values that
    do not fit together, with the place of one of them."""
    record = RECORDS[kind]
    names = [*record.__struct_fields__]
    made = {name: make for name in names if (make := _maker(name, parts, nothing, currency)) is not None}
    single = {part.field.name: part.place for part in parts if not part.field.field.group}
    in_order = _ordered(kind, single)
    # behind the last field that the feed tells a record has its own defaults
    count = max(2, *(names.index(name) + 1 for name in (*single, *made) if name in names))
    pick = itemgetter(*(single.get(name, nothing) for name in names[:count]))
    later = [(names.index(name), make) for name, make in made.items()]
    defaults = [
        (place, default)
        for place, (name, default) in enumerate(zip(names, _defaults(record), strict=True))
        if place < count and name not in made and name not in single and default is not None
    ]

    def build(values: Values) -> Any:
        row = list(pick(values))
        for place, default in defaults:
            row[place] = default
        for place, make in later:
            row[place] = make(values)
        if in_order is not None:
            in_order(values)
        return record(*row)

    return build


def _defaults(record: Any) -> list[Any]:
    required = len(record.__struct_fields__) - len(record.__struct_defaults__)
    return [None] * required + [
        () if each == () else {} if _is_mapping(each) else each for each in record.__struct_defaults__
    ]


def _is_mapping(default: Any) -> bool:
    return getattr(default, "factory", None) is dict


def _maker(name: str, parts: Sequence[Part], nothing: int, currency: str | None) -> Make | None:
    """What makes a field of several values; None for a field that is one value, or that no column tells."""
    of_group = [part for part in parts if part.field.field.group == name]
    if of_group:
        return _GROUPS[name](of_group, nothing)
    for part in parts:
        if part.field.name == name and part.field.field.shape == "money":
            codes = [each.place for each in parts if each.field.name == "currency"]
            return _money(part.place, codes[0] if codes else None, part.currency or currency)
    return None


def _all_of(parts: Sequence[Part], _: int) -> Make:
    places = [part.place for part in parts]
    if len(places) == 1:
        (only,) = places

        def one(values: Values) -> Any:
            return () if values[only] is None else (values[only],)

        return one

    def several(values: Values) -> Any:
        return tuple([values[place] for place in places if values[place] is not None])

    return several


def _by_label(parts: Sequence[Part], _: int) -> Make:
    labelled = [(str(part.field.label), part.place) for part in parts]

    def make(values: Values) -> Any:
        return {label: values[place] for label, place in labelled if values[place] is not None}

    return make


def _addresses(parts: Sequence[Part], nothing: int) -> Make:
    places: dict[str, list[int]] = {}
    for part in parts:
        of_label = places.setdefault(str(part.field.label), [nothing] * len(IN_ADDRESS))
        of_label[IN_ADDRESS.index(part.field.pattern.rpartition(".")[2])] = part.place
    picks = [(label, itemgetter(*of_label)) for label, of_label in places.items()]

    def make(values: Values) -> Any:
        found = []
        for label, pick in picks:
            lines = pick(values)
            if lines != NO_ADDRESS:
                found.append(Address(label, *lines))
        return tuple(found)

    return make


def _consents(parts: Sequence[Part], _: int) -> Make:
    at = {part.field.label: part.place for part in parts if part.field.pattern.endswith(".at")}
    given = [
        (str(part.field.label), part.place, at.get(part.field.label))
        for part in parts
        if not part.field.pattern.endswith(".at")
    ]

    def make(values: Values) -> Any:
        return tuple(
            Consent(channel, values[place], None if when is None else values[when])
            for channel, place, when in given
            if values[place] is not None
        )

    return make


def _money(place: int, code: int | None, otherwise: str | None) -> Make:
    def make(values: Values) -> Any:
        amount = values[place]
        if amount is None:
            return None
        try:
            return amounts.money(amount, (None if code is None else values[code]) or otherwise)
        except Unfit as error:
            error.place = place
            raise

    return make


def _ordered(kind: Kind, single: dict[str, int]) -> Callable[[Values], None] | None:
    pair = IN_ORDER[kind]
    if pair is None or not single.keys() >= set(pair):
        return None
    first, second = single[pair[0]], single[pair[1]]

    def check(values: Values) -> None:
        if values[first] is not None and values[second] is not None and values[second] < values[first]:
            raise Unfit("order", f"is before {pair[0]}", f"{values[first]} or later", second)

    return check


_GROUPS: dict[str, Callable[[Sequence[Part], int], Make]] = {
    "phones": _all_of,
    "emails": _all_of,
    "addresses": _addresses,
    "consents": _consents,
    "other_ids": _by_label,
    "attributes": _by_label,
    "allowances": _by_label,
}
