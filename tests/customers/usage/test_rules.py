"""Rules as records: every fault at once, audited, versioned, tried before they are switched on."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.audit.service import act_as
from app.customers.duplicates.merging import Side, merge
from app.customers.errors import CustomerNotFound
from app.customers.usage import previewing
from app.customers.usage.errors import RuleChanged, RuleFaulty, RuleInUse, RuleTaken, RuleUnknown
from app.customers.usage.models import UsageSweep
from app.customers.usage.previewing import preview, try_on
from app.customers.usage.rules import change_rule, delete_rule, rule, rules
from app.db.engine import WriteSession
from tests.customers.factories import customer_id
from tests.customers.usage.telling import NOW, ago, alerts, event, make_rule, tell

NOBODY = UUID(int=7)
CONDITION = "count('k', '1h') >= 1"


async def test_a_rule_with_faults_is_refused_with_all_of_them(session: WriteSession) -> None:
    with pytest.raises(RuleFaulty) as refused:
        await make_rule(session, "count('K', '1h') > 'x' || nothing", owner="nobody")
    assert [each["where"] for each in refused.value.facts["faults"]] == ["body.condition"] * 2 + ["body.owner"]
    assert all(each["accepted"] for each in refused.value.facts["faults"])
    assert await rules(session, 10, None) == []


async def test_changes_are_of_a_version_and_audited(session: WriteSession) -> None:
    await act_as(session, "sun")
    await make_rule(session, CONDITION)
    changed = await change_rule(session, "r", 1, {"severity": "low", "name": "Rule r"}, NOW)
    assert changed.version == 2
    with pytest.raises(RuleChanged, match="the rule is at version 2"):
        await change_rule(session, "r", 1, {"severity": "high"}, NOW)
    assert (await change_rule(session, "r", 2, {"severity": "low"}, NOW)).version == 2
    with pytest.raises(RuleFaulty):
        await change_rule(session, "r", 2, {"condition": "1 +"}, NOW)
    told = await session.scalars(select(AuditEntry).where(AuditEntry.kind == "usage_rule").order_by(AuditEntry.id))
    found: list[Any] = [(each.action, each.who, each.after) for each in told]
    assert found[0][:2] == ("usage_rule.created", "sun")
    assert found[1] == ("usage_rule.changed", "sun", {"severity": "low", "version": 2})
    assert len(found) == 2


async def test_ids_are_given_once_and_what_is_unknown_is_told(session: WriteSession) -> None:
    await make_rule(session, CONDITION)
    with pytest.raises(RuleTaken):
        await make_rule(session, CONDITION)
    for work in (rule(session, "x"), change_rule(session, "x", None, {}, NOW), delete_rule(session, "x")):
        with pytest.raises(RuleUnknown):
            await work


async def test_a_rule_that_gave_alerts_is_switched_off_and_not_removed(session: WriteSession) -> None:
    await make_rule(session, CONDITION)
    await make_rule(session, CONDITION, "other", enabled=False)
    await tell(session, event(await customer_id(session), "k"))
    with pytest.raises(RuleInUse):
        await delete_rule(session, "r")
    await delete_rule(session, "other")
    await change_rule(session, "r", None, {"enabled": False}, NOW)
    assert await session.get(UsageSweep, "r", populate_existing=True) is None


async def test_a_rule_that_asks_something_else_is_held_against_everybody_again(session: WriteSession) -> None:
    await make_rule(session, CONDITION)
    at = await session.get_one(UsageSweep, "r")
    at.everybody_after = None
    await session.flush()
    await change_rule(session, "r", None, {"name": "Other"}, NOW)
    assert (await session.get_one(UsageSweep, "r", populate_existing=True)).everybody_after is None
    await change_rule(session, "r", None, {"condition": "count('k', '2h') >= 1"}, NOW)
    assert (await session.get_one(UsageSweep, "r", populate_existing=True)).everybody_after is not None


async def test_a_condition_is_tried_on_one_customer_with_what_it_comes_to(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await merge(session, Side(one), Side(other))
    await tell(session, event(one, "balance", ago(days=1), value=80))
    condition = "last('balance', '7d') < 100.0 && trend('balance', '90d') < 0.0"
    tried = await try_on(session, condition, one, NOW)
    assert (tried.customer_id, tried.holds) == (other, False)
    assert tried.evidence == {"last('balance', '7d')": 80.0, "trend('balance', '90d')": None}
    assert (await try_on(session, "last('balance', '7d') < 100.0", one, NOW)).holds
    with pytest.raises(RuleFaulty):
        await try_on(session, "nothing", one, NOW)
    with pytest.raises(CustomerNotFound):
        await try_on(session, condition, NOBODY, NOW)


async def test_a_preview_tells_who_would_be_alerted_and_alerts_nobody(session: WriteSession) -> None:
    people = [await customer_id(session, f"N{n}") for n in range(6)]
    await tell(session, *(event(who, "k") for place, who in enumerate(people) for _ in range(place)))
    found = await preview(session, "count('k', '1h') >= 3", NOW)
    assert (found.looked_at, found.complete, found.would_alert) == (5, True, 3)
    assert {each.customer_id for each in found.examples} == set(people[3:])
    assert {each.name for each in found.examples} == {"N3", "N4", "N5"}
    assert await alerts(session) == []


async def test_a_preview_of_very_many_says_that_there_are_more(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "MOST_LOOKED_AT", 3)
    monkeypatch.setattr(previewing, "PAGE", 2)
    people = [await customer_id(session, f"N{n}") for n in range(5)]
    await tell(session, *(event(who, "k") for who in people))
    found = await preview(session, CONDITION, NOW)
    assert (found.looked_at, found.complete, found.would_alert) == (3, False, 3)


async def test_what_a_rule_finds_when_it_is_switched_on_is_what_the_preview_said(session: WriteSession) -> None:
    used, unused = await customer_id(session), await customer_id(session)
    await tell(session, event(used, "card.used", ago(days=2)), event(unused, "card.used", ago(days=70)))
    found = await preview(session, "absent('card.used', '60d')", NOW)
    assert [each.customer_id for each in found.examples] == [unused]
    assert found.examples[0].matched_at == NOW
