"""What is kept to be looked at: events whose request broke off, customers who changed, what held in a quiet time."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from app.core.clock import FrozenClock
from app.core.errors import Invalid, Unavailable
from app.core.tasks import Supervisor
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.models import Customer
from app.customers.usage import arriving
from app.customers.usage.alerts import act
from app.customers.usage.arriving import take_in_parts
from app.customers.usage.given import Batch, read_batch
from app.customers.usage.looking import Looked
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry, UsageLook
from app.customers.usage.remembered import GRACE, look_at, look_at_due
from app.customers.usage.sweeping import catch_up, keep_catching_up
from app.db.engine import Sessions, WriteSession
from tests.customers.factories import customer_id, make_agent
from tests.customers.usage.telling import NOW, SOURCE, ago, alerts, event, lines, make_rule, tell
from tests.fixtures.waiting import eventually

THREE = "count('k', '1h') >= 3"


async def looked(session: WriteSession, now: datetime = NOW) -> int:
    """Look at all that is due; how many alerts were opened."""
    opened = 0
    while (found := await look_at_due(session, now)) is not None:
        opened += found.opened
    return opened


async def waiting(session: WriteSession) -> int:
    return await session.scalar(select(func.count()).select_from(UsageLook)) or 0


async def change(session: WriteSession, who: UUID, **values: Any) -> None:
    await session.execute(update(Customer).where(Customer.id == who).values(**values))


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page can be looked at."""

    async def look_at(_session: WriteSession, _ids: Sequence[int], _now: datetime) -> Looked:
        raise Unavailable("gone")

    monkeypatch.setattr(arriving, "look_at", look_at)


