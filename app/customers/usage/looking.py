"""Looking at customers after events of theirs have come: which rules, at which instants, and what follows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.usage.alerting import alert, take_turns
from app.customers.usage.giving_way import Steps
from app.customers.usage.measuring import Asked
from app.customers.usage.reconsidering import reconsider
from app.customers.usage.watching import STEPS, Watched, matches_each, watched
from app.db.engine import WriteSession

LOOKED_BACK = timedelta(days=3)
"""A rule that held at an instant longer ago, as late events tell, alerts nobody: it is too late to do anything. Late
events still count in every window that reaches them."""

MOST_INSTANTS = 50
"""At so many instants of events that were there already, the latest, a rule is held against a customer after late
ones, each stretch of time by itself. The instants of the new events are all looked at."""

PAGE = 500
"""So many new events are looked at at once."""

# Members of a customer are looked at one by one (offset 0, limit): only so is the primary key the way to their events,
# whatever the planner thinks of a month that has just begun.
_FOLLOWED = text("""
    select g.place
    from unnest(cast(:ids as uuid[]), cast(:since as timestamptz[])) with ordinality as g(id, since, place)
    where exists (
        select from (select g.id union all select c.id from customers c where c.merged_into = g.id) member(id)
        cross join lateral (
            select from usage_events e where e.customer_id = member.id and e.kind = any(cast(:kinds as text[]))
              and e.counts_at > g.since and e.counts_at > :earliest and e.counts_at <= :now offset 0) later)""")
# a late event changes the windows of all that were there already and came after it; kinds hold no blanks
_LATER = text("""
    select g.place, latest.counts_at
    from unnest(cast(:ids as uuid[]), cast(:kinds as text[]), cast(:since as timestamptz[]),
                cast(:until as timestamptz[])) with ordinality as g(id, kinds, since, until, place)
    cross join lateral (
        select distinct own.counts_at
        from (select g.id union all select c.id from customers c where c.merged_into = g.id) member(id)
        cross join lateral (
            select distinct e.counts_at from usage_events e
            where e.customer_id = member.id and e.kind = any(string_to_array(g.kinds, ' '))
              and e.counts_at > g.since and e.counts_at <= g.until and e.counts_at > :earliest and e.counts_at <= :now
            order by e.counts_at desc limit :most) own
        order by own.counts_at desc limit :most) latest""")


class Arrival(NamedTuple):
    """New events of a kind of a customer (who stands for themselves), by the instants at which they count."""

    customer_id: UUID
    kind: str
    instants: Sequence[datetime]


class Looked(NamedTuple):
    """What came of looking: alerts opened and grown, and how many were shown to be wrong."""

    opened: int = 0
    grown: int = 0
    disproved: int = 0

    def and_(self, other: "Looked") -> "Looked":
        """What came of both."""
        return Looked(*(one + two for one, two in zip(self, other, strict=True)))


async def look(session: WriteSession, arrivals: Sequence[Arrival], now: datetime) -> Looked:
    """Hold the rules that ask for a kind of the new events against their customers."""
    arrived = {each.kind for each in arrivals}
    rules = [rule for rule in await watched(session) if rule.condition.kinds & arrived]
    kinds = {kind for rule in rules for kind in rule.condition.kinds}
    concerning = [each for each in arrivals if each.kind in kinds]
    if not concerning:
        return Looked()
    await take_turns(session, {each.customer_id for each in concerning})
    found = Looked()
    for page in pages(concerning):
        found = found.and_(await _look(session, rules, page, now))
    return found


def pages(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """All arrivals, so many events at once; those of a customer together."""
    page: list[Arrival] = []
    room = PAGE
    for _, group in groupby(sorted(arrivals, key=itemgetter(0)), itemgetter(0)):
        mine = list(group)
        if page and room <= 0:
            yield page
            page, room = [], PAGE
        page += mine
        room -= sum(len(each.instants) for each in mine)
    if page:
        yield page


async def _look(session: WriteSession, rules: Sequence[Watched], arrivals: Sequence[Arrival], now: datetime) -> Looked:
    touched: dict[UUID, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for each in arrivals:
        touched[each.customer_id][each.kind] += each.instants
    concerned = await _Concerned.of(rules, touched)
    asked = await concerned.asked(session, now)
    first = {root: min(map(min, by_kind.values())) for root, by_kind in touched.items()}
    disproved = await reconsider(session, rules, first, now)
    return Looked(*(await alert(session, await matches_each(session, asked), now)), disproved)


class _Span(NamedTuple):
    """A stretch of time in which events of these kinds have a new one in a window."""

    root: UUID
    kinds: str
    since: datetime
    until: datetime


class _Concerned:
    """The new events that concern each rule: of each customer the instants of its kinds, in order."""

    def __init__(self, rules: Sequence[Watched]) -> None:
        self._of_rule: list[tuple[Watched, dict[UUID, list[datetime]]]] = [(rule, {}) for rule in rules]

    @classmethod
    async def of(cls, rules: Sequence[Watched], touched: dict[UUID, dict[str, list[datetime]]]) -> "_Concerned":
        made, steps = cls(rules), Steps(STEPS)
        for rule, own in made._of_rule:
            for root, by_kind in touched.items():
                instants = [at for kind in rule.condition.kinds for at in by_kind.get(kind, ())]
                if instants:
                    own[root] = sorted(set(instants))
                await steps.take(1 + len(instants))
        return made

    async def asked(self, session: AsyncSession, now: datetime) -> list[tuple[Watched, list[Asked]]]:
        """When each rule may have come to hold: at the events that arrived, at those after them that a window of its
        joins to them, and now, where the sweep has passed the instant at which one of them crosses a window already.
        """
        earliest, steps = now - LOOKED_BACK, Steps(STEPS)
        spans = await self._spans(session, earliest, now)
        later = await _later(session, list(dict.fromkeys(span for every in spans for span in every)), earliest, now)
        found = []
        for (rule, own), mine in zip(self._of_rule, spans, strict=True):
            asked = {Asked(span.root, at) for span in mine for at in later.get(span, ())}
            for root, instants in own.items():
                asked.update(Asked(root, at) for at in instants if earliest <= at <= now)
                if _passed(rule, instants[0], earliest, now):
                    asked.add(Asked(root, now))
                await steps.take(len(instants))
            found.append((rule, list(asked)))
        return found

    async def _spans(self, session: AsyncSession, earliest: datetime, now: datetime) -> list[list[_Span]]:
        """For each rule where there may be events after the new ones that it joins to them."""
        first: dict[UUID, datetime] = {}
        for _, own in self._of_rule:
            for root, instants in own.items():
                first[root] = min(instants[0], first.get(root, now))
        roots, kinds = list(first), {kind for rule, _ in self._of_rule for kind in rule.condition.kinds}
        given = {"ids": roots, "since": list(first.values()), "kinds": sorted(kinds), "earliest": earliest, "now": now}
        late = [roots[place - 1] for place in await session.scalars(_FOLLOWED, given)]
        steps, found = Steps(STEPS), []
        for rule, own in self._of_rule:
            spans: list[_Span] = []
            for root in late:
                spans += _joined(rule, root, own.get(root, ()), earliest)
                await steps.take(len(own.get(root, ())))
            found.append(spans)
        return found


def _joined(rule: Watched, root: UUID, instants: Sequence[datetime], earliest: datetime) -> list[_Span]:
    """From each instant as far as the rule's longest window; what overlaps is one."""
    reach, kinds = _longest(rule), " ".join(sorted(rule.condition.kinds))
    spans: list[_Span] = []
    for at in instants:
        if at + reach <= earliest:
            continue
        if spans and at <= spans[-1].until:
            spans[-1] = spans[-1]._replace(until=at + reach)
        else:
            spans.append(_Span(root, kinds, at, at + reach))
    return spans


async def _later(
    session: AsyncSession, spans: Sequence[_Span], earliest: datetime, now: datetime
) -> dict[_Span, list[datetime]]:
    """The latest events of each stretch."""
    found: dict[_Span, list[datetime]] = defaultdict(list)
    for start in range(0, len(spans), 1_000):
        part = spans[start : start + 1_000]
        given = {
            "ids": [span.root for span in part],
            "kinds": [span.kinds for span in part],
            "since": [span.since for span in part],
            "until": [span.until for span in part],
            "earliest": earliest,
            "now": now,
            "most": MOST_INSTANTS,
        }
        for row in await session.execute(_LATER, given):
            found[part[row.place - 1]].append(row.counts_at)
    return found


def _longest(rule: Watched) -> timedelta:
    return timedelta(seconds=max(window.seconds for window in rule.condition.windows))


def _passed(rule: Watched, first: datetime, earliest: datetime, now: datetime) -> bool:
    """Whether the first of the events has grown out of a window before it came, or is so old that its own instant is
    not looked at."""
    crossings = [crossing.seconds for crossing in rule.condition.crossings]
    grown = max(earliest, now - timedelta(seconds=min(crossings))) if crossings else earliest
    return now - _longest(rule) < first <= grown
