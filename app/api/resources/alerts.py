"""Alerts: the work list, and what is done about each."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from app.api.http import live
from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.alerts import (
    AlertCallbackIn,
    AlertEntryOut,
    AlertEntryPage,
    AlertNoteIn,
    AlertOut,
    AlertOwnerIn,
    AlertPage,
)
from app.api.schemas.cases import AlertCaseIn, CaseOut
from app.api.schemas.common import PRINTABLE, GivenInstant
from app.api.schemas.usage import Severity
from app.audit.service import act_as
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.customers.usage import alerts
from app.customers.usage.alert_life import LIVE
from app.customers.usage.calling_back import to_call
from app.desk.cases.opening import open_for_alert
from app.desk.cases.queries import case
from app.floor.commands import CustomerCard, OpenCallback, Recognised

router = ResourceRouter(prefix="/alerts", tags=["alerts"], dependencies=[SIGNED_IN])

Serves = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]
Leads = Annotated[Principal, Depends(require("supervisor", "administrator"))]
ACTS = problem_responses(404, 409)

State = Literal["open", "acknowledged", "done", "expired"]
States = Annotated[list[State] | None, Query(description="in one of these states; open and acknowledged if left out")]
Severities = Annotated[list[Severity] | None, Query(description="of one of these severities")]
Owner = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="a login's; empty: nobody's")]
Rule = Annotated[str | None, Query(max_length=64, pattern=PRINTABLE, description="of this rule")]
Of = Annotated[UUID | None, Query(description="of this customer and whoever was merged into them")]
DueBefore = Annotated[GivenInstant | None, Query(description="due before this instant")]


@router.get("", responses=problem_responses(404))
async def list_alerts(
    session: Read,
    page: Paged,
    reading: Annotated[Reading, read_of("alerts")],
    state: States = None,
    severity: Severities = None,
    owner: Owner = None,
    rule: Rule = None,
    customer_id: Of = None,
    due_before: DueBefore = None,
) -> AlertPage:
    """Alerts that fit all that is asked for, those due first in front."""
    reading.of(customer_id)
    wanted = alerts.Wanted(
        states=state or LIVE,
        severities=severity or (),
        owner=owner,
        rule_id=rule,
        customer_id=customer_id,
        due_before=due_before,
    )
    rows = await alerts.find(session, wanted, page.limit + 1, page.after(tuple[datetime, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.alert.due_at, row.alert.id))
    return AlertPage(items=[AlertOut.of(row) for row in items], next=after)


@router.get("/{alert_id}", responses=problem_responses(404))
async def get_alert(alert_id: UUID, session: Read, reading: Annotated[Reading, read_of("alert")]) -> AlertOut:
    """One alert."""
    found = await alerts.alert(session, alert_id)
    reading.of(found.alert.customer_id)
    return AlertOut.of(found)


@router.get("/{alert_id}/entries", responses=problem_responses(404))
async def list_alert_entries(
    alert_id: UUID, session: Read, page: Paged, reading: Annotated[Reading, read_of("alert")]
) -> AlertEntryPage:
    """What happened to the alert, oldest first: who, when, what, and how it stood then."""
    reading.of((await alerts.alert(session, alert_id)).alert.customer_id)
    rows = await alerts.entries(session, alert_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.id)
    return AlertEntryPage(items=[AlertEntryOut.model_validate(row) for row in items], next=after)


@router.post("/{alert_id}/acknowledge", responses=ACTS)
async def acknowledge_alert(alert_id: UUID, given: AlertNoteIn, session: Write, using: Using, user: Serves) -> AlertOut:
    """Take an open alert: it is yours from now on, and expires no more."""
    now = utc(using.clock())
    return AlertOut.of(await alerts.act(session, alert_id, "acknowledge", user.id, now, note=given.note))


@router.post("/{alert_id}/release", responses=ACTS)
async def release_alert(alert_id: UUID, given: AlertNoteIn, session: Write, using: Using, user: Serves) -> AlertOut:
    """Give an alert back that was taken: it is open again, and nobody's."""
    now = utc(using.clock())
    return AlertOut.of(await alerts.act(session, alert_id, "release", user.id, now, note=given.note))


@router.post("/{alert_id}/finish", responses=ACTS)
async def finish_alert(alert_id: UUID, given: AlertNoteIn, session: Write, using: Using, user: Serves) -> AlertOut:
    """There is nothing left to do about it."""
    now = utc(using.clock())
    return AlertOut.of(await alerts.act(session, alert_id, "finish", user.id, now, note=given.note))


@router.post("/{alert_id}/assign", responses=ACTS)
async def assign_alert(alert_id: UUID, given: AlertOwnerIn, session: Write, using: Using, user: Leads) -> AlertOut:
    """Say whose it is."""
    now = utc(using.clock())
    found = await alerts.act(session, alert_id, "assign", user.id, now, owner=given.owner, note=given.note)
    return AlertOut.of(found)


@router.post("/{alert_id}/callback", responses=ACTS)
async def call_back_for_alert(alert_id: UUID, given: AlertCallbackIn, using: Using, user: Serves) -> AlertOut:
    """Let the customer be called back: they wait in a queue, and whoever's turn it is dials them. It acknowledges the
    alert. Sent again it opens no second callback. Who does not want to be called now is not, unless
    `though_unwished`."""
    now = utc(using.clock())
    async with using.sessions.read() as session:
        sight = using.masking.sight("agent")
        wanted = await to_call(session, alert_id, given.number, now, sight, though_unwished=given.though_unwished)
    who = wanted.customer
    command = OpenCallback(
        contact_id=str(wanted.contact_id),
        queue=given.queue,
        number=wanted.number,
        because_of=str(alert_id),
        by=user.id,
        source=given.source,
        caller=Recognised(
            customer=CustomerCard(str(who.id), who.name, who.tier_id, who.language),
            profile=wanted.profile,
            preferred_agent=who.preferred_agent,
        ),
    )
    await live.ask(using, command)
    async with using.sessions.write() as session:
        await act_as(session, user.id)
        return AlertOut.of(await alerts.called_back(session, alert_id, wanted.contact_id, user.id, now))


@router.post("/{alert_id}/case", responses=ACTS)
async def open_case_for_alert(
    alert_id: UUID,
    given: AlertCaseIn,
    session: Write,
    using: Using,
    user: Serves,
    reading: Annotated[Reading, read_of("case")],
) -> CaseOut:
    """Let a case be opened for the customer. It acknowledges the alert; sent again it opens no second case, and tells
    the one there is. Closing the case finishes the alert."""
    now = utc(using.clock())
    opened, fresh = await open_for_alert(session, alert_id, given.given(), user.id, now)
    if not fresh:  # nothing but a read
        reading.of(opened.customer_id)
    return CaseOut.of(await case(session, opened.id), now)
