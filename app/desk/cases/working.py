"""Working on a case: every act names the version that was read, is held against the table of `life`, and leaves an
entry. The caller's session commits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.customers.usage import alerts
from app.db.engine import WriteSession
from app.desk.cases.errors import CaseChanged, CaseUnknown
from app.desk.cases.life import after
from app.desk.cases.linking import link
from app.desk.cases.models import Case, CaseEntry
from app.desk.cases.opening import HAND, ensure_staff
from app.desk.cases.telling import kept, tell

WRITTEN = ("subject", "description", "category")
"""Fields that people write in, of which no card number is kept."""


async def act(
    session: WriteSession,
    case_id: UUID,
    version: int | None,
    what: str,
    who: str,
    now: datetime,
    *,
    note: str | None = None,
) -> Case:
    """Go on with a case: `what` is take, work, wait, hold or reopen. Who takes a case, or works on one that is
    nobody's, is its owner from then on.

    Raises CaseUnknown, CaseChanged, CaseRefuses, and OwnerUnknown where who takes it has no account.
    """
    case = await _held(session, case_id, version, what)
    values: dict[str, Any] = {}
    if what == "take" or (what == "work" and case.owner is None):
        await ensure_staff(session, who, None)
        values["owner"] = who
    if what == "reopen":
        values |= {"solved_at": None, "resolution": None}
    return await _done(session, case, what, who, now, values, note=kept(note))


async def assign(
    session: WriteSession,
    case_id: UUID,
    version: int | None,
    who: str,
    now: datetime,
    *,
    owner: str | None,
    team: str | None,
    note: str | None = None,
) -> Case:
    """Say whose the case is: an owner's, a team's, both or nobody's.

    Raises CaseUnknown, CaseChanged, CaseRefuses, OwnerUnknown, TeamUnknown.
    """
    case = await _held(session, case_id, version, "assign")
    await ensure_staff(session, owner, team)
    return await _done(session, case, "assign", who, now, {"owner": owner, "team_id": team}, note=kept(note))


async def change(
    session: WriteSession,
    case_id: UUID,
    version: int | None,
    values: Mapping[str, Any],
    who: str,
    now: datetime,
    *,
    note: str | None = None,
) -> Case:
    """Write fields anew: category, subject, description, priority, due_at. What is as it was changes nothing.

    Raises CaseUnknown, CaseChanged, CaseRefuses.
    """
    case = await _held(session, case_id, version, "change")
    wanted = {name: kept(value) if name in WRITTEN else value for name, value in values.items()}
    wanted = {name: value for name, value in wanted.items() if getattr(case, name) != value}
    if not wanted and note is None:
        return case
    if "due_at" in wanted:
        wanted["due_because"] = None if wanted["due_at"] is None else HAND
    said = [wanted.get("subject"), wanted.get("description"), kept(note)]
    return await _done(session, case, "change", who, now, wanted, note="\n".join(filter(None, said)) or None)


async def solve(
    session: WriteSession, case_id: UUID, version: int | None, resolution: str, who: str, now: datetime
) -> Case:
    """What the customer wanted is done, or cannot be: `resolution` says which.

    Raises CaseUnknown, CaseChanged, CaseRefuses.
    """
    case = await _held(session, case_id, version, "solve")
    said = kept(resolution)
    return await _done(session, case, "solve", who, now, {"resolution": said, "solved_at": now}, note=said)


async def close(
    session: WriteSession, case_id: UUID, version: int | None, who: str, now: datetime, *, note: str | None = None
) -> Case:
    """Close a solved case for good. An alert that opened it and is acknowledged still is done, too.

    Raises CaseUnknown, CaseChanged, CaseRefuses.
    """
    case = await _held(session, case_id, version, "close")
    closed = await _done(session, case, "close", who, now, {"closed_at": now}, note=kept(note))
    if closed.alert_id is not None:
        await alerts.case_closed(session, closed.alert_id, closed.number, who, now)
    return closed


async def write_note(session: WriteSession, case_id: UUID, text: str, who: str, now: datetime) -> CaseEntry:
    """Add a note. It is no change of what the case says, so it needs no version. Raises CaseUnknown, CaseRefuses."""
    case = await _held(session, case_id, None, "note")
    return await tell(session, case, "note", who, now, text=kept(text))


async def link_contact(session: WriteSession, case_id: UUID, contact_id: UUID, who: str, now: datetime) -> Case:
    """Say that a contact is about the case. It needs no version, either.

    Raises CaseUnknown, CaseRefuses, ContactUnknown, ContactOfAnother, ContactLinked.
    """
    case = await _held(session, case_id, None, "link")
    await link(session, case, contact_id, who, now)
    await tell(session, case, "link", who, now, changes={"contact": (None, str(contact_id))})
    return case


async def _held(session: WriteSession, case_id: UUID, version: int | None, what: str) -> Case:
    """The case, locked until the commit, of the version that was read, and of a status in which `what` can be done."""
    case = await session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None or case.customer_id is None:
        raise CaseUnknown(case_id)
    if version is not None and version != case.version:
        raise CaseChanged(version, case.version)
    after(case.status, what)
    return case


async def _done(
    session: WriteSession,
    case: Case,
    what: str,
    who: str,
    now: datetime,
    values: Mapping[str, Any],
    *,
    note: str | None = None,
) -> Case:
    wanted = {**values, "status": after(case.status, what)}
    changes = {name: (getattr(case, name), value) for name, value in wanted.items() if getattr(case, name) != value}
    if not changes and note is None:
        return case  # nobody is to look for a difference, nor other systems to be told of one
    for name, value in wanted.items():
        setattr(case, name, value)
    case.version += 1
    case.changed_at = now
    await session.flush()
    told = {name.removesuffix("_id"): pair for name, pair in changes.items() if name not in ("solved_at", "closed_at")}
    await tell(session, case, what, who, now, text=note, changes=told)
    return case