async def test_a_batch_is_kept_and_looked_at_in_pages(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.customers.usage.looking.PAGE", 4)
    pages = list[int]()

    async def seen(session: WriteSession, ids: Sequence[int], now: datetime) -> Looked:
        pages.append(len(ids))
        return await look_at(session, ids, now)

    monkeypatch.setattr(arriving, "look_at", seen)
    async with sessions.write() as session:
        people = [await customer_id(session, f"N{n}") for n in range(5)]
        await make_rule(session, "count('k', '1h') >= 2")
    taken = await take_in_parts(
        sessions, SOURCE, lines(event(who, "k") for who in people for _ in (1, 2)), FrozenClock()
    )
    assert (taken.taken, taken.alerts_opened, pages) == (10, 5, [2, 2, 1])
    with pytest.raises(Invalid):
        await take_in_parts(sessions, SOURCE, lines([event(external_id="nobody")]), FrozenClock())
    async with sessions.write() as session:
        assert await waiting(session) == 0


async def test_a_batch_is_read_beside_the_loop(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it is up to whoever sends it, and searching megabytes of digits for card numbers takes seconds."""
    threads: list[int] = []

    def seen(body: bytes, received_at: datetime) -> Batch:
        threads.append(threading.get_ident())
        return read_batch(body, received_at)

    monkeypatch.setattr(arriving, "read_batch", seen)
    with pytest.raises(Invalid):
        await take_in_parts(sessions, SOURCE, lines([event(external_id="nobody")]), FrozenClock())
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.usefixtures("broken")
async def test_events_that_were_kept_and_not_looked_at_are_looked_at_later(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await make_rule(session, THREE)
    body = lines([event(who, "k", ago(minutes=n)) for n in range(3)] + [event(who, "unasked")])
    taken = await take_in_parts(sessions, SOURCE, body, FrozenClock())
    assert (taken.taken, taken.alerts_opened) == (4, 0)
    assert (await take_in_parts(sessions, SOURCE, body, FrozenClock())).repeated == 4
    clock = FrozenClock()
    assert await catch_up(sessions, clock) == 0, "the request may be at it"
    clock.advance(GRACE.total_seconds())
    assert await catch_up(sessions, clock) == 1
    async with sessions.write() as session:
        [row] = await alerts(session)
        assert (row.matched_at, row.count, await waiting(session)) == (NOW, 1, 0)


async def test_batches_at_once_in_parts_find_what_they_make_hold_together(sessions: Sessions) -> None:
    async with sessions.write() as session:
        people = [await customer_id(session, f"N{n}") for n in range(3)]
        await make_rule(session, "count('k', '1h') >= 6")
    tasks = Supervisor()

    async def one() -> None:
        await take_in_parts(sessions, SOURCE, lines(event(who, "k") for who in people), FrozenClock())

    for task in [tasks.start(f"batch {n}", one()) for n in range(6)]:
        await task
    async with sessions.write() as session:
        assert [row.evidence for row in await alerts(session)] == [{"count('k', '1h')": 6}] * 3


async def test_what_came_while_a_batch_waited_to_be_kept_is_seen_with_it(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await make_rule(session, THREE)
        soon = NOW + timedelta(seconds=1)
        await tell(session, event(who, "k", soon), now=soon)
    times = iter([0.0, 2.0])
    late = lines(event(who, "k", ago(seconds=n)) for n in (1, 2))
    taken = await take_in_parts(sessions, SOURCE, late, lambda: NOW.timestamp() + next(times))
    assert taken.alerts_opened == 1


async def test_changes_of_many_customers_and_then_of_one_are_both_seen(session: WriteSession) -> None:
    await make_rule(session, "count('k', '1d') >= 1 && customer.language == 'zh'")
    await session.execute(text("insert into customers (name) select 'N' || n from generate_series(1, 2000) n"))
    one = await customer_id(session)
    await change(session, one, language="en")
    await session.execute(text("update customers set language = 'zh'"))
    assert await waiting(session) == 2_002


async def test_a_change_of_tier_that_makes_a_rule_hold_alerts(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1d') >= 1 && customer.tier == 'gold'")
    await tell(session, event(who, "k"))
    assert await looked(session) == 0
    await session.execute(text("insert into tiers (id, name, rank) values ('gold', 'Gold', 1) on conflict do nothing"))
    await change(session, who, tier_id="gold")
    assert await looked(session) == 1


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("customer.kind == 'company'", {"kind": "company"}),
        ("customer.language == 'zh'", {"language": "zh"}),
        ("'vip' in customer.segments", {"segments": ["vip"]}),
        ("'vip' in customer.segments", {"computed_segments": ["vip"]}),  # given by rules
    ],
)
async def test_a_change_of_kind_language_or_segments_that_makes_a_rule_hold_alerts(
    session: WriteSession, condition: str, values: dict[str, Any]
) -> None:
    who = await customer_id(session)
    await make_rule(session, f"count('k', '1d') >= 1 && {condition}")
    await tell(session, event(who, "k"))
    await change(session, who, **values)
    assert await looked(session) == 1


async def test_who_is_made_active_again_is_looked_at(session: WriteSession) -> None:
    who = await customer_id(session, active=False)
    await make_rule(session, "count('k', '1d') >= 1")
    await tell(session, event(who, "k"))
    await change(session, who, active=True)
    assert await looked(session) == 1


async def test_changes_that_no_rule_asks_for_are_not_looked_at(session: WriteSession) -> None:
    who = await customer_id(session)
    await change(session, who, language="zh")
    await make_rule(session, "count('k', '1d') >= 1")
    await change(session, who, language="en", name="Amy")
    assert await waiting(session) == 0


async def test_a_second_look_does_not_count_as_news(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1d') >= 1 && customer.language != 'fr'")
    await tell(session, event(who, "k"))
    await change(session, who, language="zh")
    assert await looked(session) == 0
    assert [row.count for row in await alerts(session)] == [1]


async def test_a_merge_that_makes_a_rule_hold_alerts(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, THREE)
    await tell(session, event(one, "k"), event(one, "k"), event(other, "k"))
    await merge(session, Side(one), Side(other))
    assert await looked(session) == 1
    assert [row.customer_id for row in await alerts(session)] == [other]


async def test_an_unmerge_that_makes_a_rule_hold_alerts(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, "count('k', '1h') == 2")
    await merge(session, Side(one), Side(other))
    await tell(session, *(event(who, "k") for who in (one, one, other, other)))
    assert await alerts(session) == []
    await unmerge(session, Side(one))
    assert await looked(session) == 2


async def test_after_a_merge_one_alert_of_a_rule_is_live(session: WriteSession) -> None:
    """The one that somebody has acknowledged, and its count is that of both."""
    agent = await make_agent(session)
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1")
    await make_rule(session, "count('j', '1h') >= 1", "other")
    await tell(session, event(one, "k"), event(other, "k"), event(one, "j"))
    taken = next(row.id for row in await alerts(session) if (row.customer_id, row.rule_id) == (one, "r"))
    await act(session, taken, "acknowledge", agent, NOW)
    await merge(session, Side(one), Side(other))
    await looked(session)
    states = {(row.customer_id, row.rule_id): (row.state, row.count) for row in await alerts(session)}
    assert states == {(one, "r"): ("acknowledged", 2), (other, "r"): ("expired", 1), (one, "other"): ("open", 1)}
    merged = select(CustomerAlertEntry).where(CustomerAlertEntry.act == "merged")
    assert [entry.note for entry in await session.scalars(merged)] == [str(taken)]


async def test_what_crosses_a_window_in_a_quiet_time_alerts_at_its_end(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "absent('k', '1d')", quiet_seconds=86_400.0)
    await tell(session, event(who, "k", ago(hours=30)))
    await session.execute(update(CustomerAlert).values(state="done", closed_at=NOW))
    crossing, end = NOW + timedelta(hours=23), NOW + timedelta(days=1)
    await tell(session, event(who, "k", crossing - timedelta(days=1)), now=crossing)
    assert (len(await alerts(session)), await waiting(session)) == (1, 1)
    assert await looked(session, end - timedelta(seconds=1)) == 0
    assert await looked(session, end) == 1
    assert await waiting(session) == 0


async def test_what_no_longer_holds_when_the_quiet_time_ends_alerts_nobody(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1", quiet_seconds=86_400.0)
    await tell(session, event(who, "k"))
    await session.execute(update(CustomerAlert).values(state="done", closed_at=NOW))
    await tell(session, event(who, "k"), event(who, "k"))
    assert await waiting(session) == 1
    assert await looked(session, NOW + timedelta(days=1)) == 0
    assert len(await alerts(session)) == 1


async def test_the_program_catches_up_beside_a_sweep_that_is_long_at_work(sessions: Sessions) -> None:
    """The rule is new: the sweep, which holds it against everybody first, does not run here at all."""
    async with sessions.write() as session:
        one, other = await customer_id(session), await customer_id(session)
        await make_rule(session, THREE)
        await tell(session, event(one, "k"), event(one, "k"), event(other, "k"))
        await merge(session, Side(one), Side(other))
    supervisor = Supervisor()
    supervisor.start("catching up", keep_catching_up(sessions, FrozenClock(), every=0.01))

    async def found() -> int:
        async with sessions.write() as session:
            return len(await alerts(session))

    assert await eventually(found, lambda count: count == 1) == 1
    await supervisor.stop()
