"""The life of alerts, the work list, and alerts in the profile that pops."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.models import User
from app.core.tasks import Supervisor
from app.customers.duplicates.merging import Side, merge
from app.customers.recognising import profile, recognise
from app.customers.usage.alert_life import ACTS, AFTER, LIVE, after
from app.customers.usage.alerts import OVER, Wanted, act, alert, called_back, entries, find
from app.customers.usage.errors import AlertRefuses, AlertUnknown, OwnerUnknown
from app.customers.usage.models import CustomerAlert
from app.customers.usage.storing import TOGETHER
from app.db.engine import Sessions, WriteSession
from app.db.pool import connection_of
from tests.customers.factories import REGION, customer_id, make_agent
from tests.customers.plans import plan_of
from tests.customers.usage.telling import NOW, alerts, event, make_rule, tell

SEVERITIES = ("low", "critical", "medium")


async def alert_of(session: WriteSession, who: UUID, rule_id: str = "r", **given: Any) -> UUID:
    """An alert of a rule of its own."""
    await make_rule(session, f"count('{rule_id}', '1h') >= 1", rule_id, **given)
    await tell(session, event(who, rule_id))
    return next(row.id for row in await alerts(session) if row.rule_id == rule_id)


@pytest.mark.parametrize("state", [*LIVE, *OVER])
@pytest.mark.parametrize("what", sorted(ACTS))
def test_every_act_in_every_state_is_in_the_table_or_refused(state: str, what: str) -> None:
    if (state, what) in AFTER:
        assert after(state, what) == AFTER[state, what]
        assert state in LIVE
    else:
        with pytest.raises(AlertRefuses) as refused:
            after(state, what)
        assert refused.value.facts["state"] == state
        assert set(refused.value.facts["accepted"]) <= ACTS


async def test_who_did_what_when(session: WriteSession) -> None:
    lin, mei = await make_agent(session), await make_agent(session, "mei")
    found = await alert_of(session, await customer_id(session))
    taken = await act(session, found, "acknowledge", lin, NOW)
    assert (taken.alert.state, taken.alert.owner) == ("acknowledged", lin)
    await act(session, found, "assign", lin, NOW, owner=mei)
    await act(session, found, "release", mei, NOW, note="not mine, paid with 4111 1111 1111 1111")
    await act(session, found, "acknowledge", mei, NOW)
    done = await act(session, found, "finish", mei, NOW + timedelta(minutes=1), note="客户已确认")
    assert (done.alert.state, done.alert.owner, done.alert.closed_at) == ("done", mei, NOW + timedelta(minutes=1))
    told = [
        (each.act, each.who, each.state, each.owner, each.note) for each in await entries(session, found, 100, None)
    ]
    assert told == [
        ("opened", None, "open", None, None),
        ("acknowledge", lin, "acknowledged", lin, None),
        ("assign", lin, "acknowledged", mei, None),
        ("release", mei, "open", None, "not mine, paid with …1111"),
        ("acknowledge", mei, "acknowledged", mei, None),
        ("finish", mei, "done", mei, "客户已确认"),
    ]


async def test_what_does_not_fit_changes_nothing(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = await alert_of(session, await customer_id(session))
    await act(session, found, "finish", lin, NOW)
    with pytest.raises(AlertRefuses, match="the alert is done, which is its end"):
        await act(session, found, "acknowledge", lin, NOW)
    with pytest.raises(AlertUnknown):
        await act(session, uuid4(), "finish", lin, NOW)
    assert len(await entries(session, found, 100, None)) == 2


async def test_an_owner_who_is_nobody_is_refused(session: WriteSession) -> None:
    found = await alert_of(session, await customer_id(session))
    with pytest.raises(OwnerUnknown):
        await act(session, found, "assign", "lin", NOW, owner="nobody")


async def test_a_callback_acknowledges_and_is_kept_once(session: WriteSession) -> None:
    lin = await make_agent(session)
    found, contact = await alert_of(session, await customer_id(session)), uuid4()
    told = await called_back(session, found, contact, lin, NOW)
    assert (told.alert.state, told.alert.callback) == ("acknowledged", contact)
    assert (await called_back(session, found, uuid4(), lin, NOW)).alert.callback == contact
    assert [each.act for each in await entries(session, found, 100, None)] == ["opened", "call_back"]


async def test_two_who_acknowledge_at_once_one_gets_it(sessions: Sessions) -> None:
    async with sessions.write() as session:
        for agent in ("lin", "mei"):
            await make_agent(session, agent)
        found = await alert_of(session, await customer_id(session))
    refused: list[str] = []

    async def acknowledge(who: str) -> None:
        try:
            async with sessions.write() as session:
                await act(session, found, "acknowledge", who, NOW)
        except AlertRefuses as error:
            refused.append(f"{who} {error.facts['state']}")

    tasks = Supervisor()
    for task in [tasks.start(who, acknowledge(who)) for who in ("lin", "mei")]:
        await task
    assert len(refused) == 1
    async with sessions.read() as reading:
        owner = (await alert(reading, found)).alert.owner
    assert f"{owner} acknowledged" not in refused


async def test_the_work_list_is_by_due_time_in_pages_and_filtered(session: WriteSession) -> None:
    lin, who = await make_agent(session), await customer_id(session)
    other = await customer_id(session, "Amy")
    for place, severity in enumerate(SEVERITIES):
        due = 3_600.0 * (3 - place)
        await alert_of(session, who, severity, severity=severity, due_seconds=due, owner=lin if place else None)
    await alert_of(session, other, "later", due_seconds=86_400.0)
    everything = await find(session, Wanted(), 10, None)
    assert [each.alert.rule_id for each in everything] == ["medium", "critical", "low", "later"]
    assert (everything[0].title, everything[3].customer_name) == ("Rule medium", "Amy")
    first = await find(session, Wanted(), 2, None)
    second = await find(session, Wanted(), 2, (first[-1].alert.due_at, first[-1].alert.id))
    assert [*first, *second] == everything

    async def ids(wanted: Wanted) -> list[str]:
        return [each.alert.rule_id for each in await find(session, wanted, 10, None)]

    assert await ids(Wanted(owner=lin)) == ["medium", "critical"]
    assert await ids(Wanted(owner="")) == ["low", "later"]
    assert await ids(Wanted(severities=["critical", "low"])) == ["critical", "low"]
    assert await ids(Wanted(due_before=NOW + timedelta(hours=2))) == ["medium"]
    assert await ids(Wanted(customer_id=other)) == ["later"]
    assert await ids(Wanted(rule_id="low")) == ["low"]
    await act(session, everything[0].alert.id, "finish", lin, NOW)
    assert await ids(Wanted(customer_id=who)) == ["critical", "low"]
    assert await ids(Wanted(states=["done"])) == ["medium"]


async def test_the_work_list_goes_by_index(session: WriteSession) -> None:
    who = await customer_id(session)
    found = await alert_of(session, who)
    await session.execute(
        text("""
            insert into customer_alerts (customer_id, rule_id, severity, state, opened_at, matched_at, due_at,
                                         expires_at, evidence)
            select customer_id, rule_id, severity, 'done', at, at, at, at, '{}' from customer_alerts
            cross join lateral (select now() - n * interval '1 min' as at from generate_series(1, 3000) n) x
            where id = :id"""),
        {"id": found},
    )
    await session.execute(text("analyze customer_alerts"))
    plan = await plan_of(session, find(session, Wanted(), 50, None))
    assert "ix_customer_alerts_live" in plan
    assert "Seq Scan on customer_alerts" not in plan


async def test_open_alerts_pop_with_the_profile_the_gravest_first(session: WriteSession) -> None:
    who = await customer_id(session, numbers=["13800138000"])
    merged = await customer_id(session)
    for severity in SEVERITIES:
        await alert_of(session, merged if severity == "low" else who, severity, severity=severity, advice="问候客户")
    done = await alert_of(session, who, "done")
    await act(session, done, "finish", "lin", NOW)
    await merge(session, Side(merged), Side(who))
    found = await recognise(
        await connection_of(session),
        source="pbx",
        call_id="c1",
        raw_number="13800138000",
        default_region=REGION,
        now=NOW.timestamp(),
    )
    told = msgspec.json.decode(found.profile)["alerts"]
    assert [each["severity"] for each in told] == ["critical", "medium", "low"]
    assert told[0] == {
        "id": told[0]["id"],
        "rule": "critical",
        "title": "Rule critical",
        "advice": "问候客户",
        "severity": "critical",
        "state": "open",
        "owner": None,
        "opened_at": "2027-01-15T08:00:00.000Z",
        "due_at": "2027-01-15T09:00:00.000Z",
        "count": 1,
    }
    shown = await profile(await connection_of(session), merged, NOW.timestamp())
    assert shown is not None
    assert len(msgspec.json.decode(shown)["alerts"]) == 3


async def test_alerts_go_with_a_customer_who_is_removed_and_stay_with_a_user_who_is(session: WriteSession) -> None:
    await session.execute(insert(User).values(id="sun", name="Sun", role="supervisor", password_hash="-"))
    who = await customer_id(session)
    await alert_of(session, who, owner="sun")
    await session.execute(text("delete from users where id = 'sun'"))
    assert (await alerts(session))[0].owner is None
    await session.execute(text("delete from customers where id = :id"), {"id": who})
    assert await alerts(session) == []


async def test_two_batches_at_once_that_only_together_make_a_rule_hold(sessions: Sessions, engine: AsyncEngine) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await make_rule(session, "count('k', '1h') >= 20")
    tasks = Supervisor()

    async def one() -> None:
        async with sessions.write() as session:
            await tell(session, event(who, "k"))

    for task in [tasks.start(f"batch {n}", one()) for n in range(20)]:
        await task
    async with sessions.read() as reading:
        [found] = await reading.scalars(select(CustomerAlert))
        assert (found.count, found.evidence) == (1, {"count('k', '1h')": 20})


@pytest.mark.parametrize("together", [TOGETHER, 2], ids=["in one statement", "in many"])
async def test_batches_that_repeat_each_other_backwards_neither_deadlock_nor_double(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("app.customers.usage.storing.TOGETHER", together)
    async with sessions.write() as session:
        who = await customer_id(session)
    given = [event(who, "k") for _ in range(200)]
    tasks, taken = Supervisor(), list[int]()

    async def one(backwards: bool) -> None:
        async with sessions.write() as session:
            told = await tell(session, *(reversed(given) if backwards else given))
            taken.append(told.taken)

    for task in [tasks.start(f"batch {n}", one(bool(n % 2))) for n in range(6)]:
        await task
    assert sorted(taken) == [0, 0, 0, 0, 0, 200]
