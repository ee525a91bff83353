"""Trying rules before they count: who would move from where to where. No customer is touched."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.record.ranks import blocking
from app.customers.record.whole import survivor_of
from app.customers.segment_models import RULES, SegmentRuleSet
from app.customers.segments.errors import NotJudged, RuleSetChanged
from app.customers.segments.facts import told
from app.customers.segments.judging import Counting, Decided, Judged, boundaries_in_use, decided
from app.customers.segments.rule_sets import rule_set
from app.customers.segments.rules import rules_of
from app.customers.segments.scoring import PAGE, boundaries, sample
from app.customers.segments.verdicts import Boundaries, Untold, held
from app.customers.segments.words import read
from app.db.engine import WriteSession

EXAMPLES = 5

_ALL = text("select count(*) from customers where active and merged_into is null and not provisional")


class WouldMove(NamedTuple):
    """How many customers would come from one tier into another (or, `part` segment, into or out of one), and a few of
    them with the values that decide."""

    part: str
    before: str | None
    after: str | None
    customers: int
    examples: Sequence[tuple[UUID, str, Mapping[str, Any]]]


class Preview(NamedTuple):
    """What would be of the `looked_at` customers, of `customers` in all; `complete` if these are all. Then `tiers` and
    `segments` are how many would be in each."""

    customers: int
    looked_at: int
    complete: bool
    tiers: Mapping[str, int]
    segments: Mapping[str, int]
    moves: Sequence[WouldMove]
    judged: Judged
    boundaries: Boundaries


class Tried(NamedTuple):
    """What the rules say of one customer: their tier and segments then, and of each rule whether it holds (None: that
    cannot be told), and the values it looks at."""

    customer_id: UUID
    tier: str | None
    segments: Sequence[str]
    kept: bool
    untold: Sequence[Untold]
    rules: Sequence[tuple[str, bool | None, Mapping[str, Any]]]


async def preview(session: WriteSession, number: int, version: int | None, most: int, now: datetime) -> Preview:
    """Hold a set of rules against up to `most` customers, drawn from all. A draft is noted to have been previewed as it
    is, which activating it needs. Raises RuleSetUnknown, RuleSetChanged."""
    found = await rule_set(session, number)
    if version is not None and version != found.version:
        raise RuleSetChanged(version, found.version)
    by = await _by(session, found, await boundaries(session, rules_of(found.rules), now))
    drawn = await sample(session, most)
    tally = _Tally()
    for start in range(0, len(drawn), PAGE):
        for customer, each in (await decided(session, by, drawn[start : start + PAGE], now)).items():
            tally.add(customer, each)
    if found.state == "draft":
        found.previewed_version = found.version
    everybody = int(await session.scalar(_ALL) or 0)
    names = await _names(session, (customer for examples in tally.examples.values() for customer, _ in examples))
    moves = [
        WouldMove(*key, count, [(customer, names[customer], values) for customer, values in tally.examples[key]])
        for key, count in sorted(tally.moves.items(), key=lambda each: (-each[1], str(each[0])))
    ]
    return Preview(
        customers=everybody,
        looked_at=tally.judged.looked,
        complete=len(drawn) == everybody,
        tiers=tally.tiers,
        segments=tally.segments,
        moves=moves,
        judged=tally.judged,
        boundaries=by.boundaries,
    )


async def try_on(session: AsyncSession, number: int, customer_id: UUID, now: datetime) -> Tried:
    """Hold a set of rules against the customer, or against who survives them. Scores part customers as they do where
    the set has been used to judge them, else as they would. Raises RuleSetUnknown, CustomerNotFound, NotJudged."""
    found = await rule_set(session, number)
    used = await boundaries_in_use(session, number)
    by = await _by(session, found, await boundaries(session, rules_of(found.rules), now) if used is None else used)
    who = await survivor_of(session, customer_id)
    each = (await decided(session, by, [who], now)).get(who)
    if each is None:
        raise NotJudged(who)
    tier = each.verdict.by.tier if each.verdict.by is not None and not each.known.kept else each.known.tier
    written = [(f"tier {rule.id}", rule.condition) for rule in by.rules.tiers]
    written += [(f"segment {rule.id}", rule.condition) for rule in by.rules.segments]
    conditions = [(name, read(source)) for name, source in written]
    return Tried(
        customer_id=who,
        tier=tier,
        segments=each.verdict.segments,
        kept=each.known.kept,
        untold=each.verdict.untold,
        rules=[(name, held(condition, each.facts), told(each.facts, condition)) for name, condition in conditions],
    )


async def has_judged(session: AsyncSession, number: int) -> bool:
    """Whether customers have been judged by this set: what it says of one of them is told at once then."""
    return await boundaries_in_use(session, number) is not None


class _Tally:
    """What previewing has counted so far."""

    def __init__(self) -> None:
        self.judged = Judged(untold_by={})
        self.tiers, self.segments = Counter[str](), Counter[str]()
        self.moves = Counter[tuple[str, str | None, str | None]]()
        self.examples: dict[tuple[str, str | None, str | None], list[tuple[UUID, Mapping[str, Any]]]]
        self.examples = defaultdict(list)

    def add(self, customer: UUID, each: Decided) -> None:
        """Count one customer."""
        self.judged.looked += 1
        self.judged.kept += each.kept
        self.judged.tell(each.verdict.untold, customer)
        self.tiers[(each.known.tier if each.move is None else each.move.tier) or ""] += 1
        self.segments.update(each.verdict.segments)
        if each.move is None:
            return
        self.judged.moved += 1
        for step in each.move.steps:
            key = (step.part, step.before, step.after)
            self.moves[key] += 1
            if len(self.examples[key]) < EXAMPLES:
                self.examples[key].append((customer, step.evidence))


async def _by(session: AsyncSession, found: SegmentRuleSet, parted: Boundaries) -> Counting:
    return Counting(found.number, rules_of(found.rules), parted, await blocking(session, RULES))


async def _names(session: AsyncSession, customers: Iterable[UUID]) -> dict[UUID, str]:
    query = text("select id, name from customers where id = any(cast(:ids as uuid[]))")
    return {row.id: row.name for row in await session.execute(query, {"ids": list(set(customers))})}
