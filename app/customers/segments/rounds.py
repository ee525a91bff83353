"""Judging everybody, and whoever has changed: a page a transaction, gone on with where it was stopped, shared by
several processes.

A round goes through all customers when rules are activated, when somebody asks for it, and daily, because time alone
changes how long ago something was. In between, customers are judged soon after something about them has changed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.record.ranks import blocking
from app.customers.segment_models import RULES, SegmentRound, SegmentRuleSet
from app.customers.segments.errors import NothingActive, RoundRunning
from app.customers.segments.judging import EXAMPLES, Counting, Judged, active_set, counting, judge
from app.customers.segments.rules import rules_of
from app.customers.segments.scoring import boundaries
from app.db.engine import WriteSession
from app.db.rows import newest

PAGE = 500
"""Customers of one transaction. Reading more at once would stop everything else in the process for longer."""

FIRST = UUID(int=0)

_PAGE = text("""
    select id from customers where id > :after and active and merged_into is null and not provisional
    order by id limit :page""")
# asked before anything is locked, for mostly there is nothing to do
_ANY_CHANGE = text("select exists (select from segment_changes)")
_ANY_ROUND = text("select exists (select from segment_rounds where ended_at is null)")
# in the order in which they were noted; what was noted many times is judged once
_TAKE = text("""
    delete from segment_changes where id = any(array(
        select id from segment_changes order by id limit :page for update skip locked))
    returning customer_id""")
# a page that is lost with its commit is only judged again
_IN_TIME = text("select set_config('synchronous_commit', 'off', true)")
_ROOTS = text("select distinct coalesce(merged_into, id) from customers where id = any(cast(:ids as uuid[]))")


async def judge_changed(session: WriteSession, now: datetime) -> Judged | None:
    """Judge a page of those who have changed; None where nobody has, or whose turn it is not known yet."""
    by = await counting(session) if await session.scalar(_ANY_CHANGE) else None
    if by is None:
        return None
    taken = list(await session.scalars(_TAKE, {"page": PAGE}))
    if not taken:
        return None
    customers = list(await session.scalars(_ROOTS, {"ids": list(set(taken))}))
    return await judge(session, by, customers, now)


async def judge_page(session: WriteSession, now: datetime) -> Judged | None:
    """One page of the round that is open; None where none is that nobody else is at."""
    if not await session.scalar(_ANY_ROUND):
        return None
    await session.execute(_IN_TIME)
    active = await active_set(session)
    at = None if active is None else await _open(session, active.number)
    if active is None or at is None:
        return None
    rules = rules_of(active.rules)
    if at.boundaries is None:
        at.boundaries = await boundaries(session, rules, now)
    by = Counting(active.number, rules, at.boundaries, await blocking(session, RULES))
    customers = list(await session.scalars(_PAGE, {"after": at.place or FIRST, "page": PAGE}))
    found = await judge(session, by, customers, now)
    _count(at, found)
    if len(customers) == PAGE:
        at.place = customers[-1]
    else:
        at.ended_at, at.ended = now, "done"
    return found


async def begin(session: WriteSession, now: datetime) -> SegmentRound:
    """Judge all customers anew in the background. Raises NothingActive, RoundRunning."""
    active = await active_set(session)
    if active is None:
        raise NothingActive
    running = await _running(session, active.number)
    new = _new(active.number, "asked", now).returning(SegmentRound)
    made: SegmentRound | None = None if running else await session.scalar(new)
    if made is None:
        raise RoundRunning(running or await _running(session, active.number) or 0)
    return made


async def begin_daily(session: WriteSession, now: datetime) -> bool:
    """Begin the round of the day, if its time has come; whether that was so."""
    active = await session.scalar(select(SegmentRuleSet).where(SegmentRuleSet.state == "active"))
    if active is None or not await _is_due(session, active, now):
        return False
    active = await active_set(session)
    if active is None or not await _is_due(session, active, now):
        return False
    return await session.scalar(_new(active.number, "daily", now).returning(SegmentRound.id)) is not None


def last_due(daily_at: str, time_zone: str, now: datetime) -> datetime:
    """When clocks of the zone said so last."""
    here = now.astimezone(ZoneInfo(time_zone))
    due = datetime.combine(here.date(), time.fromisoformat(daily_at), here.tzinfo)
    return (due if due <= here else due - timedelta(days=1)).astimezone(UTC)


async def rounds(session: AsyncSession, limit: int, before: int | None) -> Sequence[SegmentRound]:
    """Rounds, the newest first, those older than `before`."""
    return (await session.scalars(newest(select(SegmentRound), SegmentRound.id, limit, before))).all()


async def _is_due(session: AsyncSession, active: SegmentRuleSet, now: datetime) -> bool:
    began = await session.scalar(select(func.max(SegmentRound.began_at)).where(SegmentRound.rule_set == active.number))
    return began is None or began < last_due(active.daily_at, active.time_zone, now)


async def _open(session: WriteSession, rule_set: int) -> SegmentRound | None:
    query = select(SegmentRound).where(SegmentRound.rule_set == rule_set, SegmentRound.ended_at.is_(None))
    locked = query.with_for_update(skip_locked=True)
    found: SegmentRound | None = await session.scalar(locked, execution_options={"populate_existing": True})
    return found


async def _running(session: AsyncSession, rule_set: int) -> int | None:
    query = select(SegmentRound.id).where(SegmentRound.rule_set == rule_set, SegmentRound.ended_at.is_(None))
    found: int | None = await session.scalar(query)
    return found


def _new(rule_set: int, reason: str, now: datetime) -> Insert:
    return insert(SegmentRound).values(rule_set=rule_set, reason=reason, began_at=now).on_conflict_do_nothing()


def _count(at: SegmentRound, found: Judged) -> None:
    for name in ("looked", "moved", "kept", "untold", "again"):
        setattr(at, name, getattr(at, name) + getattr(found, name))
    together = {rule: dict(told) for rule, told in at.untold_by.items()}
    for rule, told in found.untold_by.items():
        there = together.setdefault(rule, {**told, "count": 0, "examples": []})
        there["count"] += told["count"]
        there["examples"] = [*there["examples"], *told["examples"]][:EXAMPLES]
    at.untold_by = together
