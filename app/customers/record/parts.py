"""Changing the parts of a customer's record. Each change names the version that was read (None: whatever it is) and
raises it; the caller's session commits. All raise CustomerNotFound,
CustomerMerged and VersionConflict, and SourceClaimed or SourceNotOfKey where what is new or different is of a source
that `claims` lacks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.instants import CLOCKS_DIFFER
from app.core.wire import fault
from app.customers.cards import without_card_numbers
from app.customers.errors import ConsentUnfit, NoteNotFound, NoteUnfit, OtherIdTaken, TieUnfit, WarningOfAnother
from app.customers.models import Customer
from app.customers.record.changing import Sources, claimed, raise_version, replace_parts
from app.customers.record.erased import ensure_not_erased, of_system
from app.customers.record_models import (
    CustomerAddress,
    CustomerConsent,
    CustomerEmail,
    CustomerExternalId,
    CustomerNote,
    CustomerTie,
)

MOST_PINNED = 10
LONGEST_PINNED = 500
"""How many pinned notes of a customer may hold at a time, and how many characters each may have."""


class _Sourced(msgspec.Struct, frozen=True, kw_only=True):
    source: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class GivenEmail(_Sourced, frozen=True, kw_only=True):
    """An e-mail address and what it is (work, private, ...)."""

    address: str
    kind: str | None = None


class GivenAddress(_Sourced, frozen=True, kw_only=True):
    """A postal address; `lines` is street and house as they are written there, `country` an ISO 3166 code."""

    lines: str
    kind: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class GivenTie(_Sourced, frozen=True, kw_only=True):
    """That the customer is the `kind` of another: spouse, employee, owner, household, ..."""

    other_id: UUID
    kind: str


class GivenExternalId(msgspec.Struct, frozen=True, kw_only=True):
    """By what id a system knows the customer."""

    system: str
    external_id: str


class GivenConsent(msgspec.Struct, frozen=True, kw_only=True):
    """That a channel (voice, sms, email, post, ...) was allowed or forbidden at an instant, and how that is known."""

    channel: str
    given: bool
    at: datetime
    origin: str


class GivenNote(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody writes; a `pinned` note is a warning, until then if there is an end to it. Of a card number in the
    text only the last four digits are kept."""

    text: str
    pinned: bool = False
    until: datetime | None = None


class Writer(msgspec.Struct, frozen=True):
    """Who changes a note; whoever `oversees` the floor may change the warnings of others."""

    id: str
    oversees: bool = False


async def replace_emails(
    session: AsyncSession,
    customer_id: UUID,
    version: int | None,
    given: Sequence[GivenEmail],
    *,
    claims: Sources = None,
) -> Customer:
    """Let the customer have these e-mail addresses and no others; case is no difference."""
    customer = await claimed(session, customer_id, version)
    rows = [{**msgspec.structs.asdict(one), "address": one.address.lower()} for one in given]
    await replace_parts(session, customer, CustomerEmail, ("address",), rows, claims=claims)
    return await _fresh(session, customer)


async def replace_addresses(
    session: AsyncSession,
    customer_id: UUID,
    version: int | None,
    given: Sequence[GivenAddress],
    *,
    claims: Sources = None,
) -> Customer:
    """Let the customer have these postal addresses and no others."""
    customer = await claimed(session, customer_id, version)
    rows = [msgspec.structs.asdict(one) for one in given]
    await replace_parts(session, customer, CustomerAddress, ("lines", "city", "kind"), rows, claims=claims)
    return await _fresh(session, customer)


async def replace_external_ids(
    session: AsyncSession,
    customer_id: UUID,
    version: int | None,
    given: Sequence[GivenExternalId],
    *,
    claims: Sources = None,
) -> Customer:
    """Let other systems know the customer by these ids and no others. Raises OtherIdTaken, CustomerErased."""
    customer = await claimed(session, customer_id, version)
    wanted = [(one.system, one.external_id) for one in given]
    await ensure_not_erased(session, None, *((of_system(system), key) for system, key in wanted))
    place = tuple_(CustomerExternalId.system, CustomerExternalId.external_id)
    query = select(CustomerExternalId).where(place.in_(wanted), CustomerExternalId.customer_id != customer_id)
    taken = {(row.system, row.external_id): row.customer_id for row in await session.scalars(query)}
    if taken:
        raise OtherIdTaken([(wanted.index(pair), owner) for pair, owner in taken.items()])
    rows = [msgspec.structs.asdict(one) for one in given]
    key = ("system", "external_id")
    await replace_parts(session, customer, CustomerExternalId, key, rows, claims=claims, told_by="system")
    return await _fresh(session, customer)


