"""Holding rules against customers, many at once: which rule holds for whom, since when, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.usage.conditions import Condition, holds, read, told
from app.customers.usage.measuring import Asked, customers, measure
from app.customers.usage.models import UsageRule


class Watched(NamedTuple):
    """A rule that is enabled, as far as it says when it holds."""

    rule_id: str
    condition: Condition


class Match(NamedTuple):
    """That a rule holds for a customer: at what instant (the latest of those asked), and what its windows came to."""

    rule_id: str
    customer_id: UUID
    name: str
    matched_at: datetime
    evidence: Mapping[str, Any]


async def watched(session: AsyncSession) -> list[Watched]:
    """All rules that are enabled."""
    rows = await session.execute(
        select(UsageRule.id, UsageRule.condition).where(UsageRule.enabled).order_by(UsageRule.id)
    )
    return [Watched(row.id, read(row.condition)) for row in rows]


async def matches(session: AsyncSession, rules: Sequence[Watched], asked: Sequence[Asked]) -> list[Match]:
    """Which of the rules hold for whom, each rule and customer once."""
    if not rules or not asked:
        return []
    windows = {window for rule in rules for window in rule.condition.windows}
    known = await customers(session, {each.customer_id for each in asked})
    asked = sorted(each for each in asked if each.customer_id in known)
    measured = await measure(session, asked, windows)
    found: dict[tuple[str, UUID], Match] = {}
    for each in asked:  # in order of time, so that the latest counts
        customer, here = known[each.customer_id], measured.get(each, {})
        for rule_id, condition in rules:
            if holds(condition, here, customer):
                evidence = told(condition, here)
                found[rule_id, each.customer_id] = Match(
                    rule_id, each.customer_id, customer["name"], each.as_of, evidence
                )
    return list(found.values())
