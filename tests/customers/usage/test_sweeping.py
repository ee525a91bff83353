"""What becomes true by time passing, and what late events show to be wrong."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from app.core.clock import FrozenClock
from app.core.tasks import Supervisor
from app.customers.usage import sweeping
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry, UsageEventId, UsageSweep
from app.customers.usage.rules import change_rule
from app.customers.usage.sweeping import expire_due, forget, keep_sweeping, sweep, sweep_page
from app.db.engine import Sessions, WriteSession, create_engine
from tests.customers.factories import customer_id
from tests.customers.usage.telling import NOW, ago, alerts, event, make_rule, tell
from tests.fixtures.waiting import eventually

UNUSED = "absent('card.used', '60d')"


async def swept(session: WriteSession, now: datetime) -> int:
    """Sweep until nothing is due; how many alerts were opened."""
    opened = 0
    while (found := await sweep_page(session, now)) is not None:
        opened += found
    return opened


async def test_an_absence_is_found_when_its_time_has_come_and_once(session: WriteSession) -> None:
    who = await customer_id(session)
    await customer_id(session, "Never used a card")
    await make_rule(session, UNUSED)
    await tell(session, event(who, "card.used", ago(days=10)), event(who, "card.used", ago(days=1)))
    assert await swept(session, NOW) == 0
    assert await swept(session, NOW + timedelta(days=58)) == 0
    assert await swept(session, NOW + timedelta(days=59)) == 1
    assert await swept(session, NOW + timedelta(days=59, hours=1)) == 0
    [row] = await alerts(session)
    assert (row.customer_id, row.count, row.evidence) == (who, 1, {UNUSED: True})


async def test_who_uses_it_again_in_time_is_not_missed(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, UNUSED)
    await tell(session, event(who, "card.used", ago(days=50)), event(who, "card.used", NOW))
    assert await swept(session, NOW + timedelta(days=30)) == 0


async def test_a_trend_is_found_by_time_passing(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "trend('balance', '90d') < -0.5")
    await tell(session, event(who, "balance", ago(days=30), value=100), event(who, "balance", ago(days=1), value=20))
    assert await swept(session, NOW) == 0
    assert await swept(session, NOW + timedelta(days=14)) == 0
    assert await swept(session, NOW + timedelta(days=16)) == 1


async def test_a_rule_that_is_switched_on_finds_whom_it_holds_for_already(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 3)
    people = [await customer_id(session, f"N{n}") for n in range(8)]
    await tell(session, *(event(who, "card.used", ago(days=70)) for who in people[:5]))
    rule = await make_rule(session, UNUSED, enabled=False)
    assert await swept(session, NOW) == 0
    await change_rule(session, rule.id, 1, {"enabled": True}, NOW)
    assert await swept(session, NOW) == 5
    assert await swept(session, NOW + timedelta(days=1)) == 0


async def test_many_who_cross_at_one_instant_are_all_found(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 3)
    people = [await customer_id(session, f"N{n}") for n in range(10)]
    await make_rule(session, UNUSED)
    await tell(session, *(event(who, "card.used", ago(days=1)) for who in people))
    assert await swept(session, NOW) == 0
    assert await swept(session, NOW + timedelta(days=60)) == 10


async def test_the_sweep_goes_on_where_it_was_stopped(session: WriteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 2)
    people = [await customer_id(session, f"N{n}") for n in range(4)]
    await make_rule(session, UNUSED)
    await tell(session, *(event(who, "card.used", ago(days=1)) for who in people))
    await swept(session, NOW)
    then = NOW + timedelta(days=60)
    assert await sweep_page(session, then) == 2
    at = await session.get_one(UsageSweep, "r", populate_existing=True)
    assert (at.looked_until, at.looked_customer) == (ago(days=1) + timedelta(days=60), sorted(people)[1])
    assert await swept(session, then + timedelta(minutes=1)) == 2


async def test_a_rule_that_is_switched_off_is_not_swept(session: WriteSession) -> None:
    who = await customer_id(session)
    rule = await make_rule(session, UNUSED)
    await tell(session, event(who, "card.used", ago(days=1)))
    await change_rule(session, rule.id, None, {"enabled": False}, NOW)
    assert await swept(session, NOW + timedelta(days=70)) == 0


async def test_a_late_event_whose_time_to_cross_has_passed_is_seen_at_once(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "absent('heartbeat', '1h')")
    await swept(session, NOW)
    assert (await tell(session, event(who, "heartbeat", ago(minutes=90)))).alerts_opened == 1


async def test_a_late_event_disproves_an_absence(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, UNUSED)
    assert (await tell(session, event(who, "card.used", ago(days=61)))).alerts_opened == 1
    later = NOW + timedelta(hours=1)
    assert (await tell(session, event(who, "card.used", ago(days=2)), now=later)).alerts_disproved == 1
    [row] = await alerts(session)
    assert (row.state, row.closed_at) == ("expired", later)
    acts = await session.scalars(select(CustomerAlertEntry.act).order_by(CustomerAlertEntry.id))
    assert list(acts) == ["opened", "disproved"]


async def test_news_after_an_alert_disproves_nothing(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, UNUSED)
    assert (await tell(session, event(who, "card.used", ago(days=61)))).alerts_opened == 1
    later = NOW + timedelta(hours=1)
    assert (await tell(session, event(who, "card.used", later), now=later)).alerts_disproved == 0


async def test_alerts_that_nobody_takes_expire(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1", expire_seconds=60.0)
    await tell(session, event(who, "k"))
    assert await expire_due(session, NOW + timedelta(seconds=59)) == 0
    assert await expire_due(session, NOW + timedelta(seconds=60)) == 1
    [row] = await alerts(session)
    assert (row.state, row.closed_at) == ("expired", NOW + timedelta(seconds=60))


async def test_ids_of_events_are_forgotten_when_they_would_not_be_taken_again(session: WriteSession) -> None:
    who = await customer_id(session)
    await tell(session, event(who, at=ago(days=700)), event(who))
    assert await forget(session, NOW + timedelta(days=700)) == 0
    assert await forget(session, NOW + timedelta(days=800)) == 1
    assert await session.scalar(select(func.count()).select_from(UsageEventId)) == 1


async def test_several_processes_share_a_sweep_and_find_everybody_once(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 2)
    async with sessions.write() as session:
        people = [await customer_id(session, f"N{n}") for n in range(9)]
        await tell(session, *(event(who, "card.used", ago(days=70)) for who in people))
        for rule_id in ("a", "b"):
            await make_rule(session, UNUSED, rule_id)
    tasks, opened = Supervisor(), list[int]()

    async def one() -> None:
        opened.append(await sweep(sessions, NOW))

    for task in [tasks.start(f"sweep {n}", one()) for n in range(3)]:
        await task
    assert sum(opened) == 18
    async with sessions.read() as reading:
        assert await reading.scalar(select(func.count()).select_from(CustomerAlert)) == 18


async def test_the_program_sweeps_as_time_goes_on(sessions: Sessions) -> None:
    clock = FrozenClock()
    async with sessions.write() as session:
        await tell(session, event(await customer_id(session), "card.used", ago(days=59)))
        await make_rule(session, UNUSED)
    supervisor = Supervisor()
    supervisor.start("sweep", keep_sweeping(sessions, clock, every=0.01))
    clock.advance(2 * 86_400)

    async def found() -> int:
        async with sessions.read() as reading:
            return await reading.scalar(select(func.count()).select_from(CustomerAlert)) or 0

    assert await eventually(found, lambda count: count == 1) == 1
    await supervisor.stop()


async def test_sweeping_survives_a_database_that_is_away() -> None:
    engine = create_engine("postgresql+asyncpg://me@/db?host=/nonexistent")
    with capture_logs() as logs:
        supervisor = Supervisor()
        keeper = supervisor.start("sweep", keep_sweeping(Sessions(engine), FrozenClock(), every=0.01))
        await eventually(lambda: asyncio.sleep(0, len(logs)), lambda told: told > 1)
        assert not keeper.done()
        await supervisor.stop()
    assert logs[0]["event"] == "usage cannot be swept now"
