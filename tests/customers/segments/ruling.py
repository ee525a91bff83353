"""Rules of tiers and segments for tests: in few words, through the services that HTTP calls."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import FrozenClock, utc
from app.customers.models import Customer
from app.customers.record.holdings import GivenHolding, put_holding
from app.customers.segment_models import CustomerMove, SegmentRound, SegmentRuleSet
from app.customers.segments.previewing import preview
from app.customers.segments.rounds import judge_changed, judge_page
from app.customers.segments.rule_sets import activate, create_draft
from app.customers.segments.rules import Rules, Score, SegmentRule, TierRule
from app.db.engine import WriteSession
from tests.customers.factories import make_tier

NOW = utc(FrozenClock().instant)
GOLD = "balance('CNY') >= 500000.0"
SILVER = "balance('CNY') >= 50000.0"
_ids = count(1)


def rules(
    tiers: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    scores: Mapping[str, str] | None = None,
) -> Rules:
    """Rules of tiers, segments and scores: of each its condition. The tier `none` is none."""
    return Rules(
        tiers=tuple(TierRule(f"is-{name}", None if name == "none" else name, it) for name, it in (tiers or {}).items()),
        segments=tuple(SegmentRule(name, name.capitalize(), it) for name, it in (segments or {}).items()),
        scores=tuple(Score(name, it) for name, it in (scores or {}).items()),
    )


async def draft(session: WriteSession, given: Rules, **values: Any) -> SegmentRuleSet:
    """A draft of these rules; their tiers are made if need be."""
    for rule in given.tiers:
        if rule.tier is not None:
            await make_tier(session, rule.tier)
    return await create_draft(session, given, **{"note": None, "daily_at": "02:00", "time_zone": "UTC"} | values)


async def let_count(session: WriteSession, given: Rules, now: datetime = NOW, **values: Any) -> SegmentRuleSet:
    """Rules that are active; nobody has been judged by them."""
    made = await draft(session, given, **values)
    await preview(session, made.number, None, 1, now)
    return await activate(session, made.number, None, now)


async def judge_all(session: WriteSession, now: datetime = NOW) -> SegmentRound:
    """Go on with the round that is open until it has ended; the round."""
    while await judge_page(session, now) is not None:
        pass
    found = await session.scalars(select(SegmentRound).order_by(SegmentRound.id.desc()).limit(1))
    return found.one()


async def judge_noted(session: WriteSession, now: datetime = NOW) -> int:
    """Judge all who have changed; how many moved."""
    moved = 0
    while (found := await judge_changed(session, now)) is not None:
        moved += found.moved
    return moved


async def give(
    session: WriteSession, customer: UUID, amount: float = 0.0, kind: str = "account", currency: str = "CNY", **how: Any
) -> str:
    """Let a customer have one more holding with so much on it; its id."""
    made = str(how.pop("external_id", f"H{next(_ids)}"))
    details = {"balance": {"minor": round(amount * 100), "currency": currency}}
    given = GivenHolding(kind=kind, details=how.pop("details", details), opened_on=how.pop("opened", date(2020, 1, 1)))
    await put_holding(session, customer, "core", made, given)
    return made


async def standing(session: AsyncSession, customer: UUID) -> tuple[str | None, list[str], int]:
    """The tier, the segments by rules and the version of a customer, as they are in the database."""
    columns = (Customer.tier_id, Customer.computed_segments, Customer.version)
    row = (await session.execute(select(*columns).where(Customer.id == customer))).one()
    return row[0], row[1], row[2]


async def moves(session: AsyncSession, customer: UUID) -> list[CustomerMove]:
    """All moves of a customer, the oldest first."""
    query = select(CustomerMove).where(CustomerMove.customer_id == customer).order_by(CustomerMove.id)
    return list(await session.scalars(query, execution_options={"populate_existing": True}))


async def noted(session: AsyncSession) -> list[UUID]:
    """Who is to be judged again."""
    return list(await session.scalars(text("select customer_id from segment_changes order by id")))
