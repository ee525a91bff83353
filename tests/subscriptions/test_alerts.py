"""What is told of alerts: that they were raised, what people do with them, and their end."""

import pytest
from sqlalchemy import text

from app.customers.usage.alerts import act
from app.db.engine import WriteSession
from app.subscriptions import records
from tests.customers.factories import customer_id, make_agent
from tests.customers.usage.telling import NOW, alerts, event, make_rule, tell
from tests.subscriptions.test_customers import told


@pytest.fixture
async def wanted(session: WriteSession) -> None:
    """Somebody wants to know everything of alerts."""
    await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=["alert.*"])


@pytest.mark.usefixtures("wanted")
async def test_when_an_alert_is_due_is_told_in_utc_wherever_the_database_stands(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await make_rule(session, "count('login.failed', '1h') >= 1")
    await session.execute(text("set local time zone 'Asia/Shanghai'"))
    await tell(session, event(who))
    (raised,) = await alerts(session)
    await session.execute(text("update customer_alerts set due_at = '2027-01-15 09:00:00.123999Z'"))
    await act(session, raised.id, "finish", lin, NOW)
    assert [(kind, data["due_at"]) for kind, _, data in await told(session)] == [
        ("alert.raised", "2027-01-15T09:00:00.000Z"),
        ("alert.changed", "2027-01-15T09:00:00.123Z"),
        ("alert.closed", "2027-01-15T09:00:00.123Z"),
    ]


@pytest.mark.usefixtures("wanted")
async def test_an_alert_is_told_when_it_is_raised_changed_and_closed_and_not_when_it_counts_on(
    session: WriteSession,
) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await make_rule(session, "count('login.failed', '1h') >= 1")
    await tell(session, event(who))
    await tell(session, event(who))
    (raised,) = await alerts(session)
    assert raised.count == 2
    await act(session, raised.id, "acknowledge", lin, NOW)
    await act(session, raised.id, "finish", lin, NOW)
    found = await told(session)
    assert [(kind, subject, data["state"]) for kind, subject, data in found] == [
        ("alert.raised", f"customer:{who}", "open"),
        ("alert.changed", f"customer:{who}", "acknowledged"),
        ("alert.closed", f"customer:{who}", "done"),
    ]
    assert found[0][2]["rule"] == "r"
    assert found[0][2]["alert_id"] == str(raised.id)


async def test_nothing_is_written_where_nobody_wants_to_know(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('login.failed', '1h') >= 1")
    await tell(session, event(who))
    assert len(await alerts(session)) == 1
    assert await session.scalar(text("select count(*) from webhook_events")) == 0
