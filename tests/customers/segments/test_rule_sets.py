"""Sets of rules: draft, previewed, active, retired; and the preview that says who would move."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.customers.record.tiers import TierInUse, delete_tier
from app.customers.segment_models import SegmentRuleSet
from app.customers.segments.errors import (
    ActivatedMeanwhile,
    NotJudged,
    NotPreviewed,
    RuleSetChanged,
    RuleSetFaulty,
    RuleSetFixed,
)
from app.customers.segments.previewing import preview, try_on
from app.customers.segments.rule_sets import activate, change_draft, delete_draft
from app.db.engine import Sessions, WriteSession
from tests.customers.factories import customer_id, make_tier
from tests.customers.segments.ruling import (
    GOLD,
    NOW,
    draft,
    give,
    judge_all,
    let_count,
    moves,
    noted,
    rules,
    standing,
)


async def test_a_preview_tells_who_would_move_and_moves_nobody(session: WriteSession) -> None:
    rich, fallen = await customer_id(session, "Rich"), await customer_id(session, "Fallen")
    await give(session, rich, 600_000)
    await make_tier(session, "gold")
    await session.execute(text("update customers set tier_id = 'gold' where name = 'Fallen'"))
    await session.execute(text("update customers set origins = '{}'"))
    made = await draft(session, rules({"gold": GOLD, "none": "true"}, {"saver": "holdings() > 0"}))
    before = await session.scalar(text("select array_agg(c::text order by id) from customers c"))
    found = await preview(session, made.number, None, 100, NOW)
    assert (found.customers, found.looked_at, found.complete) == (2, 2, True)
    assert (found.tiers, found.segments, found.judged.moved) == ({"gold": 1, "": 1}, {"saver": 1}, 2)
    assert [(each.part, each.before, each.after, each.customers) for each in found.moves] == [
        ("segment", None, "saver", 1),
        ("tier", "gold", None, 1),
        ("tier", None, "gold", 1),
    ]
    assert found.moves[2].examples == [(rich, "Rich", {"balance('CNY')": 600_000.0})]
    assert await session.scalar(text("select array_agg(c::text order by id) from customers c")) == before
    assert [each for each in await moves(session, fallen) if each.source == "rules"] == []
    assert await moves(session, rich) == []
    assert await noted(session) == []


async def test_a_preview_of_some_says_that_it_is_not_complete(session: WriteSession) -> None:
    for _ in range(4):
        await customer_id(session)
    made = await draft(session, rules({"gold": "true"}))
    found = await preview(session, made.number, None, 3, NOW)
    assert (found.customers, found.looked_at, found.complete, found.judged.moved) == (4, 3, False, 3)


async def test_rules_can_be_tried_on_one_customer(session: WriteSession) -> None:
    who = await customer_id(session)
    await give(session, who, 600_000)
    made = await draft(session, rules({"gold": GOLD}, {"old": "customer.age > 60"}))
    found = await try_on(session, made.number, who, NOW)
    assert (found.tier, found.segments, found.kept) == ("gold", (), False)
    assert found.rules == [
        ("tier is-gold", True, {"balance('CNY')": 600_000.0}),
        ("segment old", None, {"customer.age": None}),
    ]
    with pytest.raises(NotJudged):
        await try_on(session, made.number, await customer_id(session, active=False), NOW)


async def test_why_somebody_is_in_a_segment_is_told_by_the_scores_that_put_them_there(session: WriteSession) -> None:
    customers = [await customer_id(session) for _ in range(5)]
    for place, who in enumerate(customers):
        await give(session, who, 100 * place)
    made = await let_count(session, rules(segments={"top": "score.value == 5"}, scores={"value": "balance('CNY')"}))
    await judge_all(session)
    for _ in range(20):
        await give(session, await customer_id(session), 1_000_000)
    found = await try_on(session, made.number, customers[-1], NOW)
    assert (found.segments, (await standing(session, customers[-1]))[1]) == (("top",), ["top"])
    assert found.rules == [("segment top", True, {"score.value": 5})]
    other = await draft(session, rules(segments={"top": "score.value == 5"}, scores={"value": "balance('CNY')"}))
    assert (await try_on(session, other.number, customers[-1], NOW)).segments == ()


async def test_a_draft_is_activated_only_as_it_was_previewed(session: WriteSession) -> None:
    made = await draft(session, rules({"gold": "true"}))
    with pytest.raises(NotPreviewed, match="has not been previewed"):
        await activate(session, made.number, None, NOW)
    await preview(session, made.number, None, 1, NOW)
    await change_draft(session, made.number, 1, rules({"gold": "false"}), {})
    with pytest.raises(NotPreviewed, match="was previewed as version 1"):
        await activate(session, made.number, None, NOW)
    with pytest.raises(RuleSetChanged):
        await activate(session, made.number, 1, NOW)
    await preview(session, made.number, 2, 1, NOW)
    assert (await activate(session, made.number, 2, NOW)).state == "active"


async def test_what_was_active_stays_readable_and_as_it_was(session: WriteSession) -> None:
    first = await let_count(session, rules({"gold": "true"}))
    second = await let_count(session, rules({"silver": "true"}))
    query = select(SegmentRuleSet.number, SegmentRuleSet.state).order_by(SegmentRuleSet.number)
    assert [tuple(row) for row in await session.execute(query)] == [
        (first.number, "retired"),
        (second.number, "active"),
    ]
    for number in (first.number, second.number):
        with pytest.raises(RuleSetFixed):
            await change_draft(session, number, None, rules({"gold": "false"}), {})
        with pytest.raises(RuleSetFixed):
            await delete_draft(session, number)
    for past in ("update segment_rule_sets set asks = '{x}'", "delete from segment_rule_sets"):
        with pytest.raises(IntegrityError, match="stay as they were"):
            async with session.begin_nested():
                await session.execute(text(past))


async def test_faulty_rules_are_not_kept(session: WriteSession) -> None:
    with pytest.raises(RuleSetFaulty) as refused:
        await draft(session, rules(segments={"a": "nope(", "b": "true", "c": "customer.kind > 1"}))
    assert [each["where"] for each in refused.value.facts["faults"]] == [
        "body.segments.0.condition",
        "body.segments.2.condition",
    ]


async def test_a_tier_that_is_gone_when_rules_are_activated_is_told(session: WriteSession) -> None:
    made = await draft(session, rules({"gold": "true"}))
    await preview(session, made.number, None, 1, NOW)
    await delete_tier(session, "gold")
    with pytest.raises(RuleSetFaulty, match="'gold' is no tier"):
        await activate(session, made.number, None, NOW)


async def test_a_tier_that_active_rules_give_is_not_removed(session: WriteSession) -> None:
    await let_count(session, rules({"gold": "true"}))
    with pytest.raises(TierInUse, match="The active rules"):
        await delete_tier(session, "gold")
    await let_count(session, rules())
    await delete_tier(session, "gold")


async def test_of_two_activations_at_once_one_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        numbers = [(await draft(session, rules({tier: "true"}))).number for tier in ("gold", "silver")]
        for number in numbers:
            await preview(session, number, None, 1, NOW)

    async def attempt(number: int) -> Any:
        async with sessions.write() as session:
            await activate(session, number, None, NOW)
            await asyncio.sleep(0.1)

    told = await asyncio.gather(*(attempt(number) for number in numbers), return_exceptions=True)
    assert [type(each) for each in told if each is not None] == [ActivatedMeanwhile]
    async with sessions.read() as reading:
        states = await reading.scalars(select(SegmentRuleSet.state).order_by(SegmentRuleSet.state))
        assert list(states) == ["active", "draft"]


async def test_of_one_draft_activated_twice_at_once_the_second_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        number = (await draft(session, rules({"gold": "true"}))).number
        await preview(session, number, None, 1, NOW)

    async def attempt() -> Any:
        async with sessions.write() as session:
            await activate(session, number, None, NOW)

    told = await asyncio.gather(attempt(), attempt(), return_exceptions=True)
    assert [type(each) for each in told if each is not None] == [RuleSetFixed]


async def test_an_empty_set_takes_all_out_of_segments_and_leaves_tiers(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules({"gold": "true"}, {"all": "true"}))
    await judge_all(session)
    await let_count(session, rules())
    await judge_all(session)
    assert (await standing(session, who))[:2] == ("gold", [])
