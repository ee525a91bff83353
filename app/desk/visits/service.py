"""Booking visits, and what is done about one. The caller's session commits; each act is kept with who did it and when,
and told to other systems in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy import text as sql

from app.agents.models import Agent
from app.core.instants import iso
from app.core.repeats import KeyUsed
from app.customers.agreements.visiting import count_visit
from app.customers.cards import without_card_numbers
from app.db.engine import WriteSession
from app.desk.cases.linking import of_one_family
from app.desk.cases.models import Case
from app.desk.cases.opening import ensure_customer
from app.desk.repeats import id_by
from app.desk.visits.errors import BusyEngineer, CaseUnfit, NobodyAssigned, UnfitEngineer, VisitChanged, VisitUnknown
from app.desk.visits.life import OVER, STEPS, after
from app.desk.visits.models import ON_DUTY, FieldVisit, FieldVisitEntry
from app.desk.visits.queries import Listed, visit
from app.desk.visits.sites import Site, resolved
from app.desk.visits.windows import Window, ensure_fit
from app.subscriptions.announcing import Change, announce

_TOLD_AS = {"schedule": "visit.scheduled", "complete": "visit.completed", "cancel": "visit.cancelled"}
"""What other systems are told of an act; of others that the visit changed."""


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that a customer is to have; without a `window` it is asked for, and an appointment follows.
    `case_id` is the case that it is for."""

    purpose: str
    site: Site
    window: Window | None = None
    case_id: UUID | None = None


class By(msgspec.Struct, frozen=True):
    """Who does something, when, and of which version of the visit; None: whatever it is."""

    who: str
    now: datetime
    version: int | None = None


async def book(session: WriteSession, customer_id: UUID, given: Booking, by: By, **own: UUID) -> Listed:
    """A new visit of the customer who is named, whoever they were merged into; `own` may give its `id`.

    Raises CustomerNotFound, CustomerWasErased, WindowUnfit, SiteUnfit, CaseUnfit.
    """
    await ensure_customer(session, customer_id)
    if given.window is not None:
        ensure_fit(given.window, by.now)
    if given.case_id is not None:
        await _ensure_theirs(session, given.case_id, customer_id)
    site = await resolved(session, customer_id, given.site, by.now)
    made = FieldVisit(
        customer_id=customer_id,
        case_id=given.case_id,
        status="requested" if given.window is None else "scheduled",
        purpose=without_card_numbers(given.purpose),
        **{f"site_{name}": value for name, value in msgspec.structs.asdict(site).items()},
        **_columns(given.window),
        booked_at=by.now,
        booked_by=by.who,
        version=1,
        **own,
    )
    session.add(made)
    await session.flush()
    await _keep(session, made, "book", by, made.purpose, _booked(given))
    await _tell(session, made, "book")
    return await visit(session, made.id)


async def book_once(
    session: WriteSession, customer_id: UUID, given: Booking, key: str | None, by: By
) -> tuple[Listed, bool]:
    """The visit that somebody books by a key, and whether it was booked just now: sent again it is the one there is.
    Without a key it is a new one.

    Raises KeyUsed where the key was sent for another customer, purpose or appointment, and as `book`.
    """
    if key is None:
        return await book(session, customer_id, given, by), True
    own = await id_by(session, "visit", by.who, key)
    await ensure_customer(session, customer_id)
    before = await session.get(FieldVisit, own)
    if before is None:
        return await book(session, customer_id, given, by, id=own), True
    query = select(FieldVisitEntry).where(FieldVisitEntry.visit_id == own, FieldVisitEntry.act == "book")
    entry = (await session.scalars(query)).one()
    same = (customer_id, without_card_numbers(given.purpose), _booked(given))
    if (before.customer_id, entry.note, entry.changes) != same:
        raise KeyUsed(key)
    return await visit(session, own), False


def _booked(given: Booking) -> dict[str, Any]:
    """The appointment as the entry of the booking keeps it, whatever becomes of the visit."""
    return {name: [None, _plain(value)] for name, value in _columns(given.window).items()}


async def schedule(session: WriteSession, visit_id: UUID, window: Window, by: By, note: str | None = None) -> Listed:
    """Give the visit an appointment, or another one; the one before stays in its history. An engineer who does not work
    any more is not assigned any more.

    Raises VisitUnknown, VisitChanged, VisitRefuses, WindowUnfit, BusyEngineer.
    """
    found = await _claimed(session, visit_id, by)
    status = after(found.status, "schedule")
    ensure_fit(window, by.now)
    values = {**_columns(window), "outcome": None, "closed_at": None}
    if found.engineer is not None:
        try:
            await _ensure_free(session, found, found.engineer, window)
        except UnfitEngineer:  # where nobody was there nobody else can be assigned before
            values["engineer"] = None
    return await _change(session, found, "schedule", status, by, note, **values)


async def assign(
    session: WriteSession, visit_id: UUID, engineer: str | None, by: By, note: str | None = None
) -> Listed:
    """Say who goes; None: nobody.

    Raises VisitUnknown, VisitChanged, VisitRefuses, UnfitEngineer, BusyEngineer.
    """
    found = await _claimed(session, visit_id, by)
    status = after(found.status, "assign")
    if engineer is not None:
        await _ensure_free(session, found, engineer, _window(found))
    return await _change(session, found, "assign", status, by, note, engineer=engineer)


async def step(session: WriteSession, visit_id: UUID, act: str, by: By, note: str | None = None) -> Listed:
    """A step of the day: `act` is one of `life.STEPS`.

    Raises VisitUnknown, VisitChanged, VisitRefuses, NobodyAssigned.
    """
    assert act in STEPS, act
    found = await _claimed(session, visit_id, by)
    status = after(found.status, act)
    if found.engineer is None:
        raise NobodyAssigned(act, found.status)
    return await _change(session, found, act, status, by, note)


