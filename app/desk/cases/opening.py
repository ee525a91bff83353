"""Opening cases: for a customer, from a contact, after a case that is closed, because of an alert. The caller's session
commits."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Sequence, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Team
from app.auth.models import User
from app.core.ids import new_id
from app.core.repeats import KeyUsed
from app.customers.errors import CustomerNotFound
from app.customers.models import Customer
from app.customers.record.erased import CUSTOMER, erased_among
from app.customers.record.whole import survivor_of
from app.customers.usage import alerts
from app.customers.usage.alert_life import after
from app.customers.usage.errors import OwnerUnknown
from app.db.engine import WriteSession
from app.desk.cases.errors import CustomerWasErased, FollowedUnfit, TeamUnknown
from app.desk.cases.linking import link, of_one_family
from app.desk.cases.models import Case, CaseEntry
from app.desk.cases.queries import case as one_case
from app.desk.cases.telling import kept, tell
from app.desk.repeats import id_by

HAND, ALERT = "hand", "alert"
PRIORITY_OF = {"low": "low", "medium": "normal", "high": "high", "critical": "urgent"}
"""How urgent the case is that an alert of a severity opens."""

_numbers = Sequence("case_numbers")


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it is to be. `due_at` is UNSET where nobody has said until when; then the customer's agreements may."""

    customer_id: UUID
    subject: str
    description: str | None = None
    category: str | None = None
    priority: str = "normal"
    owner: str | None = None
    team: str | None = None
    due_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    contact_id: UUID | None = None
    follows_id: UUID | None = None


class ForAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the case that an alert opens; what is not said the alert tells."""

    subject: str | None = None
    description: str | None = None
    category: str | None = None
    priority: str | None = None
    owner: str | None = None
    team: str | None = None
    due_at: datetime | msgspec.UnsetType | None = msgspec.UNSET


async def open_case(session: WriteSession, given: NewCase, who: str, now: datetime) -> Case:
    """Open a case for the customer who is named, also where somebody else stands for them at present: a merge that is
    taken back leaves it theirs.

    Raises CustomerNotFound, CustomerWasErased, OwnerUnknown, TeamUnknown, ContactUnknown, ContactOfAnother,
    CaseUnknown, FollowedUnfit.
    """
    return await _open(session, given, who, now, id=UUID(new_id()))


async def open_once(
    session: WriteSession, given: NewCase, key: str | None, who: str, now: datetime
) -> tuple[Case, bool]:
    """The case that somebody opens by a key, and whether it was opened just now: sent again it is the one there is.
    Without a key it is a new one.

    Raises KeyUsed where the key was sent for another customer or with other words, and as `open_case`.
    """
    if key is None:
        return await open_case(session, given, who, now), True
    own = await id_by(session, "case", who, key)
    await ensure_customer(session, given.customer_id)
    before = await session.get(Case, own)
    if before is None:
        return await _open(session, given, who, now, id=own), True
    words = select(CaseEntry.text).where(CaseEntry.case_id == own, CaseEntry.act == "open")
    if before.customer_id != given.customer_id or await session.scalar(words) != _words(given):
        raise KeyUsed(key)
    return before, False


def _words(given: NewCase) -> str:
    """What the entry of the opening keeps, whatever becomes of the case."""
    return "\n".join(kept(each) or "" for each in (given.subject, given.description) if each is not None)


async def open_for_alert(
    session: WriteSession, alert_id: UUID, given: ForAlert, who: str, now: datetime
) -> tuple[Case, bool]:
    """The case that the alert opens, and whether it was opened just now: one alert opens one case, however often it is
    asked for. It acknowledges the alert.

    Raises AlertUnknown, AlertRefuses, CustomerWasErased, OwnerUnknown, TeamUnknown, and CaseUnknown where its case is
    not kept any more.
    """
    listed = await alerts.alert(session, alert_id)
    await ensure_customer(session, listed.alert.customer_id)  # first, as an erasure goes from customers to alerts
    alert = await alerts.held(session, alert_id)
    if alert.case_id is not None:
        return (await one_case(session, alert.case_id)).case, False
    after(alert.state, "open_case")
    new = NewCase(
        customer_id=alert.customer_id,
        subject=given.subject or listed.title,
        description=given.description,
        category=given.category,
        priority=given.priority or PRIORITY_OF[alert.severity],
        owner=given.owner or (None if given.team else alert.owner or who),
        team=given.team,
        due_at=given.due_at,
    )
    opened = await _open(session, new, who, now, id=uuid5(alert_id, "case"), alert_id=alert_id, alert_due=alert.due_at)
    await alerts.case_opened(session, alert, opened.id, who, now)
    return opened, True


async def ensure_staff(session: AsyncSession, owner: str | None, team: str | None) -> None:
    """Raises OwnerUnknown, TeamUnknown."""
    if owner is not None and await session.get(User, owner) is None:
        raise OwnerUnknown(owner)
    if team is not None and await session.get(Team, team) is None:
        raise TeamUnknown(team)


async def _open(
    session: WriteSession, given: NewCase, who: str, now: datetime, *, alert_due: datetime | None = None, **own: Any
) -> Case:
    await ensure_customer(session, given.customer_id)
    await ensure_staff(session, given.owner, given.team)
    if given.follows_id is not None:
        await _ensure_followable(session, given.follows_id, given.customer_id)
    due_at, because = await _due(session, given, now, alert_due)
    made = Case(
        number=f"C-{now.year}-{await session.scalar(select(_numbers.next_value())):06d}",
        customer_id=given.customer_id,
        category=kept(given.category),
        subject=kept(given.subject) or "",
        description=kept(given.description),
        priority=given.priority,
        status="new",
        owner=given.owner,
        team_id=given.team,
        due_at=due_at,
        due_because=because,
        contact_id=given.contact_id,
        follows_id=given.follows_id,
        opened_at=now,
        opened_by=who,
        changed_at=now,
        version=1,
        **own,
    )
    session.add(made)
    await session.flush()
    await tell(session, made, "open", who, now, text=_words(given))
    if given.contact_id is not None:
        await link(session, made, given.contact_id, who, now)
    return made


async def ensure_customer(session: AsyncSession, customer_id: UUID) -> None:
    """Held to the commit, so that who is erased at this moment is erased before or after. Raises CustomerNotFound,
    CustomerWasErased."""
    query = select(Customer.id).where(Customer.id == customer_id).with_for_update(read=True, key_share=True)
    if await session.scalar(query) is not None:
        return
    erasures = await erased_among(session, [(CUSTOMER, str(customer_id))])
    for erasure in erasures.values():
        raise CustomerWasErased(customer_id, erasure)
    raise CustomerNotFound(customer_id)


async def _ensure_followable(session: AsyncSession, follows_id: UUID, customer_id: UUID) -> None:
    before = (await one_case(session, follows_id)).case
    assert before.customer_id is not None
    if before.status != "closed":
        raise FollowedUnfit(
            f"is {before.status.replace('_', ' ')}",
            "go on with it, or reopen it" if before.status == "solved" else "go on with it",
            state=before.status,
        )
    if not await of_one_family(session, before.customer_id, customer_id):
        raise FollowedUnfit("is another customer's", "one of this customer, or none")


async def _due(
    session: AsyncSession, given: NewCase, now: datetime, alert_due: datetime | None
) -> tuple[datetime | None, str | None]:
    """Until when it is to be solved, and because of what."""
    if given.due_at is not msgspec.UNSET:
        return (None, None) if given.due_at is None else (given.due_at, HAND)
    promised = await _promised(session, await survivor_of(session, given.customer_id), now)
    if promised is not None:
        return promised
    return (None, None) if alert_due is None else (alert_due, ALERT)


async def _promised(session: AsyncSession, customer_id: UUID, now: datetime) -> tuple[datetime, str] | None:
    """The earliest instant by which an agreement that covers the customer now promises a solution. A clause of which
    none can be told costs its promise, not the case."""
    told = await session.scalar(select(func.entitlement_now(customer_id, now, None)))
    found = [
        (datetime.fromisoformat(promise["due_at"]), f"agreement {agreement['id']}, clause {promise['clause']}")
        for agreement in (told or {}).get("agreements", ())
        if agreement["covered"]
        for promise in agreement["promises"]
        if promise["kind"] == "resolution_time" and promise.get("due_at") is not None
    ]
    return min(found, default=None)
