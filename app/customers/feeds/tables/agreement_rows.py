"""From checked rows of agreements to what is kept of them. Pure.

Each field is a clause, whose id is the field's name. A feed replaces the clauses of the fields that it tells; those of
other fields, and those that people have added, stay.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.customers.agreements.clauses import (
    Allowance,
    Channels,
    Clause,
    FeeWaiver,
    FieldVisits,
    NamedManager,
    ResolutionTime,
    ResponseTime,
    ServiceHours,
    records,
)
from app.customers.cards import card_numbers_in, is_issued
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.columns.records import AgreementRow
from app.customers.feeds.tables.customer_rows import plain

COLUMNS = {
    "plan": "product",
    "title": "name",
    "status": "status",
    "time_zone": "time_zone",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
    "covers": "covers",
}
"""The fields of feeds that are columns of agreements; all others are clauses and details."""

BINDING = ("active", "suspended")
PLAN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LONGEST = 366 * 86_400
MOST = 1_000_000
_NEVER_NOTHING = ("product", "status", "time_zone", "valid_from")
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


class Hours(NamedTuple):
    """Business hours that a row may name: their time zone, the hours by weekday, and the dates without any."""

    time_zone: str
    weekly: Mapping[str, Any]
    closed_on: Sequence[str]


class Terms(NamedTuple):
    """What is kept of an agreement, as its columns are."""

    product: str
    name: str | None
    status: str
    time_zone: str
    valid_from: date
    valid_until: date | None
    covers: list[str]
    clauses: list[dict[str, Any]]
    details: dict[str, Any] | None


class Held(NamedTuple):
    """An agreement that is there: whose it is, who else than its source has changed it, and its terms."""

    id: UUID
    customer_id: UUID
    held_by: str | None
    terms: Terms


class Span(NamedTuple):
    """From when to when an agreement binds; `number` is that of the row that tells it, None where none does."""

    id: UUID
    customer_id: UUID
    product: str
    valid_from: date
    valid_until: date | None
    number: int | None = None


def terms_of(
    row: AgreementRow, held: Terms | None, told: frozenset[str], hours: Mapping[str, Hours]
) -> Terms | CellFault:
    """What a row makes of an agreement, or what is wrong with it."""
    kept = hours.get(row.hours) if row.hours is not None else None
    if row.hours is not None and kept is None:
        return CellFault("unknown", "hours", f"{row.hours!r} are no business hours", ", ".join(sorted(hours)) or "none")
    values = {} if held is None else held._asdict()
    for field, column in COLUMNS.items():
        value = getattr(row, field)
        if field in told and not (value is None and column in _NEVER_NOTHING):
            values[column] = value
    if kept is not None and row.time_zone is None:
        values["time_zone"] = kept.time_zone
    wrong = _beyond(row, values)
    if wrong is not None:
        return wrong
    old = [] if held is None else [each for each in held.clauses if not _told(each["id"], told)]
    new = [clause for clause in _clauses(row, kept) if _told(clause.id, told)]
    values["clauses"] = [*records(new), *old]
    details = {} if held is None else {k: v for k, v in (held.details or {}).items() if f"attribute.{k}" not in told}
    details |= {name: plain(value) for name, value in row.attributes.items()}
    values |= {"details": details or None, "covers": list(values.get("covers") or ())}
    return Terms(**{"name": None, "status": "active", "valid_until": None, **values})


def clashes(spans: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """The pairs of agreements of a customer for one product that bind at the same time, in each the later row first;
    of those that are there already neither is told."""
    groups: dict[tuple[UUID, str], list[Span]] = defaultdict(list)
    for span in spans:
        groups[span.customer_id, span.product].append(span)
    for group in groups.values():
        last: Span | None = None
        for span in sorted(group, key=lambda each: each.valid_from):
            if last is not None and span.valid_from <= _end(last):
                later, other = (span, last) if (span.number or 0) >= (last.number or 0) else (last, span)
                if later.number is not None:
                    yield later, other
            last = span if last is None or _end(span) > _end(last) else last


def overlap(other: Span) -> CellFault:
    """That an agreement binds at the same time as another one."""
    until = other.valid_until or "further notice"
    what = f"overlaps one for {other.product!r} from {other.valid_from} until {until}"
    return CellFault("overlap", "valid_from", what, "one agreement for a plan at a time")


def _end(span: Span) -> date:
    return span.valid_until or date.max


def _beyond(row: AgreementRow, values: Mapping[str, Any]) -> CellFault | None:
    """What cannot be kept as an agreement, whatever else it has."""
    if values.get("time_zone") is None:
        return CellFault("missing", "time_zone", "is not told", "a time zone such as Asia/Shanghai, or hours")
    if not PLAN.fullmatch(values["product"]):
        accepted = "1 to 64 of a-z, 0-9, . _ and -; the mapping's values may say what others stand for"
        return CellFault("agreement", "plan", f"{values['product']!r} is no name of a plan", accepted)
    for name in ("response", "resolution"):
        seconds = getattr(row, name)
        if seconds is not None and not 0 < seconds <= LONGEST:
            return CellFault("agreement", name, "is no time to keep", "from a second to a year")
    for name, count in (("visits", row.visits), *((f"allowance.{of}", each) for of, each in row.allowances.items())):
        if (count or 0) > MOST:
            return CellFault("agreement", name, "is too many", f"at most {MOST}")
    attributes = {name: plain(value) for name, value in row.attributes.items()}
    place = next(card_numbers_in(attributes, "attribute", is_issued), None)
    if place is not None:
        return CellFault("agreement", place, "holds a whole card number", "only its last four digits")
    return None


def _told(clause: str, told: frozenset[str]) -> bool:
    """Whether a clause is one of a field that the feed tells."""
    return clause in told or (clause.startswith("waivers.") and "waivers" in told)


def _clauses(row: AgreementRow, hours: Hours | None) -> Iterator[Clause]:
    """The clauses that the fields of a row come to."""
    counted: Any = row.counted or "always"
    per: Any = row.per or "year"
    if hours is not None:
        weekly = {"weekly": hours.weekly, "closed_on": hours.closed_on}
        yield msgspec.convert(
            {"kind": "service_hours", "id": "hours", "text": f"served in the hours {row.hours}", **weekly}, ServiceHours
        )
    if row.channels:
        yield Channels(id="channels", text=f"served by {', '.join(row.channels)}", channels=row.channels)
    if row.response is not None:
        text = f"an answer within {_words(row.response)}"
        yield ResponseTime(id="response", text=text, seconds=row.response, counted=counted)
    if row.resolution is not None:
        text = f"settled within {_words(row.resolution)}"
        yield ResolutionTime(id="resolution", text=text, seconds=row.resolution, counted=counted)
    if row.manager is not None:
        yield NamedManager(id="manager", text=f"{row.manager} is told", manager=row.manager)
    if row.visits:
        yield FieldVisits(id="visits", text=f"{row.visits} visits a {per}", count=row.visits, per=per)
    for fee in row.waivers or ():
        yield FeeWaiver(id=f"waivers.{fee[:32]}", text=f"no {fee}", fee=fee)
    for of, count in row.allowances.items():
        if count:
            yield Allowance(id=f"allowance.{of}", text=f"{count} {of} a {per}", of=of, count=count, per=per)


def _words(seconds: int) -> str:
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def binding(terms: Terms) -> bool:
    """Whether an agreement keeps others for the same product away."""
    return terms.status in BINDING


def closed_dates(exceptions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The dates of business hours without any hours."""
    return [each["date"] for each in exceptions if not each.get("open")]
