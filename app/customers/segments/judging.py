"""Judging customers, a page at once: what the rules say is held against what is, and what differs is moved."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.record.ranks import blocking
from app.customers.segment_models import RULES, SegmentRound, SegmentRuleSet
from app.customers.segments.facts import Facts, told
from app.customers.segments.measuring import Known, known_of
from app.customers.segments.moving import Move, Step, judge_again, move
from app.customers.segments.rules import Rules, rules_of
from app.customers.segments.turns import in_turns
from app.customers.segments.verdicts import Boundaries, Untold, Verdict, scored, verdict
from app.customers.segments.words import read
from app.db.engine import WriteSession

EXAMPLES = 5


class Counting(NamedTuple):
    """Rules that count: those of the set `number`, and whose word about a tier they leave (`blocking`)."""

    number: int
    rules: Rules
    boundaries: Boundaries
    blocking: Sequence[str]


class Decided(NamedTuple):
    """What the rules say of one customer, and the move that follows, if any. `kept`: it would be another tier."""

    known: Known
    facts: Facts
    verdict: Verdict
    move: Move | None
    kept: bool


class Judged(msgspec.Struct):
    """What came of judging some customers. `untold` have something that could not be told: `untold_by` says of each
    rule how often, why, and of whom, for example."""

    looked: int = 0
    moved: int = 0
    kept: int = 0
    untold: int = 0
    again: int = 0
    untold_by: dict[str, Any] = {}

    def tell(self, untold: Sequence[Untold], customer: UUID) -> None:
        """Count what could not be told of a customer."""
        self.untold += bool(untold)
        for rule, why in untold:
            told_of = self.untold_by.setdefault(rule, {"count": 0, "why": why, "examples": []})
            told_of["count"] += 1
            if len(told_of["examples"]) < EXAMPLES:
                told_of["examples"].append(str(customer))


async def active_set(session: WriteSession) -> SegmentRuleSet | None:
    """The rules that are active, and stay so until the commit: whoever activates others waits."""
    query = select(SegmentRuleSet).where(SegmentRuleSet.state == "active").with_for_update(read=True)
    found: SegmentRuleSet | None = await session.scalar(query, execution_options={"populate_existing": True})
    return found


async def counting(session: WriteSession) -> Counting | None:
    """The rules that count until the commit. None: there are none, or their scores have no boundaries yet."""
    active = await active_set(session)
    if active is None:
        return None
    rules = rules_of(active.rules)
    found = await boundaries_in_use(session, active.number) if rules.scores else {}
    return None if found is None else Counting(active.number, rules, found, await blocking(session, RULES))


async def boundaries_in_use(session: AsyncSession, number: int) -> Boundaries | None:
    """What parts customers into fifths where they are judged by the scores of this set, as its newest round has found.
    None: it has had none."""
    of = SegmentRound.rule_set == number
    query = select(SegmentRound.boundaries).where(of, SegmentRound.boundaries.is_not(None))
    found: Boundaries | None = await session.scalar(query.order_by(SegmentRound.id.desc()).limit(1))
    return found


async def judge(session: WriteSession, by: Counting, customers: Collection[UUID], now: datetime) -> Judged:
    """Judge customers and move those of whom the rules say something else than is."""
    found, moves = Judged(), []
    for customer, each in (await decided(session, by, customers, now)).items():
        found.looked += 1
        found.kept += each.kept
        found.tell(each.verdict.untold, customer)
        if each.move is not None:
            moves.append(each.move)
    found.again = len(await move(session, by.number, moves))
    found.moved = len(moves) - found.again
    return found


async def judge_now(session: WriteSession, customers: Sequence[UUID], now: datetime) -> None:
    """Judge customers in this commit, whom it has locked; soon after it where the scores have no boundaries yet."""
    by = await counting(session)
    if by is None:
        await judge_again(session, customers)
    else:
        await judge(session, by, customers, now)


async def decided(
    session: AsyncSession, by: Counting, customers: Collection[UUID], now: datetime
) -> Mapping[UUID, Decided]:
    """What the rules say of customers; nothing is written."""
    known = await known_of(session, customers, by.rules.asks, by.blocking, now)
    return {customer: _decide(customer, each, by) async for customer, each in in_turns(known.items())}


def _decide(customer: UUID, known: Known, by: Counting) -> Decided:
    facts = scored(by.rules, known.facts, by.boundaries)
    said = _but_for_overrides(verdict(by.rules, facts, known.segments), known)
    other_tier = said.by is not None and said.by.tier != known.tier
    moves_tier = other_tier and not known.kept
    wanted = None
    if moves_tier or said.segments != known.segments:
        tier = said.by.tier if moves_tier and said.by is not None else known.tier
        steps = [*(_tier_step(known, facts, said) if moves_tier else ()), *_segment_steps(known, facts, said, by.rules)]
        wanted = Move(customer, known.version, tier, said.segments, steps)
    return Decided(known, facts, said, wanted, other_tier and known.kept)


def _but_for_overrides(said: Verdict, known: Known) -> Verdict:
    if not known.overridden:
        return said
    inside = {segment for segment, each in known.overridden.items() if each.member}
    return said._replace(segments=tuple(sorted({*said.segments} - known.overridden.keys() | inside)))


def _tier_step(known: Known, facts: Facts, said: Verdict) -> Iterator[Step]:
    if said.by is not None:
        evidence = told(facts, read(said.by.condition))
        yield Step("tier", known.tier, said.by.tier, said.by.id, evidence)


def _segment_steps(known: Known, facts: Facts, said: Verdict, rules: Rules) -> Iterator[Step]:
    """Into and out of segments; one that no rule gives any more is left without any values."""
    conditions = {rule.id: rule.condition for rule in rules.segments}
    for segment in sorted(set(said.segments) ^ set(known.segments)):
        entered = segment in said.segments
        evidence = told(facts, read(conditions[segment])) if segment in conditions else {}
        if segment in known.overridden:
            evidence = known.overridden[segment].evidence
        yield Step("segment", None if entered else segment, segment if entered else None, segment, evidence)
