"""Usage events as other systems send them: reading a batch, each fault by its line, and when an event counts. Pure.

A batch is NDJSON or one JSON array. A faulty event costs itself and no other.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta

from app.core.errors import Invalid
from app.core.instants import CLOCKS_DIFFER
from app.core.wire import fault, load, read
from app.customers.cards import UUID_FORM, card_numbers_in, card_spans, without_card_numbers

OLDEST = timedelta(days=731)
"""What is older is refused: no rule looks back that far."""

LAST_YEAR = 9998
MOST_EVENTS = 10_000
MOST_DETAILS = 4_096
LONGEST_ID = 200
LARGEST = 1e15

KIND = r"^[a-z0-9][a-z0-9._-]{0,63}\Z"

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description=f"an id of 1 to {LONGEST_ID} characters",
    ),
]
Kind = Annotated[str, Meta(pattern=KIND, description="a kind in a-z, 0-9, . _ and -, e.g. card.used")]
Instant = Annotated[datetime, Meta(tz=True, description="an instant as RFC 3339, with its offset from UTC")]
Value = Annotated[float, Meta(ge=-LARGEST, le=LARGEST, description="a number between -1e15 and 1e15")]


class GivenEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event: id, kind, at, customer_id or external_id (with system), value, details.

    `id` is its own in the system that tells it: what comes again under it counts once. `external_id` is that of the
    leading system or of the one that tells (with `system`: of that one). `value` is what is summed, averaged and
    followed: an amount, a balance.
    """

    id: Id
    kind: Kind
    at: Instant
    customer_id: UUID | None = None
    external_id: Id | None = None
    system: Kind | None = None
    value: Value | None = None
    details: dict[str, Any] | None = None


class Refused(msgspec.Struct, frozen=True):
    """An event that was not taken: its line (from 1; in an array its place), its id if that can be told, and why."""

    line: int
    id: str | None
    faults: list[dict[str, str]]


class Batch(NamedTuple):
    """Events with their lines, and those that are none."""

    events: Sequence[tuple[int, GivenEvent]]
    refused: Sequence[Refused]


class Counted(NamedTuple):
    """When an event counts, and whether its clock was so far ahead that this had to be corrected."""

    counts_at: datetime
    ahead: bool


_DECODER = msgspec.json.Decoder(GivenEvent)
_LIST = msgspec.json.Decoder(list[GivenEvent])


def read_batch(body: bytes, received_at: datetime) -> Batch:
    """The events of a body. Raises Invalid where it holds none at all, or more than MOST_EVENTS."""
    body = body.removeprefix(b"\xef\xbb\xbf").rstrip()
    if body.lstrip().startswith(b"["):  # of lines also those count that are empty, as the sender counts them
        body = body.lstrip()
    batch = _quickly(body) or _slowly(body)
    found = len(batch.events) + len(batch.refused)
    if not 0 < found <= MOST_EVENTS:
        told = fault("body", f"holds {found} events", f"1 to {MOST_EVENTS} events, one a line or as a JSON array")
        raise Invalid(f"The batch holds {found} events.", faults=[told])
    good, refused = [], list(batch.refused)
    for line, event in batch.events:
        faults = list(event_faults(event, received_at))
        if faults:
            refused.append(Refused(line, _told(event.id), faults))
        else:
            good.append((line, event))
    return Batch(good, sorted(refused, key=lambda each: each.line))


def counted(at: datetime, received_at: datetime) -> Counted:
    """When an event of `at` counts: never in the future, else no window would see it until then."""
    return Counted(min(at, received_at), at - received_at > CLOCKS_DIFFER)


def _quickly(body: bytes) -> Batch | None:
    """All at once, where nothing is wrong with any of them."""
    if b"\\u0000" in body:
        return None
    try:
        if body.startswith(b"["):
            return Batch(list(enumerate(_LIST.decode(body), 1)), ())
        lines = [(place, line) for place, line in enumerate(body.splitlines(), 1) if line.strip()]
        return Batch([(place, _DECODER.decode(line)) for place, line in lines], ())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _slowly(body: bytes) -> Batch:
    events: list[tuple[int, GivenEvent]] = []
    refused: list[Refused] = []
    for place, value in _values(body):
        known = value.get("id") if isinstance(value, dict) else None
        try:
            events.append((place, read(value if not isinstance(value, Invalid) else _raised(value), GivenEvent)))
        except Invalid as error:
            told = _told(known) if isinstance(known, str) else None
            refused.append(Refused(place, told, error.facts["faults"]))
    return Batch(events, refused)


def _told(known: str) -> str:
    """An id as its sender is told of it: without card numbers, and no longer than one may be."""
    return without_card_numbers(known[: 10 * LONGEST_ID])[:LONGEST_ID]


def _values(body: bytes) -> Iterator[tuple[int, Any]]:
    """Each value with its place; instead of one that is no JSON, what is wrong with it."""
    if body.startswith(b"["):
        whole = load(body)
        yield from enumerate(whole if isinstance(whole, list) else [whole], 1)
        return
    for place, line in enumerate(body.splitlines(), 1):
        if line.strip():
            try:
                yield place, load(line)
            except Invalid as error:
                yield place, error


def _raised(error: Invalid) -> Any:
    raise error


def event_faults(event: GivenEvent, received_at: datetime) -> Iterator[dict[str, str]]:
    """What is wrong with an event of the right form that came at `received_at`."""
    if (event.customer_id is None) == (event.external_id is None):
        yield fault("customer_id", "or external_id must say who it was, and not both", "one of the two")
    if event.system is not None and event.external_id is None:
        yield fault("system", "says whose external_id it is, and there is none", "a system with external_id only")
    if received_at - event.at > OLDEST:
        oldest = (received_at - OLDEST).isoformat(timespec="seconds")
        yield fault("at", f"is {event.at.isoformat()}, longer ago than any rule looks", f"{oldest} or later")
    if event.at.year > LAST_YEAR:
        yield fault("at", f"is of the year {event.at.year}", f"an instant up to {LAST_YEAR}")
    too_large = bool(event.details) and len(msgspec.json.encode(event.details)) > MOST_DETAILS
    if too_large:
        yield fault("details", "are too large", f"at most {MOST_DETAILS} bytes as JSON")
    yield from _card_faults(event, None if too_large else event.details)


def _card_faults(event: GivenEvent, details: dict[str, Any] | None) -> Iterator[dict[str, str]]:
    """Of ids many are long numbers, so there only what cards are issued with counts as one."""
    for where, text in (("id", event.id), ("kind", event.kind)):
        if not UUID_FORM.fullmatch(text) and any(card_spans(text)):
            yield fault(where, "holds a whole card number", "only its last four digits")
    if details:
        for where in card_numbers_in(details, "details"):
            yield fault(where, "holds a whole card number", "only its last four digits")
