"""Tiers set by people up to an instant, and who has the last word: people, feeds, rules."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.audit.service import act_as
from app.customers.duplicates.merging import Side, merge
from app.customers.errors import UnknownTier
from app.customers.models import Customer
from app.customers.segment_models import TierOverride
from app.customers.segments.errors import NothingToTakeBack, OverrideInThePast, OverrideTooLong, SegmentUnknown
from app.customers.segments.overrides import end_due, override, overrides_of, take_back
from app.customers.segments.rounds import begin
from app.customers.segments.segment_overrides import (
    end_due_segments,
    override_segment,
    segment_overrides_of,
    take_segment_back,
)
from app.customers.service import change_customer
from app.db.engine import Sessions, WriteSession
from tests.customers.factories import customer_id, make_tier
from tests.customers.feeds.imports import imported, rows
from tests.customers.segments.ruling import (
    GOLD,
    NOW,
    give,
    judge_all,
    judge_noted,
    let_count,
    moves,
    noted,
    rules,
    standing,
)

WEEK = NOW + timedelta(days=7)
BY_BALANCE = rules({"gold": GOLD, "silver": "true"})


async def tier(session: WriteSession, who: object) -> tuple[str | None, str | None]:
    """The tier, and who has set it."""
    query = select(Customer.tier_id, Customer.origins["tier_id"].astext).where(Customer.id == who)
    row = (await session.execute(query)).one()
    return row[0], row[1]


async def test_rules_leave_an_override_alone_and_take_over_by_themselves_at_its_end(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_tier(session, "private")
    await let_count(session, BY_BALANCE)
    await judge_all(session)
    await act_as(session, "sue")
    made = await override(session, who, "private", "complaint of 4111 1111 1111 1111 settled", WEEK, NOW)
    assert (made.made_by, made.tier_before, made.origin_before) == ("sue", "silver", "rules")
    assert made.reason == "complaint of …1111 settled"
    assert await tier(session, who) == ("private", "hand")
    await give(session, who, 600_000)
    assert await judge_noted(session) == 0
    assert (await tier(session, who))[0] == "private"
    assert await end_due(session, WEEK - timedelta(seconds=1)) == 0
    assert await end_due(session, WEEK) == 1
    assert await tier(session, who) == ("gold", "rules")
    assert [(each.before, each.after, each.source) for each in await moves(session, who)] == [
        (None, "silver", "rules"),
        ("silver", "private", "hand"),
        ("private", "silver", "hand"),
        ("silver", "gold", "rules"),
    ]
    assert [each.why for each in await moves(session, who)][1:3] == [
        "complaint of …1111 settled",
        "the override has ended",
    ]
    [ended] = await overrides_of(session, who, 9, None)
    await session.refresh(ended)
    assert (ended.ended_at, ended.ended_because) == (WEEK, "until")
    assert await end_due(session, WEEK) == 0


async def test_without_rules_the_end_restores_what_was_before_and_whose_it_was(session: WriteSession) -> None:
    await make_tier(session, "private")
    who = await customer_id(session, tier="silver")
    await session.execute(text("update customers set source = 'core', origins = '{}'"))
    await override(session, who, "private", "try it", WEEK, NOW)
    await end_due(session, WEEK)
    assert await tier(session, who) == ("silver", None)


async def test_what_is_changed_by_hand_during_an_override_stays(session: WriteSession) -> None:
    await make_tier(session, "private")
    who = await customer_id(session, tier="silver")
    await let_count(session, BY_BALANCE)
    await override(session, who, "private", "try it", WEEK, NOW)
    await change_customer(session, who, None, {"tier_id": "gold"})
    await end_due(session, WEEK)
    assert await tier(session, who) == ("gold", "hand")


async def test_an_override_is_replaced_and_what_was_before_is_not_forgotten(session: WriteSession) -> None:
    for each in ("private", "gold"):
        await make_tier(session, each)
    who = await customer_id(session)
    await override(session, who, "private", "first", WEEK, NOW)
    await override(session, who, "gold", "second", WEEK + timedelta(days=1), NOW)
    latest, first = await overrides_of(session, who, 9, None)
    await session.refresh(first)
    assert (latest.tier, latest.tier_before, first.ended_because) == ("gold", None, "replaced")
    assert await end_due(session, WEEK) == 0
    await end_due(session, WEEK + timedelta(days=1))
    assert await tier(session, who) == (None, None)


async def test_an_override_of_the_same_tier_keeps_it(session: WriteSession) -> None:
    who = await customer_id(session)
    account = await give(session, who, 600_000)
    await let_count(session, BY_BALANCE)
    await judge_all(session)
    await override(session, who, "gold", "promised", WEEK, NOW)
    await give(session, who, 1, external_id=account)
    await judge_noted(session)
    assert await tier(session, who) == ("gold", "hand")
    await end_due(session, WEEK)
    assert await tier(session, who) == ("silver", "rules")


async def test_an_override_that_is_taken_back_lets_the_rules_speak_at_once(session: WriteSession) -> None:
    await make_tier(session, "private")
    who = await customer_id(session)
    await let_count(session, BY_BALANCE)
    await judge_all(session)
    await override(session, who, "private", "try it", WEEK, NOW)
    record = await take_back(session, who, "a mistake", NOW)
    assert record.customer.tier_id == "silver"
    ended = await session.scalar(select(TierOverride.ended_because))
    assert ended == "taken_back"


async def test_a_tier_set_by_hand_is_kept_until_it_is_taken_back(session: WriteSession) -> None:
    who = await customer_id(session, tier="gold")
    await let_count(session, BY_BALANCE)
    found = await judge_all(session)
    assert (found.moved, found.kept, await tier(session, who)) == (0, 1, ("gold", "hand"))
    assert (await take_back(session, who, None, NOW)).customer.tier_id == "silver"
    with pytest.raises(NothingToTakeBack):
        await take_back(session, who, None, NOW)


async def test_an_override_is_refused_that_is_in_the_past_or_without_end_or_of_no_tier(session: WriteSession) -> None:
    who = await customer_id(session, tier="gold")
    with pytest.raises(OverrideInThePast) as past:
        await override(session, who, "gold", "late", NOW, NOW)
    assert past.value.facts["faults"][0]["where"] == "body.until"
    with pytest.raises(OverrideTooLong):
        await override(session, who, "gold", "for ever", NOW + timedelta(days=9_999), NOW)
    with pytest.raises(UnknownTier):
        await override(session, who, "golden", "unknown", WEEK, NOW)
    assert await overrides_of(session, who, 9, None) == []


async def test_a_tier_that_was_removed_meanwhile_is_not_restored(session: WriteSession) -> None:
    await make_tier(session, "private")
    who = await customer_id(session, tier="silver")
    await override(session, who, "private", "try it", WEEK, NOW)
    await session.execute(text("delete from tiers where id = 'silver'"))
    await end_due(session, WEEK)
    assert (await tier(session, who))[0] is None


async def test_who_is_being_changed_when_an_override_ends_is_not_waited_for(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await make_tier(session, "private")
        who = await customer_id(session)
        await override(session, who, "private", "try it", WEEK, NOW)
    async with sessions.write() as editing:
        await change_customer(editing, who, None, {"language": "en"})
        async with sessions.write() as session:
            assert await end_due(session, WEEK) == 0
    async with sessions.write() as session:
        assert await end_due(session, WEEK) == 1


async def test_a_segment_is_overridden_either_way_and_judged_by_the_rules_at_the_end(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules(segments={"in": "true", "out": "false"}))
    await judge_all(session)
    await act_as(session, "sue")
    await override_segment(session, who, "out", member=True, reason="asked", until=WEEK, now=NOW)
    await override_segment(session, who, "in", member=False, reason="asked", until=WEEK, now=NOW)
    assert (await standing(session, who))[1] == ["out"]
    await begin(session, NOW)
    assert (await judge_all(session)).moved == 0
    latest = (await moves(session, who))[-1]
    assert (latest.before, latest.after, latest.evidence and latest.evidence["by"]) == ("in", None, "sue")
    assert await end_due_segments(session, WEEK - timedelta(seconds=1)) == 0
    assert await end_due_segments(session, WEEK) == 2
    assert (await standing(session, who))[1] == ["in"]
    assert {each.ended_because for each in await segment_overrides_of(session, who, 9, None)} == {"until"}


async def test_an_override_of_a_segment_is_replaced_and_taken_back(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules(segments={"a": "false"}))
    await judge_all(session)
    for member in (True, False, True):
        await override_segment(session, who, "a", member=member, reason="r", until=WEEK, now=NOW)
        assert (await standing(session, who))[1] == (["a"] if member else [])
    await take_segment_back(session, who, "a", "a mistake", NOW)
    assert (await standing(session, who))[1] == []
    with pytest.raises(NothingToTakeBack, match="the segment 'a'"):
        await take_segment_back(session, who, "a", None, NOW)


async def test_an_override_of_no_segment_or_in_the_past_is_refused(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules(segments={"a": "false"}))
    with pytest.raises(SegmentUnknown):
        await override_segment(session, who, "b", member=True, reason="r", until=WEEK, now=NOW)
    with pytest.raises(OverrideInThePast):
        await override_segment(session, who, "a", member=True, reason="r", until=NOW, now=NOW)


async def test_overrides_of_who_was_merged_are_among_those_of_the_survivor(session: WriteSession) -> None:
    await make_tier(session, "private")
    one, other = await customer_id(session), await customer_id(session)
    await let_count(session, rules(segments={"a": "false"}))
    await override(session, one, "private", "promised", WEEK, NOW)
    await override_segment(session, one, "a", member=True, reason="asked", until=WEEK, now=NOW)
    await merge(session, Side(one), Side(other))
    for who in (one, other):
        assert [each.customer_id for each in await overrides_of(session, who, 9, None)] == [one]
        assert [each.customer_id for each in await segment_overrides_of(session, who, 9, None)] == [one]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


async def test_a_feed_leaves_a_tier_that_rules_have_given_unless_it_ranks_higher(
    sessions: Sessions, file: Path
) -> None:
    async with sessions.write() as session:
        await let_count(session, rules({"gold": "true"}))
        await make_tier(session, "silver")
    await imported(sessions, file, "id,name,tier\nC1,A,silver\n")
    async with sessions.write() as session:
        assert await judge_noted(session) == 1
    report = await imported(sessions, file, "id,name,tier\nC1,B,silver\n")
    assert (report.counts["changed"], report.counts["kept"]) == (1, 1)
    look = "select name, tier_id, origins from customers"
    assert await rows(sessions, look) == [("B", "gold", {"tier_id": "rules"})]
    async with sessions.write() as session:
        await session.execute(text("update feed_sources set rank = 70 where id = 'core'"))
    await imported(sessions, file, "id,name,tier\nC1,C,silver\n")
    assert (await rows(sessions, look))[0][1] == "silver"
    async with sessions.write() as session:
        assert await judge_noted(session) == 0  # the feed ranks higher now
        assert [(each.after, each.source) for each in await moves(session, (await rows(sessions, IDS))[0][0])] == [
            ("gold", "rules"),
            ("silver", "core"),
        ]


@pytest.mark.parametrize("rank", [50, 100, 150])
async def test_a_feed_of_any_rank_leaves_an_override_and_has_its_say_after_it(
    sessions: Sessions, file: Path, rank: int
) -> None:
    async with sessions.write() as session:
        for each in ("silver", "gold"):
            await make_tier(session, each)
    await imported(sessions, file, "id,name,tier\nC1,A,silver\n")
    async with sessions.write() as session:
        await session.execute(text("update feed_sources set rank = :rank where id = 'core'"), {"rank": rank})
        [who] = await session.scalars(text(IDS))
        await override(session, who, "silver", "as it was promised", WEEK, NOW)
    report = await imported(sessions, file, "id,name,tier\nC1,B,gold\n")
    assert (report.counts["changed"], report.counts["kept"]) == (1, 1)
    assert await rows(sessions, "select name, tier_id from customers") == [("B", "silver")]
    async with sessions.write() as session:
        assert await end_due(session, WEEK) == 1
    await imported(sessions, file, "id,name,tier\nC1,B,gold\n")
    assert await rows(sessions, "select name, tier_id from customers") == [("B", "gold")]


async def test_a_feed_of_segments_and_rules_of_segments_do_not_overwrite_one_another(
    sessions: Sessions, file: Path
) -> None:
    async with sessions.write() as session:
        await let_count(session, rules(segments={"all": "'vip' in customer.segments"}))
    await imported(sessions, file, 'id,name,segments\nC1,A,"vip,old"\n')
    async with sessions.write() as session:
        await judge_noted(session)
    for _ in range(2):
        assert (await imported(sessions, file, 'id,name,segments\nC1,A,"vip,old"\n')).counts["unchanged"] == 1
    assert await rows(sessions, "select segments, computed_segments from customers") == [(["vip", "old"], ["all"])]
    async with sessions.write() as session:
        assert await noted(session) == []


IDS = "select id from customers"
