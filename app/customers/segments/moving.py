"""Writing what rules have decided: only where it differs, as the source `rules`, with the values that decided."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.segment_models import RULES
from app.db.engine import WriteSession

_SET = text("""
    select set_config('callfloor.source', :source, true), set_config('callfloor.who', :who, true),
           set_config('callfloor.why', :why, true)""")
_PRESENT = text("""
    select coalesce(current_setting('callfloor.source', true), '') as source,
           coalesce(current_setting('callfloor.who', true), '') as who,
           coalesce(current_setting('callfloor.why', true), '') as why""")
# nobody is waited for: whoever is being changed by somebody else is judged again after that
_LOCK = text("""
    select id, version from customers where id = any(cast(:ids as uuid[])) order by id for no key update skip locked""")
_UPDATE = text("""
    update customers c set tier_id = g.tier, computed_segments = cast(g.segments as text[]), version = c.version + 1,
                           updated_at = now()
    from unnest(cast(:ids as uuid[]), cast(:tiers as text[]), cast(:segments as text[])) as g(id, tier, segments)
    where c.id = g.id""")
_TELL = text("""
    insert into customer_moves (customer_id, part, before, after, source, rule_set, rule, evidence)
    select g.customer_id, g.part, g.before, g.after, :source, :rule_set, g.rule, cast(g.evidence as jsonb)
    from unnest(cast(:ids as uuid[]), cast(:parts as text[]), cast(:befores as text[]), cast(:afters as text[]),
                cast(:rules as text[]), cast(:evidence as text[]))
         as g(customer_id, part, before, after, rule, evidence)""")
_AGAIN = text("insert into segment_changes (customer_id) select unnest(cast(:ids as uuid[]))")


class Step(NamedTuple):
    """A part of a move: the tier, or into or out of one segment; which rule decided that, and by what values."""

    part: str
    before: str | None
    after: str | None
    rule: str
    evidence: dict[str, Any]


class Move(NamedTuple):
    """That a customer of a version is to be of this tier and in these segments."""

    customer_id: UUID
    version: int
    tier: str | None
    segments: tuple[str, ...]
    steps: Sequence[Step]


@asynccontextmanager
async def as_rules(session: WriteSession, why: str) -> AsyncIterator[None]:
    """Within the block, what is changed is changed by the rules, and not by whoever the session works for. Without
    that, feeds would take a tier for one that somebody has set by hand."""
    before = (await session.execute(_PRESENT)).mappings().one()
    await session.execute(_SET, {"source": RULES, "who": RULES, "why": why})
    yield  # a transaction that has failed is of no use any more, so there is nothing to restore
    await session.execute(_SET, dict(before))


async def move(session: WriteSession, rule_set: int, moves: Sequence[Move]) -> list[UUID]:
    """Let customers move; who they are that could not be moved now, because somebody else is changing them or has just
    done so. They are noted to be judged again."""
    if not moves:
        return []
    ids = [each.customer_id for each in moves]
    locked = {row.id: row.version for row in await session.execute(_LOCK, {"ids": ids})}
    able = [each for each in moves if locked.get(each.customer_id) == each.version]
    late = [each.customer_id for each in moves if locked.get(each.customer_id) != each.version]
    if able:
        async with as_rules(session, f"rule set {rule_set}"):
            await _write(session, rule_set, able)
    if late:
        await judge_again(session, late)
    return late


async def judge_again(session: AsyncSession, customers: Sequence[UUID]) -> None:
    """Note that customers are to be judged again."""
    await session.execute(_AGAIN, {"ids": list(customers)})


async def _write(session: WriteSession, rule_set: int, moves: Sequence[Move]) -> None:
    changed = {
        "ids": [each.customer_id for each in moves],
        "tiers": [each.tier for each in moves],
        "segments": ["{" + ",".join(each.segments) + "}" for each in moves],  # ids of segments need no quotes
    }
    await session.execute(_UPDATE, changed)
    steps = [(each.customer_id, step) for each in moves for step in each.steps]
    told = {
        "source": RULES,
        "rule_set": rule_set,
        "ids": [customer for customer, _ in steps],
        "parts": [step.part for _, step in steps],
        "befores": [step.before for _, step in steps],
        "afters": [step.after for _, step in steps],
        "rules": [step.rule for _, step in steps],
        "evidence": [msgspec.json.encode(step.evidence).decode() for _, step in steps],
    }
    await session.execute(_TELL, told)