async def complete(session: WriteSession, visit_id: UUID, outcome: str, by: By) -> Listed:
    """It has taken place. Agreements that include visits count it, by the day of the appointment.

    Raises VisitUnknown, VisitChanged, VisitRefuses.
    """
    found = await _claimed(session, visit_id, by)
    status = after(found.status, "complete")
    assert found.customer_id is not None
    assert found.starts_at is not None
    used = await count_visit(session, found.customer_id, visit_id, min(found.starts_at, by.now))
    return await _change(session, found, "complete", status, by, outcome, used)


async def give_up(session: WriteSession, visit_id: UUID, act: str, by: By, why: str | None) -> Listed:
    """It does not take place: `act` is cancel, or no_access where nobody was there.

    Raises VisitUnknown, VisitChanged, VisitRefuses.
    """
    assert act in ("cancel", "no_access"), act
    found = await _claimed(session, visit_id, by)
    return await _change(session, found, act, after(found.status, act), by, why)


async def write_note(session: WriteSession, visit_id: UUID, note: str, by: By) -> Listed:
    """Write something down about the visit, whatever its status; its version stays. Raises VisitUnknown."""
    found = await _claimed(session, visit_id, by)
    await _keep(session, found, "note", by, without_card_numbers(note))
    return await visit(session, visit_id)


async def _claimed(session: WriteSession, visit_id: UUID, by: By) -> FieldVisit:
    """The visit, locked until the commit, of the version that was read."""
    found = await session.get(FieldVisit, visit_id, with_for_update=True, populate_existing=True)
    if found is None or found.customer_id is None:
        raise VisitUnknown(visit_id)
    if by.version not in (None, found.version):
        raise VisitChanged(by.version or 0, found.version)
    return found


async def _ensure_theirs(session: WriteSession, case_id: UUID, customer_id: UUID) -> None:
    """Locked against going, as the customer is. Whoever was merged with them is the same person."""
    query = select(Case.customer_id).where(Case.id == case_id).with_for_update(read=True, key_share=True)
    whose = await session.scalar(query)
    if whose is None:
        raise CaseUnfit(case_id, "does not exist")
    if not await of_one_family(session, whose, customer_id):
        raise CaseUnfit(case_id, "is another customer's")


async def _ensure_free(session: WriteSession, found: FieldVisit, engineer: str, window: Window | None) -> None:
    """The engineer's row is locked, so nobody gives them another visit meanwhile."""
    query = select(Agent.active).where(Agent.id == engineer).with_for_update(key_share=True)
    active = await session.scalar(query)
    if not active:
        raise UnfitEngineer(engineer, "does not exist" if active is None else "does not work any more")
    if window is None:
        return
    row = FieldVisit
    meant = func.tstzrange(window.starts_at, window.ends_at)
    taken = select(row).where(row.engineer == engineer, sql(ON_DUTY), row.id != found.id)
    taken = taken.where(func.tstzrange(row.starts_at, row.ends_at).op("&&")(meant)).order_by(row.starts_at).limit(1)
    other = await session.scalar(taken)
    if other is not None:
        assert other.starts_at is not None
        assert other.ends_at is not None
        raise BusyEngineer(engineer, other.id, other.starts_at, other.ends_at)


async def _change(
    session: WriteSession,
    found: FieldVisit,
    act: str,
    status: str,
    by: By,
    note: str | None,
    used: Any = None,
    **values: Any,
) -> Listed:
    note = None if note is None else without_card_numbers(note)
    if status in OVER:
        values |= {"outcome": note, "closed_at": by.now}
    told = {name: [_plain(getattr(found, name)), _plain(values[name])] for name in _SHOWN if name in values}
    changes: dict[str, Any] = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if used:
        changes["allowances"] = msgspec.to_builtins(used)
    found.status = status
    for name, value in values.items():
        setattr(found, name, value)
    found.version += 1
    await session.flush()
    await _keep(session, found, act, by, note, changes)
    await _tell(session, found, act)
    return await visit(session, found.id)


_SHOWN = ("starts_at", "ends_at", "time_zone", "engineer")
"""Fields of which entries tell what they were."""


async def _keep(
    session: WriteSession,
    found: FieldVisit,
    act: str,
    by: By,
    note: str | None,
    changes: dict[str, Any] | None = None,
) -> None:
    entry = FieldVisitEntry(
        visit_id=found.id,
        customer_id=found.customer_id,
        at=by.now,
        who=by.who,
        act=act,
        status=found.status,
        engineer=found.engineer,
        changes=changes or {},
        note=note,
    )
    session.add(entry)
    await session.flush()


async def _tell(session: WriteSession, found: FieldVisit, act: str) -> None:
    """Thin, as what is told of customers: no name, address or text goes out. In the order of the customer."""
    kind = "visit.scheduled" if act == "book" and found.starts_at is not None else _TOLD_AS.get(act, "visit.changed")
    told = {
        "visit_id": str(found.id),
        "customer_id": str(found.customer_id),
        "act": act,
        "status": found.status,
        "starts_at": _plain(found.starts_at),
        "ends_at": _plain(found.ends_at),
        "engineer": found.engineer,
        "case_id": _plain(found.case_id),
        "version": found.version,
    }
    await announce(session, kind, [Change(f"customer:{found.customer_id}", told)])


def _window(found: FieldVisit) -> Window | None:
    if found.starts_at is None or found.ends_at is None or found.time_zone is None:
        return None
    return Window(found.starts_at, found.ends_at, found.time_zone)


def _columns(window: Window | None) -> dict[str, Any]:
    return {} if window is None else msgspec.structs.asdict(window)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value.timestamp())
    return str(value) if isinstance(value, UUID) else value
