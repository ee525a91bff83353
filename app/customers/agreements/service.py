"""Writing agreements, counting what is used of their allowances, doing what is due. Agreements are a part of the
customer's record: a change names the version that was read. The caller's session commits."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, TypeGuard
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.instants import CLOCKS_DIFFER
from app.core.wire import fault
from app.customers.agreement_models import Agreement, AllowanceUse, Due, Entitlement
from app.customers.agreements.clauses import CONTACTS, Clause, Counting, clauses_of, flaws, records, zone_known
from app.customers.agreements.errors import (
    AgreementInUse,
    AgreementNotFound,
    AgreementsOverlap,
    AgreementUnfit,
    DueDone,
    DueNotFound,
    NamesNoAllowance,
    UsedOutside,
)
from app.customers.cards import without_card_numbers
from app.customers.models import Customer
from app.customers.record.changing import claimed, raise_version
from app.db.engine import WriteSession

Status = Literal["draft", "active", "suspended", "ended"]
YEARS = range(1900, 9001)
BINDING = ("active", "suspended")
"""Of agreements with these there is one for a product at a time."""
UNBOUND = ("draft", "ended")


class GivenAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement as it is to be; the dates are both included, by the clocks of the time zone."""

    product: str
    time_zone: str
    valid_from: date
    valid_until: date | None = None
    name: str | None = None
    status: Status = "active"
    covers: tuple[str, ...] = ()
    clauses: tuple[Clause, ...]


class Use(msgspec.Struct, frozen=True):
    """A use that was counted: which of its period it is, of how many."""

    number: int
    count: int
    period: date


def agreement_faults(given: GivenAgreement) -> list[dict[str, str]]:
    """What is wrong with an agreement: where, what, and what would be right."""
    found = []
    if not zone_known(given.time_zone):
        found.append(
            fault("body.time_zone", "is not a time zone", "an IANA name such as Asia/Shanghai or Europe/Berlin")
        )
    for name, day in (("valid_from", given.valid_from), ("valid_until", given.valid_until)):
        if day is not None and day.year not in YEARS:
            accepted = f"a date in the years {YEARS[0]} to {YEARS[-1]}; for no end, leave valid_until out"
            found.append(fault(f"body.{name}", "is too far away", accepted))
    if given.valid_until is not None and given.valid_until < given.valid_from:
        found.append(fault("body.valid_until", "is before it begins", f"{given.valid_from} or later, or null"))
    for flaw in flaws(given.clauses):
        where = ".".join(map(str, ("body", "clauses", *flaw.where)))
        found.append(fault(where, flaw.what, flaw.accepted))
    return found


async def make_agreement(
    session: WriteSession, customer_id: UUID, version: int | None, given: GivenAgreement
) -> tuple[Customer, Agreement]:
    """Add an agreement; it counts for contacts that are recorded from the commit on.

    Raises AgreementUnfit, CustomerNotFound, CustomerMerged, VersionConflict, AgreementsOverlap.
    """
    _ensure_sound(given)
    customer = await claimed(session, customer_id, version)
    await _ensure_apart(session, customer_id, given, None)
    await raise_version(session, customer)
    made = Agreement(customer_id=customer_id, **_values(given))
    session.add(made)
    return await _fresh(session, customer, made)


async def change_agreement(
    session: WriteSession, customer_id: UUID, version: int | None, agreement_id: UUID, given: GivenAgreement
) -> tuple[Customer, Agreement]:
    """Write an agreement anew. What was decided by it stays as it was decided.

    Raises as `make_agreement`, and AgreementNotFound.
    """
    _ensure_sound(given)
    customer = await claimed(session, customer_id, version)
    agreement = await agreement_of(session, customer_id, agreement_id)
    await _ensure_apart(session, customer_id, given, agreement_id)
    values = _values(given)
    if any(getattr(agreement, name) != value for name, value in values.items()):
        await raise_version(session, customer)
        for name, value in values.items():
            setattr(agreement, name, value)
        agreement.updated_at = func.now()
    return await _fresh(session, customer, agreement)


async def remove_agreement(
    session: WriteSession, customer_id: UUID, version: int | None, agreement_id: UUID
) -> Customer:
    """Take an agreement away that should never have been there.

    Raises AgreementNotFound, AgreementInUse, VersionConflict, CustomerNotFound, CustomerMerged.
    """
    customer = await claimed(session, customer_id, version)
    agreement = await agreement_of(session, customer_id, agreement_id)
    for trace in (Entitlement, AllowanceUse):
        if await session.scalar(select(select(trace).where(trace.agreement_id == agreement_id).exists())):
            raise AgreementInUse(agreement_id)
    await raise_version(session, customer)
    await session.delete(agreement)
    await session.flush()
    await session.refresh(customer)
    return customer


async def agreement_of(session: AsyncSession, customer_id: UUID, agreement_id: UUID) -> Agreement:
    """The customer's own agreement of that id; raises AgreementNotFound."""
    found = await session.get(Agreement, agreement_id)
    if found is None or found.customer_id != customer_id:
        raise AgreementNotFound(agreement_id)
    return found


