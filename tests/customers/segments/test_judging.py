"""Judging customers: all of them, those who have changed, and what is written of it."""

from datetime import timedelta

from sqlalchemy import text

from app.customers.merge_models import UnknownCaller
from app.customers.record.whole import versions_of
from app.customers.segments.rounds import begin, begin_daily
from app.customers.service import change_customer
from app.db.engine import WriteSession
from app.interactions.unknown import adopt
from tests.customers.factories import REGION, customer_id
from tests.customers.segments.ruling import (
    GOLD,
    NOW,
    SILVER,
    give,
    judge_all,
    judge_noted,
    let_count,
    moves,
    noted,
    rules,
    standing,
)
from tests.customers.usage.telling import event, make_rule, tell
from tests.interactions.factories import make_interaction


async def test_the_first_rule_that_holds_gives_the_tier_and_each_that_holds_a_segment(session: WriteSession) -> None:
    rich, poor = await customer_id(session), await customer_id(session)
    await give(session, rich, 600_000)
    await give(session, poor, 10)
    segments = {"saver": "holdings('account') > 0", "borrower": "'loan' in customer.holds"}
    await let_count(session, rules({"gold": GOLD, "silver": SILVER, "none": "true"}, segments))
    found = await judge_all(session)
    assert (found.looked, found.moved, found.untold, found.ended) == (2, 2, 0, "done")
    assert (await standing(session, rich))[:2] == ("gold", ["saver"])
    assert (await standing(session, poor))[:2] == (None, ["saver"])


async def test_a_move_tells_by_which_rule_and_by_what_values(session: WriteSession) -> None:
    who = await customer_id(session)
    await give(session, who, 600_000.5)
    made = await let_count(session, rules({"gold": f"{GOLD} && customer.kind == 'person'"}, {"all": "holdings() >= 1"}))
    await judge_all(session)
    tier, segment = await moves(session, who)
    assert (tier.part, tier.before, tier.after, tier.rule) == ("tier", None, "gold", "is-gold")
    assert tier.evidence == {"balance('CNY')": 600_000.5, "customer.kind": "person"}
    assert (tier.source, tier.rule_set, tier.who) == ("rules", made.number, "rules")
    assert (segment.part, segment.before, segment.after, segment.evidence) == (
        "segment",
        None,
        "all",
        {"holdings()": 1},
    )
    [version] = await versions_of(session, who, 9, None)
    assert version.changes == {"tier_id": [None, "gold"], "computed_segments": [[], ["all"]]}
    assert (version.who, version.why) == ("rules", f"rule set {made.number}")


async def test_who_is_as_the_rules_say_is_not_written(session: WriteSession) -> None:
    who = await customer_id(session)
    await give(session, who, 600_000)
    await let_count(session, rules({"gold": GOLD}, {"all": "true"}))
    await judge_all(session)
    before = await session.scalar(text("select xmin::text from customers"))
    at = (await standing(session, who))[2]
    await session.execute(text("insert into segment_changes (customer_id) select id from customers"))
    assert await judge_noted(session) == 0
    assert (await standing(session, who))[2] == at
    assert await session.scalar(text("select xmin::text from customers")) == before
    assert len(await moves(session, who)) == 2


async def test_other_systems_are_told_once_of_who_has_moved_and_of_nobody_else(session: WriteSession) -> None:
    rich, _ = await customer_id(session), await customer_id(session)
    await give(session, rich, 600_000)
    subscribed = "values ('crm', 'CRM', 'https://crm.example', '{customer.*}', '{s}')"
    await session.execute(text(f"insert into webhook_subscriptions (id, name, url, events, secrets) {subscribed}"))
    await let_count(session, rules({"gold": GOLD}, {"rich": GOLD}))
    await judge_all(session)
    await begin(session, NOW)
    assert (await judge_all(session)).moved == 0
    told = (await session.execute(text("select type, subject, data ->> 'who' from webhook_events"))).all()
    assert [tuple(row) for row in told] == [("customer.changed", f"customer:{rich}", "rules")]


async def test_rules_of_usage_see_the_segments_that_rules_give(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules(segments={"new": "true"}))
    await judge_all(session)
    await make_rule(session, "count('login.failed', '1h') >= 1 && 'new' in customer.segments")
    assert (await tell(session, event(who))).alerts_opened == 1


async def test_a_changed_holding_is_judged_again(session: WriteSession) -> None:
    who = await customer_id(session)
    account = await give(session, who, 600_000)
    await let_count(session, rules({"gold": GOLD, "silver": "true"}))
    await judge_all(session)
    await give(session, who, 10, external_id=account)
    assert await noted(session) == [who]
    assert await judge_noted(session) == 1
    assert (await standing(session, who))[0] == "silver"
    assert await noted(session) == []


