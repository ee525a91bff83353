"""What the report counts, and that no two reports of the same rows disagree."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.ids import new_id
from app.interactions.models import QueueVisit
from app.reports import service
from app.reports.intervals import Interval, Period, time_zone
from app.reports.metrics import Counts, added
from app.reports.queries import REMOVED, count_stays
from app.reports.service import QueueReport, QueueUnknown, queue_report
from app.routing.records.models import Queue
from tests.customers.plans import plan_of
from tests.interactions.factories import make_interaction, make_visit, this_hour

HOUR = timedelta(hours=1)


async def make_queue(session: AsyncSession, queue: str = "service", **given: Any) -> str:
    values = {"id": queue, "name": queue.title(), "service_level_seconds": 20, "short_abandon_seconds": 5}
    await session.execute(insert(Queue).values(values | given))
    return queue


async def report(
    session: AsyncSession,
    start: datetime | None = None,
    end: datetime | None = None,
    interval: Interval = Interval.HOUR,
    zone: str = "UTC",
    **given: Any,
) -> QueueReport:
    begin = start or this_hour()
    return await queue_report(session, Period(begin, end or begin + HOUR, interval, time_zone(zone)), **given)


async def test_stays_are_counted_by_how_they_ended_and_how_long_they_waited(session: AsyncSession) -> None:
    await make_queue(session)
    waits = {"answered": (0, 20, 20.5, 90), "abandoned": (5, 5.001, 20, 300), "flowed_out": (10, 500)}
    for outcome, seconds in waits.items():
        for wait in seconds:
            await make_visit(session, outcome=outcome, wait_seconds=float(wait))
    counts = (await report(session)).total.counts
    assert counts == Counts(
        answered=4,
        abandoned=4,
        flowed_out=2,
        answered_in_target=2,
        abandoned_in_target=3,
        abandoned_short=1,
        wait_answered_seconds=130.5,
        longest_wait_seconds=500,
    )
    assert counts.offered == 10


async def test_a_caller_who_is_called_back_is_offered_once_and_waits_at_home_unseen(session: AsyncSession) -> None:
    await make_queue(session)
    await make_visit(session, outcome="callback", wait_seconds=40.0)
    for outcome in ("called_back", "called_back", "callback_failed"):
        await make_visit(session, outcome=outcome, wait_seconds=7200.0, estimated_wait_seconds=60.0)
    total = (await report(session)).total
    assert (total.offered, total.metrics.abandon_rate) == (1, 0)
    assert total.counts == Counts(flowed_out=1, called_back=2, callbacks_failed=1, longest_wait_seconds=40)
    await make_visit(session, wait_seconds=10.0, estimated_wait_seconds=30.0)
    metrics = (await report(session)).total.metrics
    assert (metrics.prediction_bias_seconds, metrics.prediction_mae_seconds) == (20, 20)
    assert metrics.sl_offered_with_flow_outs == 0.5


async def test_predicted_waits_are_measured_by_what_the_answered_did_wait(session: AsyncSession) -> None:
    await make_queue(session)
    for predicted, waited in ((30.0, 10.0), (0.0, 40.0), (None, 500.0)):
        await make_visit(session, outcome="answered", wait_seconds=waited, estimated_wait_seconds=predicted)
    await make_visit(session, outcome="abandoned", wait_seconds=9.0, estimated_wait_seconds=900.0)
    total = (await report(session)).total
    assert (total.counts.predicted, total.metrics.prediction_bias_seconds, total.metrics.prediction_mae_seconds) == (
        2, -10.0, 30.0,
    )  # fmt: skip


async def test_each_queue_is_measured_by_its_own_target_or_by_one_for_all(session: AsyncSession) -> None:
    await make_queue(session, "fast", service_level_seconds=10, short_abandon_seconds=1)
    await make_queue(session, "slow", service_level_seconds=60, short_abandon_seconds=30)
    for queue in ("fast", "slow"):
        await make_visit(session, queue_id=queue, wait_seconds=30.0)
        await make_visit(session, queue_id=queue, outcome="abandoned", wait_seconds=15.0)
    own = {queue.queue: queue.total.counts for queue in (await report(session)).queues}
    assert [own[q].answered_in_target for q in ("fast", "slow")] == [0, 1]
    assert [own[q].abandoned_short for q in ("fast", "slow")] == [0, 1]
    same = await report(session, target=30, short=14)
    assert [queue.total.counts.answered_in_target for queue in same.queues] == [1, 1]
    assert [queue.service_level_seconds for queue in same.queues] == [30, 30]
    assert same.total.counts.abandoned_short == 0


async def test_intervals_are_half_open(session: AsyncSession) -> None:
    await make_queue(session)
    for entered in (this_hour(), this_hour() + timedelta(minutes=15), this_hour() + HOUR):
        await make_visit(session, entered)
    [queue] = (await report(session, interval=Interval.QUARTER)).queues
    assert [one.offered for one in queue.intervals] == [1, 1, 0, 0]
    assert [one.start - this_hour() for one in queue.intervals] == [n * timedelta(minutes=15) for n in range(4)]


async def test_handling_time_is_of_the_answered(session: AsyncSession) -> None:
    await make_queue(session)
    await make_interaction(session, talk_seconds=100.0, hold_seconds=20.0, wrap_up_seconds=30.0)
    await make_interaction(session, talk_seconds=50.0, hold_seconds=0.0, wrap_up_seconds=0.0)
    await make_interaction(session, outcome="abandoned", talk_seconds=999.0)
    await make_interaction(session, this_hour() - HOUR, talk_seconds=999.0)
    await make_interaction(session, queue_id=None, talk_seconds=999.0)
    total = (await report(session)).total
    assert (total.counts.handled, total.metrics.aht_seconds) == (2, 100)


async def test_a_queue_without_calls_is_told_and_one_that_is_gone_keeps_its_past(session: AsyncSession) -> None:
    await make_queue(session, "quiet")
    await make_visit(session, queue_id="gone", wait_seconds=10.0)
    told = await report(session)
    assert [(queue.queue, queue.name, queue.total.offered) for queue in told.queues] == [
        ("gone", None, 1),
        ("quiet", "Quiet", 0),
    ]
    assert told.queues[0].total.counts.answered_in_target == 1
    assert told.queues[1].total.metrics.sl_offered is None
    assert (await report(session, target=9)).queues[0].total.counts.answered_in_target == 0


async def test_only_the_named_queues(session: AsyncSession) -> None:
    for queue in ("a", "b", "c"):
        await make_visit(session, queue_id=await make_queue(session, queue))
    told = await report(session, queues=["a", "c"])
    assert [queue.queue for queue in told.queues] == ["a", "c"]
    assert told.total.offered == 2
    with pytest.raises(QueueUnknown):
        await report(session, queues=["a", "nowhere"])


async def test_a_report_that_is_too_large_says_so(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_queue(session)
    monkeypatch.setattr(service, "MAX_CELLS", 3)
    with pytest.raises(Invalid):
        await report(session, interval=Interval.QUARTER)


@pytest.fixture
async def fortnight(session: AsyncSession) -> datetime:
    """Two thousand stays in two queues over a fortnight; its first instant."""
    dice = random.Random(1)
    start = this_hour() - timedelta(days=14)
    await make_queue(session, "a", service_level_seconds=15)
    await make_queue(session, "b")
    rows = []
    for _ in range(2000):
        wait = dice.expovariate(1 / 20)
        entered = start + timedelta(seconds=dice.randrange(14 * 86400))
        times = {"started_at": entered - timedelta(seconds=dice.randrange(600)), "entered_at": entered}
        names = {"queue_id": dice.choice("ab"), "outcome": dice.choice(["answered", "abandoned", "flowed_out"])}
        ids = {"interaction_id": UUID(new_id()), "left_at": entered + timedelta(seconds=wait), "wait_seconds": wait}
        rows.append(times | names | ids)
    await session.execute(insert(QueueVisit), rows)
    return start


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu"])
async def test_two_reports_never_disagree(session: AsyncSession, fortnight: datetime, zone: str) -> None:
    """chatwoot#12261, and #4028: in whatever time zone."""
    end = fortnight + timedelta(days=14)
    told = [await report(session, fortnight, end, interval, zone) for interval in Interval]
    assert told[0].total.offered == 2000
    for one in told:
        same(one.total.counts, told[0].total.counts)
        for queue, first in zip(one.queues, told[0].queues, strict=True):
            same(queue.total.counts, first.total.counts)
            same(sum_of([interval.counts for interval in queue.intervals]), first.total.counts)
    days = [
        await report(session, fortnight + n * HOUR * 24, zone=zone, end=fortnight + (n + 1) * HOUR * 24)
        for n in range(14)
    ]
    same(sum_of([day.total.counts for day in days]), told[0].total.counts)


