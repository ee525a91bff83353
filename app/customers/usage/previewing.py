"""Trying a rule before it is switched on: against one customer, or to see who would be alerted."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.record.whole import survivor_of
from app.customers.usage.conditions import condition_faults, holds, read, told
from app.customers.usage.errors import RuleFaulty
from app.customers.usage.measuring import Asked, customers, measure
from app.customers.usage.models import IN_ORDER
from app.customers.usage.watching import Match, Watched, matches

MOST_LOOKED_AT = 20_000
PAGE = 2_000
EXAMPLES = 100

_USERS = text(f"""
    select distinct coalesce(c.merged_into, c.id) as id from (
        select distinct u.customer_id from usage_events u
        where u.kind = any(cast(:kinds as text[])) and u.counts_at > :since and u.counts_at <= :until
          and {IN_ORDER} > cast(:since as timestamptz) at time zone 'UTC'
        limit :most) found join customers c on c.id = found.customer_id
    order by 1""")  # noqa: S608 - a constant


class Tried(NamedTuple):
    """Whether a condition holds for a customer now, and what each window comes to."""

    customer_id: UUID
    holds: bool
    evidence: Mapping[str, Any]


class Preview(NamedTuple):
    """Who would be alerted now, of `looked_at` customers; there are more to look at if it is not `complete`."""

    looked_at: int
    complete: bool
    would_alert: int
    examples: Sequence[Match]


async def try_on(session: AsyncSession, condition: str, customer_id: UUID, now: datetime) -> Tried:
    """Hold a condition against the customer, or against who survives them. Raises RuleFaulty, CustomerNotFound."""
    _ensure_sound(condition)
    wanted = read(condition)
    asked = Asked(await survivor_of(session, customer_id), now)
    known = await customers(session, [asked.customer_id])
    measured = (await measure(session, [asked], wanted.windows)).get(asked, {})
    held = asked.customer_id in known and holds(wanted, measured, known[asked.customer_id])
    return Tried(asked.customer_id, held, told(wanted, measured))


async def preview(session: AsyncSession, condition: str, now: datetime) -> Preview:
    """Hold a condition against up to MOST_LOOKED_AT customers who have used what it asks for. Raises RuleFaulty."""
    _ensure_sound(condition)
    rule = Watched("", read(condition))
    since = now - timedelta(seconds=max(window.seconds for window in rule.condition.windows))
    given = {"kinds": list(rule.condition.kinds), "since": since, "until": now, "most": MOST_LOOKED_AT + 1}
    ids = list(await session.scalars(_USERS, given))
    looked_at = ids[:MOST_LOOKED_AT]
    found: list[Match] = []
    for start in range(0, len(looked_at), PAGE):
        found += await matches(session, [rule], [Asked(each, now) for each in looked_at[start : start + PAGE]])
    return Preview(len(looked_at), len(ids) <= MOST_LOOKED_AT, len(found), found[:EXAMPLES])


def _ensure_sound(condition: str) -> None:
    faults = condition_faults(condition)
    if faults:
        raise RuleFaulty(faults)