async def test_a_changed_attribute_usage_and_contact_are_judged_again(session: WriteSession) -> None:
    who = await customer_id(session)
    segments = {
        "family": "attributes.household == 'H1'",
        "shopper": "count('card.used', '30d') >= 2",
        "caller": "contacts('30d', 'voice') >= 1 && recency() < 1.0",
    }
    await let_count(session, rules(segments=segments))
    await judge_all(session)
    assert (await standing(session, who))[1] == []
    await change_customer(session, who, None, {"attributes": {"household": "H1"}})
    assert await judge_noted(session) == 1
    await tell(session, event(who, "card.used"), event(who, "card.used"), event(who, "balance", value=1))
    assert await judge_noted(session) == 1
    await make_interaction(session, NOW - timedelta(hours=2), customer_id=who)
    assert await judge_noted(session) == 1
    assert (await standing(session, who))[1] == ["caller", "family", "shopper"]


async def test_a_contact_that_gets_its_customer_or_its_outcome_later_is_judged_then(session: WriteSession) -> None:
    who = await customer_id(session, numbers=["13800138000"])
    await let_count(session, rules(segments={"caller": "contacts('30d') >= 1", "twice": "contacts('30d') >= 2"}))
    await judge_all(session)
    unknown = await make_interaction(session, NOW - timedelta(hours=2), from_raw="13800138000")
    session.add(UnknownCaller(interaction_id=unknown.id, started_at=unknown.started_at, number="13800138000"))
    returned = await make_interaction(
        session, NOW - timedelta(hours=1), customer_id=who, direction="outbound", outcome="abandoned"
    )
    await judge_noted(session)
    assert (await standing(session, who))[1] == []
    await adopt(session, REGION)
    assert await noted(session) == [who]
    await judge_noted(session)
    assert (await standing(session, who))[1] == ["caller"]
    returned.outcome = "answered"
    await session.flush()
    assert await noted(session) == [who]
    await judge_noted(session)
    assert (await standing(session, who))[1] == ["caller", "twice"]


async def test_what_no_rule_asks_for_is_not_noted(session: WriteSession) -> None:
    who = await customer_id(session)
    await let_count(session, rules(segments={"person": "customer.kind == 'person'"}))
    await give(session, who, 1)
    await tell(session, event(who))
    await make_interaction(session, NOW, customer_id=who)
    await session.execute(text("update customers set updated_at = now(), version = version + 1"))
    assert await noted(session) == []


async def test_what_rules_move_is_not_judged_again_for_that(session: WriteSession) -> None:
    await customer_id(session)
    await let_count(session, rules({"gold": "true"}))
    await judge_all(session)
    assert await noted(session) == []


async def test_nothing_is_noted_where_no_rules_are_active(session: WriteSession) -> None:
    who = await customer_id(session)
    await give(session, who, 1)
    await change_customer(session, who, None, {"language": "zh"})
    assert await noted(session) == []


async def test_a_grace_band_keeps_a_tier_that_would_not_be_given_anew(session: WriteSession) -> None:
    who = await customer_id(session)
    account = await give(session, who, 600_000)
    held = "balance('CNY') >= (customer.tier == 'gold' ? 400000.0 : 500000.0)"
    await let_count(session, rules({"gold": held, "silver": "true"}))
    await judge_all(session)
    for amount, tier in ((450_000, "gold"), (390_000, "silver"), (450_000, "silver")):
        await give(session, who, amount, external_id=account)
        await judge_noted(session)
        assert (await standing(session, who))[0] == tier


async def test_those_who_were_merged_count_for_who_survives(session: WriteSession) -> None:
    who, other = await customer_id(session), await customer_id(session)
    await give(session, other, 600_000)
    await let_count(session, rules({"gold": GOLD, "silver": "true"}))
    await judge_all(session)
    assert (await standing(session, who))[0] == "silver"
    await session.execute(text("update customers set merged_into = :who where id = :id"), {"who": who, "id": other})
    await judge_noted(session)
    assert (await standing(session, who))[0] == "gold"


async def test_who_is_inactive_or_provisional_is_not_judged(session: WriteSession) -> None:
    gone = await customer_id(session, active=False)
    unknown = await customer_id(session, provisional=True)
    await let_count(session, rules({"gold": "true"}))
    assert (await judge_all(session)).looked == 0
    assert [(await standing(session, each))[0] for each in (gone, unknown)] == [None, None]


async def test_time_alone_moves_whoever_has_not_called_for_long(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_interaction(session, NOW - timedelta(days=20), customer_id=who)
    await let_count(session, rules(segments={"dormant": "recency() > 30.0"}))
    await judge_all(session)
    assert (await standing(session, who))[1] == []
    later = NOW + timedelta(days=11)
    assert await begin_daily(session, later)
    await judge_all(session, later)
    assert (await standing(session, who))[1] == ["dormant"]
