"""From checked rows of customers to the rows of their tables. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.core.instants import CLOCKS_DIFFER
from app.core.tabbed import NULL, cell, texts, words
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import CustomerRow, Phone
from app.customers.names.search import unsorted_tokens
from app.customers.numbers import extension_of
from app.customers.record.attributes import Definition, faults_of

AS_ATTRIBUTES = ("birth_date", "household", "company")
"""Fields that are kept as attributes of the same name."""

NEW_COLUMNS = (
    *("id", "external_id", "name", "latin_name", "tier_id", "language", "preferred_agent", "kind"),
    *("relationship_manager", "segments", "active", "attributes", "search", "fed"),
)
KNOWN_COLUMNS = tuple(name for name in NEW_COLUMNS if name not in ("external_id", "search"))
FIRST = 1
"""The version of a new customer."""
_MAY_HAVE_EXTENSION = re.compile("[^0-9+ ()./-]").search
_encode = msgspec.json.Encoder(decimal_format="number").encode

Row = tuple[Any, ...]


class Identified(NamedTuple):
    """A row of the feed with its number in the file, the id of its customer, and the hash of what it says."""

    number: int
    id: UUID
    row: CustomerRow
    said: int


def hasher(told: Iterable[str]) -> Callable[[CustomerRow], int]:
    """What makes a hash (64 bits, signed) of all that a row says, where a feed tells these fields."""
    seed = hashlib.blake2b(msgspec.json.encode(sorted(told)), digest_size=8)
    pack = msgspec.msgpack.Encoder(decimal_format="string").encode

    def said(row: CustomerRow) -> int:
        found = seed.copy()
        found.update(pack(row))
        return int.from_bytes(found.digest(), signed=True)

    return said


def new_line(it: Identified, *, named: bool) -> str:
    """The columns of a customer who was not known, as COPY reads them; what the names are found by only if they are to
    be `named` now."""
    row = it.row
    name, latin, json = row.name or row.external_id, row.latin_name, _json(row)
    return (
        f"{it.id}\t{cell(row.external_id)}\t{cell(name)}\t{cell(latin)}\t{cell(row.tier)}\t{cell(row.language)}\t"
        f"{cell(row.manager)}\t{row.kind or 'person'}\t{cell(row.relationship_manager)}\t"
        f"{texts(row.segments) if row.segments else '{}'}\t{'f' if row.active is False else 't'}\t"
        f"{cell(json) if len(json) > 2 else json}\t{words(unsorted_tokens(name, latin) if named else None)}\t"
        f"{it.said ^ FIRST}"
    )


def known_row(it: Identified) -> Row:
    """The columns of a known customer; None of a name or a kind, which nobody can lack, leaves it."""
    row = it.row
    return (
        *(it.id, row.name, row.latin_name, row.tier, row.language, row.manager, row.kind),
        *(row.relationship_manager, row.segments or (), row.active is not False, _json(row), it.said),
    )


def attributes_of(row: CustomerRow) -> dict[str, Any]:
    """The attributes that a row gives, as JSON has them; what is empty is left out."""
    found = {name: plain(value) for name, value in row.attributes.items()}
    for name in AS_ATTRIBUTES:
        value = getattr(row, name)
        if value is not None:
            found[name] = plain(value)
    return found


def attribute_names(told: Iterable[str]) -> list[str]:
    """The attributes that a feed tells."""
    return sorted(
        name.removeprefix("attribute.") for name in told if name.startswith("attribute.") or name in AS_ATTRIBUTES
    )


def row_fault(row: CustomerRow, declared: Sequence[Definition], now: datetime) -> CellFault | None:
    """What is wrong with a row by what its attributes may be, and by the clock."""
    for consent in row.consents:
        if consent.at is not None and consent.at - now > CLOCKS_DIFFER:
            return CellFault("future", f"consent.{consent.channel}.at", "has not come yet", "an instant up to now")
    if declared or row.attributes:
        wrong = faults_of(declared, attributes_of(row), "attribute")
        if wrong:
            return CellFault("attribute", wrong[0]["where"], wrong[0]["what"], wrong[0]["accepted"])
    return None


def number_rows(rows: Iterable[Identified]) -> list[Row]:
    """Numbers, of each customer each once however it is spelt."""
    return [(it.id, *number) for it in rows for number in _numbers(it.row.phones)]


def number_lines(rows: Iterable[Identified], source: str) -> Iterator[str]:
    """The numbers of customers who were not known, as COPY reads them."""
    ends: dict[str | None, str] = {}
    last = cell(source)
    for it in rows:
        customer = str(it.id)
        for raw, e164, label, extension in _numbers(it.row.phones):
            end = ends.get(label)
            if end is None:
                end = ends[label] = f"\t{cell(label)}\t{NULL}\t{last}"
            if extension is not None:
                end = f"\t{cell(label)}\t{extension}\t{last}"
            # a number in E.164 has nothing that COPY would take for something else
            yield f"{customer}\t{cell(raw)}\t{e164 or NULL}{end}"


def _numbers(phones: Sequence[Phone]) -> list[tuple[str, str | None, str | None, str | None]]:
    found = []
    held: list[tuple[str, str | None]] = []
    for phone in phones:
        raw, e164 = phone.raw, phone.e164
        extension = None if raw.isdigit() or not _MAY_HAVE_EXTENSION(raw) else extension_of(raw)
        key = (e164 or raw, extension)
        if key not in held:
            held.append(key)
            found.append((raw, e164, phone.label, extension))
    return found


def email_rows(rows: Iterable[Identified]) -> list[Row]:
    """E-mail addresses in lower case, of each customer each once."""
    found = []
    for it in rows:
        by_address = {one.address.lower(): one.label for one in reversed(it.row.emails)}
        found += [(it.id, address, label) for address, label in by_address.items()]
    return found


def address_rows(rows: Iterable[Identified]) -> list[Row]:
    """Postal addresses; the region is a line of its own."""
    return [
        (it.id, one.label, "\n".join(filter(None, (one.street, one.region))), one.city, one.postcode, one.country)
        for it in rows
        for one in it.row.addresses
    ]


def id_rows(rows: Iterable[Identified]) -> list[Row]:
    """Ids in other systems: the system, the id, whose it is."""
    return [(system, key, it.id) for it in rows for system, key in it.row.other_ids.items()]


def consent_rows(rows: Iterable[Identified]) -> list[Row]:
    """Consents, with the instant if the feed tells one."""
    return [(it.id, one.channel, one.given, one.at) for it in rows for one in it.row.consents]


def labels_of(told: Iterable[str], field: str) -> list[str]:
    """The labels of the parts that a feed tells: of `phone` and `phone.mobile` the empty one and mobile."""
    names = (name.split(".") for name in told)
    return sorted({parts[1] if len(parts) > 1 else "" for parts in names if parts[0] == field})


def _json(row: CustomerRow) -> str:
    return _encode(attributes_of(row)).decode() if row.attributes or _has_more(row) else "{}"


def _has_more(row: CustomerRow) -> bool:
    return row.birth_date is not None or row.household is not None or row.company is not None


def plain(value: Any) -> Any:
    """The value of an attribute as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
