"""Rules of usage as records. The caller's session commits; who changed what is in the audit log, by a trigger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import User
from app.core.wire import fault
from app.customers.usage.conditions import condition_faults
from app.customers.usage.errors import RuleChanged, RuleFaulty, RuleInUse, RuleTaken, RuleUnknown
from app.customers.usage.models import CustomerAlert, UsageRule, UsageSweep
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new

EVERYBODY = UUID(int=0)


async def rule(session: AsyncSession, rule_id: str) -> UsageRule:
    """The rule with this id; raises RuleUnknown."""
    found = await session.get(UsageRule, rule_id)
    if found is None:
        raise RuleUnknown(rule_id)
    return found


async def rules(session: AsyncSession, limit: int, after: str | None) -> Sequence[UsageRule]:
    """Rules in order of their id, those after `after`."""
    return (await session.scalars(in_order(UsageRule, limit, after))).all()


async def create_rule(session: WriteSession, values: Mapping[str, Any], now: datetime) -> UsageRule:
    """A new rule with these columns. Raises RuleFaulty with every fault, RuleTaken."""
    await _ensure_sound(session, values)
    made = await insert_new(session, UsageRule, **values)
    if made is None:
        raise RuleTaken(values["id"])
    if made.enabled:
        await _look_at_everybody(session, made.id, now)
    return made


async def change_rule(
    session: WriteSession, rule_id: str, version: int | None, changes: Mapping[str, Any], now: datetime
) -> UsageRule:
    """Change a rule of the version that was read (None: whatever it is). Alerts that it gave stay as they are.

    One that is switched on, or asks something else from now on, is held against everybody, a part at a time. Raises
    RuleUnknown, RuleChanged, RuleFaulty.
    """
    found = await session.get(UsageRule, rule_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise RuleUnknown(rule_id)
    if version is not None and version != found.version:
        raise RuleChanged(version, found.version)
    different = {name: value for name, value in changes.items() if getattr(found, name) != value}
    if not different:
        return found
    await _ensure_sound(session, different)
    for name, value in different.items():
        setattr(found, name, value)
    found.version += 1
    await session.flush()
    if not found.enabled:
        await session.execute(delete(UsageSweep).where(UsageSweep.rule_id == rule_id))
    elif different.keys() & {"enabled", "condition"}:
        await _look_at_everybody(session, rule_id, now)
    return found


async def delete_rule(session: WriteSession, rule_id: str) -> None:
    """Remove a rule that has never given an alert. Raises RuleUnknown, RuleInUse."""
    found = await session.get(UsageRule, rule_id, with_for_update=True)
    if found is None:
        raise RuleUnknown(rule_id)
    if await session.scalar(select(CustomerAlert.id).where(CustomerAlert.rule_id == rule_id).limit(1)) is not None:
        raise RuleInUse(rule_id)
    await session.delete(found)


async def _ensure_sound(session: AsyncSession, values: Mapping[str, Any]) -> None:
    faults = condition_faults(values["condition"]) if "condition" in values else []
    owner = values.get("owner")
    if owner is not None and await session.get(User, owner) is None:
        faults.append(fault("body.owner", f"{owner!r} is nobody's login", "null or the login of a user"))
    if faults:
        raise RuleFaulty(faults)


async def _look_at_everybody(session: WriteSession, rule_id: str, now: datetime) -> None:
    fresh = {"looked_until": now, "looked_customer": None, "everybody_after": EVERYBODY}
    made = insert(UsageSweep).values(rule_id=rule_id, **fresh)
    await session.execute(made.on_conflict_do_update(index_elements=[UsageSweep.rule_id], set_=fresh))
