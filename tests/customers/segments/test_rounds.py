"""Rounds through all customers: restarted, shared, superseded, daily; and what several processes do to one another."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from app.core.clock import FrozenClock
from app.core.tasks import Supervisor
from app.customers.models import Customer
from app.customers.segment_models import SegmentRound
from app.customers.segments import keeping, rounds
from app.customers.segments.errors import NothingActive, RoundRunning
from app.customers.segments.keeping import keep_judging, work
from app.customers.segments.rounds import begin, begin_daily, judge_changed, judge_page, last_due
from app.customers.service import change_customer
from app.db.engine import Sessions, WriteSession, create_engine
from tests.customers.factories import customer_id
from tests.customers.segments.ruling import NOW, give, judge_all, judge_noted, let_count, moves, noted, rules, standing
from tests.fixtures.waiting import eventually

ALL = rules({"gold": "true"})


async def golden(session: WriteSession) -> int:
    return await session.scalar(select(func.count()).select_from(Customer).where(Customer.tier_id == "gold")) or 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PAGE", 2)


@pytest.mark.usefixtures("small")
async def test_a_round_goes_on_where_it_was_stopped_and_judges_nobody_twice(sessions: Sessions) -> None:
    async with sessions.write() as session:
        for _ in range(5):
            await customer_id(session)
        await let_count(session, ALL)
    async with sessions.write() as session:
        assert await judge_page(session, NOW) is not None
    async with sessions.write() as session:
        assert await judge_page(session, NOW) is not None
        await session.rollback()  # the process dies before the page is committed
    async with sessions.write() as session:
        assert await golden(session) == 2
        found = await judge_all(session)
        assert (found.looked, found.moved, found.ended) == (5, 5, "done")
        assert await session.scalar(text("select count(*) from customer_moves")) == 5


@pytest.mark.usefixtures("small")
async def test_a_page_at_work_is_not_done_a_second_time(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await customer_id(session)
        await let_count(session, ALL)
    async with sessions.write() as one, sessions.write() as other:
        assert await judge_page(one, NOW) is not None
        assert await judge_page(other, NOW) is None


@pytest.mark.usefixtures("small")
async def test_other_rules_end_the_round_of_those_before(session: WriteSession) -> None:
    for _ in range(3):
        await customer_id(session)
    await let_count(session, ALL)
    await judge_page(session, NOW)
    await let_count(session, rules({"silver": "true"}))
    await judge_all(session)
    ended = await session.scalars(select(SegmentRound.ended).order_by(SegmentRound.id))
    assert list(ended) == ["superseded", "done"]
    assert await golden(session) == 0


async def test_who_is_being_changed_is_not_waited_for_and_judged_again(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await let_count(session, ALL)
    async with sessions.write() as editing:
        await change_customer(editing, who, None, {"language": "en"})
        async with sessions.write() as session:
            found = await judge_page(session, NOW)
            assert found is not None
            assert (found.moved, found.again) == (0, 1)
    async with sessions.write() as session:
        assert await judge_noted(session) == 1
        assert await standing(session, who) == ("gold", [], 3)


async def test_who_changes_while_they_are_judged_is_judged_again(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        account = await give(session, who, 10)
        await let_count(session, rules({"gold": "balance('CNY') >= 100.0"}))
        await judge_all(session)
        await give(session, who, 20, external_id=account)
    async with sessions.write() as judging:
        assert await judge_changed(judging, NOW) is not None
        async with sessions.write() as session:
            await give(session, who, 200, external_id=account)
    async with sessions.write() as session:
        assert await noted(session) == [who]
        assert await judge_noted(session) == 1


async def test_a_round_begins_daily_by_the_clocks_of_its_time_zone_and_once(session: WriteSession) -> None:
    await customer_id(session)
    await let_count(session, ALL, daily_at="02:30", time_zone="Asia/Shanghai")
    await judge_all(session)
    due = last_due("02:30", "Asia/Shanghai", NOW) + timedelta(days=1)
    assert not await begin_daily(session, due - timedelta(minutes=1))
    assert await begin_daily(session, due)
    assert not await begin_daily(session, due)
    await judge_all(session, due)
    assert not await begin_daily(session, due + timedelta(hours=23))


def test_when_a_time_of_day_was_last() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert last_due("02:00", "UTC", noon) == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert last_due("12:30", "UTC", noon) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert last_due("02:00", "Asia/Shanghai", noon) == datetime(2026, 3, 1, 18, tzinfo=UTC)


async def test_a_round_can_be_asked_for_where_none_is_running(session: WriteSession) -> None:
    with pytest.raises(NothingActive):
        await begin(session, NOW)
    await let_count(session, ALL)
    with pytest.raises(RoundRunning):
        await begin(session, NOW)
    await judge_all(session)
    assert (await begin(session, NOW)).reason == "asked"


async def test_customers_of_whom_something_cannot_be_told_are_reported_and_the_others_go_on(
    session: WriteSession,
) -> None:
    broken = [await customer_id(session, tier="silver") for _ in range(7)]
    for each in broken:
        await change_customer(session, each, None, {"attributes": {"household": {"odd": 1}}})
    fine = await customer_id(session, attributes={"household": "H"})
    await session.execute(text("update customers set origins = '{}'"))
    await let_count(session, rules({"gold": "attributes.household.startsWith('H')"}, {"all": "true"}))
    found = await judge_all(session)
    assert (found.looked, found.untold) == (8, 7)
    told = found.untold_by["tier is-gold"]
    assert (told["count"], len(told["examples"])) == (7, 5)
    assert "fails" in told["why"]
    assert (await standing(session, fine))[:2] == ("gold", ["all"])
    assert (await standing(session, broken[0]))[:2] == ("silver", ["all"])


async def test_scores_are_of_all_customers_and_stay_until_the_next_round(session: WriteSession) -> None:
    customers = [await customer_id(session) for _ in range(10)]
    held = [await give(session, who, 100 * place) for place, who in enumerate(customers)]
    given = rules(segments={"top": "score.value == 5", "low": "score.value == 1"}, scores={"value": "balance('CNY')"})
    await let_count(session, given)
    found = await judge_all(session)
    assert found.boundaries is not None
    assert len(found.boundaries["value"]) == 4
    assert [(await standing(session, who))[1] for who in customers[:2] + customers[-2:]] == [["low"]] * 2 + [
        ["top"]
    ] * 2
    await give(session, customers[0], 5_000, external_id=held[0])
    await judge_noted(session)
    assert (await standing(session, customers[0]))[1] == ["top"]
    assert [each.evidence for each in await moves(session, customers[0])][-1] == {"score.value": 5}


async def test_all_work_is_done_in_the_background_and_a_failure_is_survived(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await let_count(session, ALL)

    failures = [OSError("gone"), RuntimeError("odd")]

    async def failing(given: Sessions, now: datetime) -> bool:
        if failures:
            raise failures.pop()
        return await work(given, now)

    monkeypatch.setattr(keeping, "work", failing)
    tasks = Supervisor()
    with capture_logs() as logs:
        tasks.start("judging", keep_judging(sessions, FrozenClock(), every=0.01))

        async def tier() -> str | None:
            async with sessions.read() as session:
                return (await standing(session, who))[0]

        await eventually(tier, lambda found: found == "gold")
        await tasks.stop()
    assert [each["event"] for each in logs] == ["customers could not be judged", "customers cannot be judged now"]


async def test_processes_share_what_is_noted(sessions: Sessions) -> None:
    async with sessions.write() as session:
        customers = [await customer_id(session) for _ in range(20)]
        await let_count(session, rules({"gold": "holdings() > 0"}))
        await judge_all(session)
        for who in customers:
            await give(session, who, 1)
    url = sessions.engine.url.render_as_string(hide_password=False)
    engines = [create_engine(url) for _ in range(2)]
    await asyncio.gather(*(work(Sessions(engine), NOW) for engine in engines))
    async with sessions.read() as session:
        assert await noted(session) == []
        assert await session.scalar(text("select count(*) from customer_moves where part = 'tier'")) == 20
    for engine in engines:
        await engine.dispose()