def sum_of(parts: list[Counts]) -> Counts:
    return added(parts)


def same(one: Counts, other: Counts) -> None:
    for name in Counts.__struct_fields__:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12), name


async def test_the_spread_of_service_levels_from_rows(session: AsyncSession) -> None:
    await make_queue(session, short_abandon_seconds=20)
    for outcome, wait, number in (
        *(("answered", 20, 4168), ("answered", 21, 3531)),
        *(("abandoned", 20, 1005), ("abandoned", 21, 1296)),
    ):
        await session.execute(_MANY, {"at": this_hour(), "outcome": outcome, "wait": wait, "number": number})
    metrics = (await report(session)).total.metrics
    found = (metrics.sl_offered, metrics.sl_answered, metrics.sl_abandon_credit, metrics.sl_excl_short)
    assert found == pytest.approx((0.4168, 0.5414, 0.5173, 0.4634), abs=1e-4)


_MANY = text("""
    insert into queue_visits (started_at, interaction_id, queue_id, entered_at, left_at, outcome, wait_seconds)
    select :at, uuidv7(), 'service', :at, :at, :outcome, :wait from generate_series(1, :number)""")


async def test_a_report_opens_only_the_months_it_needs(session: AsyncSession) -> None:
    month = this_hour().replace(day=15, hour=0)
    plan = await plan_of(session, count_stays(session, [month, month + HOUR], None, [], REMOVED))
    assert f"queue_visits_{month:%Y_%m}" in plan
    assert f"queue_visits_{month + timedelta(days=40):%Y_%m}" not in plan


async def test_an_average_lies_between_its_parts(session: AsyncSession) -> None:
    """Rocket.Chat#33080: average duration impossible; callcenter#41: answered calls shown as abandoned."""
    await make_queue(session)
    for wait in (1.0, 2.0, 600.0):
        visit = await make_visit(session, wait_seconds=wait)
        await make_interaction(session, id=visit.interaction_id, talk_seconds=wait, wrap_up_seconds=0.0)
    await make_visit(session, outcome="abandoned", wait_seconds=9000.0)
    total = (await report(session)).total
    assert (total.metrics.asa_seconds, total.metrics.aht_seconds) == (201, 201)
    assert (total.counts.answered, total.counts.abandoned) == (3, 1)
