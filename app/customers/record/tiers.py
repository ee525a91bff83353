"""Tiers as records: how customers are classed and what that gains them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict, NotFound
from app.customers.models import Customer, Tier
from app.customers.segment_models import SegmentRuleSet
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new


class TierUnknown(NotFound):
    """No tier has this id."""

    code = "tier-unknown"


class TierTaken(Conflict):
    """The id belongs to another tier."""

    code = "tier-taken"


class TierInUse(Conflict):
    """Customers are of the tier."""

    code = "tier-in-use"


async def tier(session: AsyncSession, tier_id: str, *, lock: bool = False) -> Tier:
    """The tier with this id, with `lock` kept from other writers until the commit; raises `TierUnknown`."""
    found = await session.get(Tier, tier_id, with_for_update=lock)
    if found is None:
        raise TierUnknown(f"There is no tier {tier_id!r}.")
    return found


async def tiers(session: AsyncSession, limit: int, after: str | None) -> Sequence[Tier]:
    """Tiers in order of their id, those after `after`."""
    return (await session.scalars(in_order(Tier, limit, after))).all()


async def create_tier(session: WriteSession, **values: Any) -> Tier:
    """A new tier (`id`, `name`, `rank`, `bonus_seconds`, `colour`); raises `TierTaken`."""
    made = await insert_new(session, Tier, **values)
    if made is None:
        raise TierTaken(f"There is a tier {values['id']!r} already.", id=values["id"])
    return made


async def change_tier(session: WriteSession, tier_id: str, changes: Mapping[str, Any]) -> Tier:
    """Change fields of a tier; raises `TierUnknown`."""
    found = await tier(session, tier_id)
    for field, value in changes.items():
        setattr(found, field, value)
    return found


async def delete_tier(session: WriteSession, tier_id: str) -> None:
    """Remove a tier. Raises `TierUnknown`, or `TierInUse` while a customer is of it, or the active rules give
    it."""
    found = await tier(session, tier_id, lock=True)
    somebody = await session.scalar(select(Customer.id).where(Customer.tier_id == tier_id).limit(1))
    if somebody is not None:
        raise TierInUse(f"Customers are of the tier {tier_id!r}; class them otherwise first.", example=str(somebody))
    given = SegmentRuleSet.rules.contains({"tiers": [{"tier": tier_id}]})
    by = await session.scalar(select(SegmentRuleSet.number).where(SegmentRuleSet.state == "active", given))
    if by is not None:
        raise TierInUse(f"The active rules (set {by}) give the tier {tier_id!r}; activate others first.", rule_set=by)
    await session.delete(found)
