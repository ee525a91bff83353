"""Holding rules against customers, many at once: which rule holds for whom, since when, and why."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.usage.conditions import FUNCTIONS, Condition, holds, read, told
from app.customers.usage.giving_way import Steps
from app.customers.usage.measuring import Asked, customers, measure_each
from app.customers.usage.models import UsageRule
from app.customers.usage.windows import EMPTY, Measured, Window

STEPS = 500
EVALUATION = 10
"""One evaluation is so many steps: some ten of them take a millisecond or two."""

_EMPTY: Mapping[Window, Measured] = {}


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
    return await matches_each(session, [(rule, asked) for rule in rules])


async def matches_each(session: AsyncSession, wanted: Sequence[tuple[Watched, Sequence[Asked]]]) -> list[Match]:
    """Which rules hold for whom of those that each is asked of, each rule and customer once."""
    wanted = [(rule, asked) for rule, asked in wanted if asked]
    if not wanted:
        return []
    steps = Steps(STEPS)
    known = await customers(session, {each.customer_id for _, asked in wanted for each in asked})
    needed: dict[Asked, set[Window]] = defaultdict(set)
    for (_, condition), asked in wanted:
        for each in asked:
            if each.customer_id in known:
                needed[each] |= condition.windows
            await steps.take()
    measured = await measure_each(session, needed)
    found: list[Match] = []
    for rule, asked in wanted:
        held: dict[UUID, Match] = {}
        judge = _Judge(rule.condition)
        for each in sorted(set(asked) & needed.keys(), key=lambda each: each.as_of, reverse=True):
            if each.customer_id not in held:
                customer, here = known[each.customer_id], measured.get(each, _EMPTY)
                await steps.take(EVALUATION)
                if judge.holds(here, customer):
                    evidence = told(rule.condition, here)
                    held[each.customer_id] = Match(rule.rule_id, *each[:1], customer["name"], each.as_of, evidence)
        found += held.values()
    return found


class _Judge:
    """Holds one condition against many. It is a function of what its calls came to and of what it may ask of the
    customer, so where these are as they were it is not evaluated again."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self._calls = [(FUNCTIONS[call.function].of, call.window) for call in condition.calls]
        self._known: dict[tuple[Any, ...], bool] = {}

    def holds(self, here: Mapping[Window, Measured], customer: Mapping[str, Any]) -> bool:
        if self._condition.windows.isdisjoint(here):
            return False
        came_to = [of(here.get(window, EMPTY)) for of, window in self._calls]
        key = (*came_to, customer["tier"], customer["kind"], customer["language"], *customer["segments"])
        held = self._known.get(key)
        if held is None:
            held = self._known[key] = holds(self._condition, here, customer)
        return held
