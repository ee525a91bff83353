"""From checked rows of usage to events. Pure."""

from datetime import datetime
from typing import Any

import msgspec

from app.core.errors import Invalid
from app.core.wire import read
from app.customers.feeds.columns.amounts import exponent
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import UsageRow
from app.customers.feeds.tables.customer_rows import plain
from app.customers.usage.given import GivenEvent, event_faults

_COLUMNS = {"id": "external_id", "external_id": "customer"}
"""What is called otherwise in a feed."""


def event_of(row: UsageRow, received_at: datetime) -> GivenEvent | CellFault:
    """The event of a row that came at `received_at`, or what is wrong with it."""
    amount, details = row.amount, _details(row)
    given: dict[str, Any] = {"id": row.external_id, "kind": row.kind, "at": row.at, "external_id": row.customer}
    if amount is not None:
        given["value"] = amount.minor / 10 ** exponent(amount.currency)
    elif row.quantity is not None:
        given["value"] = float(row.quantity)
    if details:
        given["details"] = details
    try:
        event = read(given, GivenEvent)
    except Invalid as error:
        return _fault(row, error.facts["faults"][0])
    wrong = next(event_faults(event, received_at), None)
    return event if wrong is None else _fault(row, wrong)


def unknown(row: UsageRow) -> CellFault:
    """That nobody is known by the id that a row names."""
    return CellFault("unknown", "customer", f"{row.customer!r} is no customer", "the id of a known customer")


def _details(row: UsageRow) -> dict[str, Any]:
    found = {name: plain(value) for name, value in row.attributes.items()} if row.attributes else {}
    if row.holding is not None:
        found["holding"] = row.holding
    if row.channel is not None:
        found["channel"] = row.channel
    if row.quantity is not None:
        found["quantity"] = plain(row.quantity)
    if row.amount is not None:
        found["amount"] = msgspec.to_builtins(row.amount)
    return found


def _fault(row: UsageRow, wrong: dict[str, str]) -> CellFault:
    where = wrong["where"]
    if where == "value":
        where = "quantity" if row.amount is None else "amount"
    return CellFault("usage", _COLUMNS.get(where, where), wrong["what"], wrong["accepted"])
