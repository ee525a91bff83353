"""Sets of rules as records: drafts, the one that is active, those that were. The caller's session commits; who changed
what is in the audit log, by a trigger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Tier
from app.customers.record.declared_attributes import definitions
from app.customers.record_models import WHO
from app.customers.segment_models import SegmentRound, SegmentRuleSet
from app.customers.segments.errors import (
    ActivatedMeanwhile,
    NotPreviewed,
    RuleSetChanged,
    RuleSetFaulty,
    RuleSetFixed,
    RuleSetUnknown,
)
from app.customers.segments.rules import Rules, rules_faults
from app.db.engine import WriteSession
from app.db.errors import violated_constraint


async def rule_set(session: AsyncSession, number: int) -> SegmentRuleSet:
    """The set with this number; raises RuleSetUnknown."""
    found = await session.get(SegmentRuleSet, number)
    if found is None:
        raise RuleSetUnknown(number)
    return found


async def rule_sets(session: AsyncSession, limit: int, before: int | None) -> Sequence[SegmentRuleSet]:
    """Sets of rules, the newest first, those older than `before`."""
    query = select(SegmentRuleSet).order_by(SegmentRuleSet.number.desc()).limit(limit)
    if before is not None:
        query = query.where(SegmentRuleSet.number < before)
    return (await session.scalars(query)).all()


async def create_draft(session: WriteSession, rules: Rules, **values: Any) -> SegmentRuleSet:
    """A new draft; `values` are the other columns (note, daily_at, time_zone). Raises RuleSetFaulty with all faults."""
    await _ensure_sound(session, rules)
    made = SegmentRuleSet(rules=msgspec.to_builtins(rules), asks=rules.asks.changes, **values)
    session.add(made)
    await session.flush()
    await session.refresh(made)
    return made


async def change_draft(
    session: WriteSession, number: int, version: int | None, rules: Rules | None, changes: Mapping[str, Any]
) -> SegmentRuleSet:
    """Change a draft of the version that was read (None: whatever it is). Raises RuleSetUnknown, RuleSetFixed,
    RuleSetChanged, RuleSetFaulty."""
    found = await _draft(session, number, version)
    if rules is not None:
        await _ensure_sound(session, rules)
        changes = {**changes, "rules": msgspec.to_builtins(rules), "asks": rules.asks.changes}
    different = {name: value for name, value in changes.items() if getattr(found, name) != value}
    for name, value in different.items():
        setattr(found, name, value)
    if different:
        found.version += 1
        await session.flush()
    return found


async def delete_draft(session: WriteSession, number: int) -> None:
    """Remove a draft. Raises RuleSetUnknown, RuleSetFixed."""
    await session.delete(await _draft(session, number, None))


async def activate(session: WriteSession, number: int, version: int | None, now: datetime) -> SegmentRuleSet:
    """Let a draft count from now on, as it was previewed, and judge all customers by it in the background.

    Raises RuleSetUnknown, RuleSetFixed, RuleSetChanged, NotPreviewed, RuleSetFaulty, ActivatedMeanwhile.
    """
    found = await _draft(session, number, version)
    if found.previewed_version != found.version:
        raise NotPreviewed(number, found.version, found.previewed_version)
    await _ensure_sound(session, msgspec.convert(found.rules, Rules), lock=True)
    retired = update(SegmentRuleSet).where(SegmentRuleSet.state == "active").values(state="retired", retired_at=now)
    old = (await session.scalars(retired.returning(SegmentRuleSet.number))).all()
    superseded = update(SegmentRound).where(SegmentRound.rule_set.in_(old), SegmentRound.ended_at.is_(None))
    await session.execute(superseded.values(ended_at=now, ended="superseded"))
    try:
        async with session.begin_nested():
            found.state, found.activated_at = "active", now
            found.activated_by = await session.scalar(select(text(WHO)))
            await session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "uq_segment_rule_sets_active":
            raise ActivatedMeanwhile from error
        raise
    session.add(SegmentRound(rule_set=number, reason="activated", began_at=now))
    await session.flush()
    return found


async def _draft(session: WriteSession, number: int, version: int | None) -> SegmentRuleSet:
    found = await session.get(SegmentRuleSet, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise RuleSetUnknown(number)
    if found.state != "draft":
        raise RuleSetFixed(number, found.state)
    if version is not None and version != found.version:
        raise RuleSetChanged(version, found.version)
    return found


async def _ensure_sound(session: AsyncSession, rules: Rules, *, lock: bool = False) -> None:
    """With `lock` the tiers stay until the commit."""
    known = select(Tier.id).order_by(Tier.rank, Tier.id)
    tiers = list(await session.scalars(known.with_for_update(read=True, key_share=True) if lock else known))
    declared = {each.name: each.type for each in await definitions(session)}
    faults = rules_faults(rules, tiers, declared)
    if faults:
        raise RuleSetFaulty(faults)
