"""Which fields a row of each kind may have, and what each holds. Pure.

A `*` stands for a name that the mapping gives: `phone.*` is `phone.mobile`, `phone.home`, ...
"""

import difflib
import re
from typing import Literal, NamedTuple

import msgspec

from app.customers.feeds.columns.records import AgreementRow, CustomerRow, HoldingRow, UsageRow

Kind = Literal["customers", "holdings", "usage", "agreements"]
Shape = (
    Literal[
        "id", "text", "long", "phone", "email", "date", "instant", "money", "currency", "number", "count", "seconds"
    ]
    | Literal["flag", "language", "country", "list", "choice", "any"]
)

LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Field(NamedTuple):
    """What a field holds. `group` is the field of the row that it is a part of, if it is no field by itself."""

    shape: Shape
    group: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


class Named(NamedTuple):
    """A field as a mapping names it, with what stands in the place of the `*`."""

    name: str
    pattern: str
    label: str | None
    field: Field


CHANNELS = ("voice", "sms", "email", "chat", "post", "push")
_ATTRIBUTES = {"attribute.*": Field("any", "attributes")}
_CUSTOMERS = {
    "external_id": Field("id", required=True),
    "name": Field("text", required=True),
    "latin_name": Field("text"),
    "kind": Field("choice", choices=("person", "company")),
    "language": Field("language"),
    "tier": Field("id"),
    "manager": Field("id"),
    "relationship_manager": Field("text"),
    "birth_date": Field("date"),
    "household": Field("id"),
    "company": Field("id"),
    "segments": Field("list"),
    "active": Field("flag"),
    "phone": Field("phone", "phones"),
    "phone.*": Field("phone", "phones"),
    "email": Field("email", "emails"),
    "email.*": Field("email", "emails"),
    "address.*.street": Field("long", "addresses"),
    "address.*.city": Field("text", "addresses"),
    "address.*.region": Field("text", "addresses"),
    "address.*.postcode": Field("id", "addresses"),
    "address.*.country": Field("country", "addresses"),
    "consent.*": Field("flag", "consents", choices=CHANNELS),
    "consent.*.at": Field("instant", "consents", choices=CHANNELS),
    "id.*": Field("id", "other_ids"),
    **_ATTRIBUTES,
}
_HOLDINGS = {
    "external_id": Field("id", required=True),
    "customer": Field("id", required=True),
    "kind": Field("choice", required=True, choices=("account", "card", "loan", "fund", "insurance")),
    "product": Field("text"),
    "name": Field("text"),
    "number": Field("id"),
    "status": Field("text"),
    "opened": Field("date"),
    "closed": Field("date"),
    "currency": Field("currency", "currency"),
    "balance": Field("money"),
    "limit": Field("money"),
    **_ATTRIBUTES,
}
_USAGE = {
    "external_id": Field("id", required=True),
    "customer": Field("id", required=True),
    "kind": Field("id", required=True),
    "at": Field("instant", required=True),
    "holding": Field("id"),
    "channel": Field("text"),
    "quantity": Field("number"),
    "currency": Field("currency", "currency"),
    "amount": Field("money"),
    **_ATTRIBUTES,
}
_AGREEMENTS = {
    "external_id": Field("id", required=True),
    "customer": Field("id", required=True),
    "plan": Field("text", required=True),
    "title": Field("text"),
    "valid_from": Field("date", required=True),
    "valid_until": Field("date"),
    "status": Field("choice", choices=("draft", "active", "suspended", "ended")),
    "time_zone": Field("id"),
    "covers": Field("list"),
    "hours": Field("id"),
    "channels": Field("list", choices=CHANNELS),
    "response": Field("seconds"),
    "resolution": Field("seconds"),
    "counted": Field("choice", choices=("always", "service_hours")),
    "manager": Field("id"),
    "per": Field("choice", choices=("month", "quarter", "year")),
    "visits": Field("count"),
    "waivers": Field("list"),
    "allowance.*": Field("count", "allowances"),
    **_ATTRIBUTES,
}
FIELDS: dict[Kind, dict[str, Field]] = {
    "customers": _CUSTOMERS,
    "holdings": _HOLDINGS,
    "usage": _USAGE,
    "agreements": _AGREEMENTS,
}
RECORDS: dict[Kind, type[msgspec.Struct]] = {
    "customers": CustomerRow,
    "holdings": HoldingRow,
    "usage": UsageRow,
    "agreements": AgreementRow,
}
IN_ORDER: dict[Kind, tuple[str, str] | None] = {
    "customers": None,
    "holdings": ("opened", "closed"),
    "usage": None,
    "agreements": ("valid_from", "valid_until"),
}
"""Two fields of which the second is not before the first."""


def named(kind: Kind, name: str) -> Named | None:
    """The field that a mapping names; None where there is none of that name."""
    fields = FIELDS[kind]
    if name in fields and "*" not in name:
        return Named(name, name, None, fields[name])
    first, _, rest = name.partition(".")
    label, _, part = rest.partition(".")
    pattern = f"{first}.*.{part}" if part else f"{first}.*"
    field = fields.get(pattern)
    if field is None or not LABEL.fullmatch(label):
        return None
    if field.group == "consents" and label not in field.choices:
        return None
    return Named(name, pattern, label, field)


def suggestion(kind: Kind, name: str) -> str:
    """What a mapping may have meant by a name that no field has."""
    first, _, rest = name.partition(".")
    if first == "consent" and rest:
        return "consent and one of " + ", ".join(CHANNELS)
    close = difflib.get_close_matches(name, FIELDS[kind], n=1, cutoff=0.7)
    return f"{close[0]}?" if close else ", ".join(FIELDS[kind])