async def replace_ties(
    session: AsyncSession, customer_id: UUID, version: int | None, given: Sequence[GivenTie], *, claims: Sources = None
) -> Customer:
    """Let the customer have these ties to others and no more. Raises TieUnfit."""
    customer = await claimed(session, customer_id, version)
    query = select(Customer.id).where(Customer.id.in_({one.other_id for one in given}))
    known = set(await session.scalars(query))
    faults = [
        fault(
            f"body.ties.{place}.other_id",
            "is the customer" if one.other_id == customer_id else "is nobody",
            "the id of another customer",
        )
        for place, one in enumerate(given)
        if one.other_id == customer_id or one.other_id not in known
    ]
    if faults:
        raise TieUnfit("A tie is between two customers.", faults=faults)
    rows = [msgspec.structs.asdict(one) for one in given]
    await replace_parts(session, customer, CustomerTie, ("other_id", "kind"), rows, claims=claims)
    return await _fresh(session, customer)


async def record_consent(session: AsyncSession, customer_id: UUID, given: GivenConsent, now: datetime) -> Customer:
    """Add what the customer has said of a channel; nothing said before is lost. Raises ConsentUnfit."""
    if given.at - now > CLOCKS_DIFFER:
        told = fault("body.at", "has not come yet", f"an instant up to now, {now.isoformat()}")
        raise ConsentUnfit("A consent cannot be of the future.", faults=[told])
    customer = await claimed(session, customer_id)
    await raise_version(session, customer)
    session.add(CustomerConsent(customer_id=customer_id, **msgspec.structs.asdict(given)))
    return await _fresh(session, customer)


async def write_note(session: AsyncSession, customer_id: UUID, given: GivenNote, by: str) -> CustomerNote:
    """Add a note of the user `by`. Raises NoteUnfit."""
    customer = await claimed(session, customer_id)
    given = _keepable(given)
    await _ensure_room(session, customer_id, given)
    await raise_version(session, customer)
    note = CustomerNote(customer_id=customer_id, written_by=by, **msgspec.structs.asdict(given))
    session.add(note)
    await session.flush()
    await session.refresh(note)
    return note


async def change_note(
    session: AsyncSession, customer_id: UUID, note_id: UUID, version: int | None, given: GivenNote, by: Writer
) -> CustomerNote:
    """Write a note anew, pin it or take the pin out. Raises NoteNotFound, NoteUnfit, WarningOfAnother."""
    customer = await claimed(session, customer_id, version)
    note = await _note(session, customer_id, note_id)
    given = _keepable(given)
    if any(getattr(note, name) != value for name, value in msgspec.structs.asdict(given).items()):
        _ensure_may(note, by)
        await _ensure_room(session, customer_id, given, note_id)
        await raise_version(session, customer)
        note.text, note.pinned, note.until = given.text, given.pinned, given.until
        note.changed_by, note.changed_at = by.id, func.now()
        await session.flush()
        await session.refresh(note)
    return note


async def remove_note(
    session: AsyncSession, customer_id: UUID, note_id: UUID, version: int | None, by: Writer
) -> Customer:
    """Take a note away; what it said stays among the versions. Raises NoteNotFound, WarningOfAnother."""
    customer = await claimed(session, customer_id, version)
    note = await _note(session, customer_id, note_id)
    _ensure_may(note, by)
    await raise_version(session, customer)
    await session.delete(note)
    return await _fresh(session, customer)


def _keepable(given: GivenNote) -> GivenNote:
    return msgspec.structs.replace(given, text=without_card_numbers(given.text))


async def _note(session: AsyncSession, customer_id: UUID, note_id: UUID) -> CustomerNote:
    found = await session.get(CustomerNote, note_id)
    if found is None or found.customer_id != customer_id:
        raise NoteNotFound(f"The customer has no note {note_id}.", id=str(note_id))
    return found


def _ensure_may(note: CustomerNote, by: Writer) -> None:
    if note.pinned and note.written_by != by.id and not by.oversees:
        raise WarningOfAnother(note.written_by)


async def _ensure_room(
    session: AsyncSession, customer_id: UUID, given: GivenNote, instead_of: UUID | None = None
) -> None:
    """Warnings are read in the first seconds of a call: they are short, and few hold at a time."""
    if not given.pinned:
        return
    if len(given.text) > LONGEST_PINNED:
        told = fault("body.text", f"has {len(given.text)} characters", f"at most {LONGEST_PINNED} in a pinned note")
        raise NoteUnfit("A pinned note is a warning to be read at a glance: it is too long.", faults=[told])
    notes = CustomerNote
    query = select(notes.id).where(notes.customer_id == customer_id, notes.pinned)
    holding = set(await session.scalars(query.where(or_(notes.until.is_(None), notes.until > func.now()))))
    if len(holding - {instead_of}) >= MOST_PINNED:
        told = fault("body.pinned", f"would be one more than {MOST_PINNED}", f"at most {MOST_PINNED} at a time")
        raise NoteUnfit("The customer has as many pinned notes as anybody reads: take one out first.", faults=[told])


async def _fresh(session: AsyncSession, customer: Customer) -> Customer:
    await session.flush()
    await session.refresh(customer)
    return customer
