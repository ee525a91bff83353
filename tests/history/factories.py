"""A customer with something of every kind in the history."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import because
from app.core.clock import now, utc
from app.customers.agreement_models import Due
from app.customers.record.parts import GivenConsent, GivenNote, record_consent, write_note
from app.customers.service import change_customer
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry
from app.db.engine import WriteSession
from app.desk.visits.service import Booking, By, book
from app.desk.visits.sites import Site
from app.history.source import Asked, Place
from app.history.timeline import Entry, timeline
from app.interactions.models import Interaction
from app.interactions.service import append_note
from tests.customers.factories import customer_id, make_agent, make_tier
from tests.desk.cases.factories import make_case
from tests.interactions.factories import make_interaction, this_hour


def ago(**given: float) -> datetime:
    """So long before the present hour."""
    return this_hour() - timedelta(**given)


async def make_alert(session: AsyncSession, who: UUID, opened_at: datetime, *acts: str) -> UUID:
    """An alert of a rule of its own, and what happened to it, a minute after each other."""
    rule = f"rule-{opened_at.timestamp():.0f}"
    values = {"id": rule, "name": "Failed log-ins", "at": opened_at}
    await session.execute(
        text("""insert into usage_rules (id, name, condition, severity, due_seconds, expire_seconds, quiet_seconds)
                values (:id, :name, 'true', 'high', 1, 1, 1)"""),
        values,
    )
    alert = CustomerAlert(
        customer_id=who,
        rule_id=rule,
        severity="high",
        opened_at=opened_at,
        matched_at=opened_at,
        due_at=opened_at,
        expires_at=opened_at,
        evidence={},
    )
    session.add(alert)
    await session.flush()
    for place, act in enumerate(("opened", *acts)):
        at = opened_at + timedelta(minutes=place)
        session.add(CustomerAlertEntry(alert_id=alert.id, at=at, who="lin", act=act, state="open", note=f"{act} 报警"))
        await session.flush()
    return alert.id


async def make_due(session: AsyncSession, contact: Interaction, due_at: datetime) -> Due:
    """Something that an agreement added to a contact."""
    assert contact.customer_id is not None
    due = Due(
        kind="follow_up",
        due_at=due_at,
        customer_id=contact.customer_id,
        interaction_id=contact.id,
        started_at=contact.started_at,
        agreement_id=contact.id,
        clause_id="4.2",
        clause_text="We call back within two days.",
        owner="mei",
    )
    session.add(due)
    await session.flush()
    return due


async def make_credit_check(session: AsyncSession, who: UUID, at: datetime) -> None:
    """A bureau was asked, and answered."""
    await session.execute(
        text("""insert into credit_checks (customer_id, source, asked_at, asked_by, reason, consent_at, consent_origin,
                                           outcome, settled_at, score, standing)
                values (:who, 'bureau', :at, 'lin', 'a loan', :at, 'signed', 'answered', :at, 700, 'good')"""),
        {"who": who, "at": at},
    )


async def make_visit(session: WriteSession, who: UUID) -> UUID:
    """Somebody asks that an engineer comes."""
    given = Booking(purpose="Install the terminal 安装终端", site=Site(lines="王府井 1"))
    return (await book(session, who, given, By("lin", ago(hours=2.5)))).visit.id


async def make_life(session: WriteSession) -> UUID:
    """A customer with an entry of every kind but of merges."""
    who = await customer_id(session)
    await make_agent(session)
    contact = await make_interaction(session, ago(hours=5), customer_id=who, note="Card lost 银行卡遗失, Zoë rang")
    await append_note(session, contact.id, text="called back 已回电", by="mei", at=ago(hours=4))
    await write_note(session, who, GivenNote(text="prefers letters 喜欢信件"), "lin")
    await write_note(session, who, GivenNote(text="注意: never says the PIN", pinned=True), "mei")
    await make_alert(session, who, ago(hours=3), "acknowledge", "finish")
    await make_visit(session, who)
    await make_due(session, contact, ago(hours=-50))
    given = {"description": "on the bus", "category": "transfer", "contact_id": contact.id}
    await make_case(session, who, "Slow transfer 转账", at=ago(minutes=150), **given)
    await make_credit_check(session, who, ago(hours=2))
    consent = GivenConsent(channel="sms", given=False, at=ago(hours=1), origin="letter")
    await record_consent(session, who, consent, utc(now()))
    await because(session, "a new branch")
    await change_customer(session, who, None, {"tier_id": await make_tier(session)})
    await change_customer(session, who, None, {"name": "王大明"})
    return who


async def told(
    session: AsyncSession, who: UUID, limit: int = 100, after: Place | None = None, **asked: object
) -> list[Entry]:
    """The timeline, newest first."""
    return await timeline(session, who, Asked(**asked), limit, after)  # type: ignore[arg-type]