async def record_use(
    session: WriteSession,
    customer_id: UUID,
    agreement_id: UUID,
    clause_id: str,
    reference: str,
    at: datetime,
    now: datetime,
) -> Use:
    """Count a use of an allowance at an instant: a visit, a waived fee. The same `reference` counts once. One beyond
    the allowance is counted, too: it has taken place.

    Raises AgreementNotFound, NamesNoAllowance, UsedOutside.
    """
    agreement = await agreement_of(session, customer_id, agreement_id)
    clause = next((one for one in clauses_of(agreement.clauses) if one.id == clause_id), None)
    if not _is_told(clause) or clause.count is None:
        raise _no_allowance(agreement, clause_id, clause)
    _ensure_within(agreement, at, now)
    period = await session.scalar(select(func.agreement_period(clause.per, agreement.time_zone, at)))
    counted = func.use_allowance(agreement_id, clause_id, period, reference, at)
    number = (await session.execute(select(counted))).scalar_one()
    known = await session.get_one(AllowanceUse, (agreement_id, clause_id, reference))
    return Use(number, clause.count, known.period)


async def finish_due(session: WriteSession, due_id: UUID, by: str, note: str | None, at: datetime) -> Due:
    """Say that something that was due has been done. Raises DueNotFound, DueDone."""
    due = await session.get(Due, due_id, with_for_update=True)
    if due is None:
        raise DueNotFound(due_id)
    if due.done_at is not None:
        raise DueDone(due_id, due.done_by, due.done_at)
    due.done_at, due.done_by = at, by
    due.note = None if note is None else without_card_numbers(note)
    await session.flush()
    return due


def _is_told(clause: Clause | None) -> TypeGuard[Counting]:
    """Whether its uses are told by people: those of contacts are counted by themselves."""
    return isinstance(clause, Counting) and bool(clause.count) and getattr(clause, "of", None) != CONTACTS


def _no_allowance(agreement: Agreement, clause_id: str, clause: Clause | None) -> NamesNoAllowance:
    if clause is None:
        what = "is no clause of the agreement"
    elif isinstance(clause, Counting) and clause.count is not None:
        what = "counts contacts, which are counted by themselves"
    else:
        what = "names no allowance"
    told = ", ".join(one.id for one in clauses_of(agreement.clauses) if _is_told(one))
    accepted = told or "none: no clause of the agreement counts what has to be told"
    return NamesNoAllowance(f"Clause {clause_id!r} {what}.", faults=[fault("body.clause", what, accepted)])


def _ensure_within(agreement: Agreement, at: datetime, now: datetime) -> None:
    if agreement.status in UNBOUND:
        accepted = "an agreement that is active or suspended"
        raise UsedOutside(faults=[fault("path.agreement_id", f"names one that is {agreement.status}", accepted)])
    starts, ends = agreement.starts_at, agreement.ends_at
    if at > now + CLOCKS_DIFFER:
        raise UsedOutside(faults=[fault("body.at", "has not come yet", f"{now.isoformat()} at the latest")])
    if (starts is not None and at < starts) or (ends is not None and at >= ends):
        until = ends.isoformat() if ends is not None else "further notice"
        accepted = f"from {starts.isoformat() if starts else 'its beginning'} until {until}"
        raise UsedOutside(faults=[fault("body.at", "is outside the agreement", accepted)])


def _ensure_sound(given: GivenAgreement) -> None:
    faults = agreement_faults(given)
    if given.status in BINDING and not given.clauses:
        faults.append(fault("body.clauses", "is empty", "a clause at least, or the status draft"))
    if faults:
        raise AgreementUnfit("The agreement cannot be as it was given.", faults=faults)


async def _ensure_apart(session: WriteSession, customer_id: UUID, given: GivenAgreement, own: UUID | None) -> None:
    """The customer's row is locked, so nobody adds another meanwhile."""
    if given.status not in BINDING:
        return
    row = Agreement
    query = select(row).where(row.customer_id == customer_id, row.product == given.product, row.status.in_(BINDING))
    query = query.where(or_(row.valid_until.is_(None), row.valid_until >= given.valid_from))
    if given.valid_until is not None:
        query = query.where(row.valid_from <= given.valid_until)
    if own is not None:
        query = query.where(row.id != own)
    others: Sequence[Agreement] = (await session.scalars(query.order_by(row.valid_from))).all()
    if others:
        raise AgreementsOverlap(given.product, others)


def _values(given: GivenAgreement) -> dict[str, object]:
    values = msgspec.structs.asdict(given)
    return {**values, "covers": list(given.covers), "clauses": records(given.clauses)}


async def _fresh(session: WriteSession, customer: Customer, agreement: Agreement) -> tuple[Customer, Agreement]:
    await session.flush()
    await session.refresh(customer)
    await session.refresh(agreement)
    return customer, agreement
