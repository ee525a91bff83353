"""From checked rows of holdings to the rows of their table."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.customers.cards import last_four
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import HoldingRow, Money
from app.customers.feeds.tables.customer_rows import plain
from app.customers.record.holdings import GivenHolding, holding_faults

COLUMNS = {
    "kind": "kind",
    "name": "name",
    "status": "status",
    "number": "last_four",
    "opened": "opened_on",
    "closed": "closed_on",
}
"""The fields of feeds that are columns of holdings; all others are details."""

DETAILS = ("product", "balance", "limit")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Held(NamedTuple):
    """A holding that is there, and whose it is."""

    id: UUID
    customer_id: UUID
    kind: str


def details_of(row: HoldingRow) -> dict[str, Any]:
    """What is told of a holding beyond its columns; amounts in the smallest unit of their currency."""
    found = {name: plain(value) for name, value in row.attributes.items()}
    for name in DETAILS:
        value = getattr(row, name)
        if value is not None:
            found[name] = msgspec.to_builtins(value) if isinstance(value, Money) else value
    return found


def detail_names(told: Iterable[str]) -> list[str]:
    """The details that a feed tells."""
    return sorted(name.removeprefix("attribute.") for name in told if name.startswith("attribute.") or name in DETAILS)


def values_of(row: HoldingRow) -> tuple[Any, ...]:
    """The columns of a holding, in the order of COLUMNS, and its details as JSON; of a number what may be kept."""
    four = None if row.number is None else last_four(row.number)
    return row.kind, row.name, row.status, four, row.opened, row.closed, _encode(details_of(row)).decode()


def fault_of(row: HoldingRow, held: Held | None, owner: UUID | None, source: str, only_known: bool) -> CellFault | None:
    """What is wrong with a row, knowing the holding and the customer that it names."""
    if row.customer is not None and owner is None:
        return CellFault("unknown", "customer", f"{row.customer!r} is no customer", "the id of a known customer")
    if held is None and (only_known or owner is None):
        return CellFault(
            "unknown", "", f"{row.external_id!r} is no holding", f"the id of a holding that {source} has told"
        )
    if held is not None and owner is not None and held.customer_id != owner:
        return CellFault("taken", "customer", f"{row.external_id!r} is of another customer", "the customer who has it")
    kind = row.kind or (held.kind if held else "")
    given = GivenHolding(kind=kind, name=row.name, status=row.status, number=row.number, details=details_of(row))
    wrong = holding_faults(row.external_id, given)
    if wrong:
        return CellFault("holding", wrong[0]["where"].removeprefix("body."), wrong[0]["what"], wrong[0]["accepted"])
    return None
