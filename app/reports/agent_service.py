"""The report of agents: counts and metrics for each agent and interval, for each agent, and for all."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain, pairwise
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.errors import AgentUnknown, TeamUnknown
from app.core.errors import Invalid
from app.db.patience import at_most
from app.reports.agent_metrics import AgentCounts, AgentMetrics, added, measure_agent
from app.reports.agent_queries import (
    LATEST_END,
    Found,
    Person,
    count_parts,
    count_times,
    ids_after,
    people,
    unknown_teams,
)
from app.reports.intervals import Period
from app.reports.journal import stretches, whole_since
from app.reports.service import MOST_SECONDS, TooMuch, ensure_room, room

_decode = msgspec.json.Decoder(AgentCounts).decode


class Forgotten(Invalid):
    """Retention has let go of what the report would be counted from."""

    def __init__(self, whole: datetime) -> None:
        what = "what agents did at that time has been let go of by retention"
        fault = {"where": "query.from", "what": what, "accepted": f"a moment from {whole.isoformat()} on"}
        super().__init__(f"from: {what}; accepted: {fault['accepted']}", faults=[fault])


class AgentFigures(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Counts and what is read off them."""

    counts: AgentCounts
    metrics: AgentMetrics


class AgentInterval(AgentFigures, frozen=True, kw_only=True, gc=False):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


class AgentTold(msgspec.Struct, frozen=True):
    """One agent, in the team they are in now; `name` is None if they have been removed. The total is the sum of the
    intervals."""

    agent: str
    name: str | None
    team: str | None
    total: AgentFigures
    intervals: list[AgentInterval]


class Page(NamedTuple):
    """So many agents, those after one of them; by id."""

    limit: int
    after: str | None = None


class AgentReport(msgspec.Struct, frozen=True):
    """The report, of what had happened by `counted_until`, or a page of it: `next` is the last agent of the page where
    others follow. The total is the sum of the agents that are told."""

    start: datetime
    end: datetime
    counted_until: datetime
    interval: str
    time_zone: str
    total: AgentFigures
    agents: list[AgentTold]
    next: str | None = None


async def agent_report(
    session: AsyncSession,
    period: Period,
    now: datetime,
    *,
    agents: Sequence[str] | None = None,
    teams: Sequence[str] | None = None,
    page: Page | None = None,
) -> AgentReport:
    """The report of a period for all agents, the named ones, or those who are in the named teams now; with both, for
    those of the named agents who are in one of the teams. With `page` only of some, and nothing is lost or told twice
    between pages; somebody of them who was removed and did nothing in the period is left out.

    Time is counted up to `now`. Raises AgentUnknown, TeamUnknown, Forgotten, TooMuch, and Invalid where agents times
    intervals are more than MAX_CELLS.
    """
    edges = period.edges()
    whole = await whole_since(session)
    if whole is not None and period.start < whole:
        raise Forgotten(whole)
    if teams and (missing := await unknown_teams(session, teams)):
        raise TeamUnknown(f"There is no team {', '.join(missing)}.", teams=missing)
    some, rest = (agents, None) if page is None else await _on(session, page, agents, teams)
    known = await people(session, some, teams)
    ensure_room(len(known if page is None else some or ()), "agents", len(edges) - 1)
    others = await _not_here(session, agents, some) if page and page.after is None and agents and not teams else []
    asked = [person.agent for person in known] if teams else [*some, *others] if some is not None else None
    found = await _count(session, edges, now, asked)
    named = None if teams or agents is None else asked
    told = await asyncio.to_thread(_told, period, edges, now, known, found, named, others)
    return msgspec.structs.replace(told, next=rest)


def most_agents(period: Period) -> int:
    """How many agents there is room for on a page."""
    return max(1, room(len(period.edges()) - 1))


async def _on(
    session: AsyncSession, page: Page, agents: Sequence[str] | None, teams: Sequence[str] | None
) -> tuple[list[str], str | None]:
    """Who is on a page, and after whom the next one begins."""
    if agents is None:
        found = await ids_after(session, teams, page.after, page.limit + 1)
    else:
        found = [each for each in sorted(set(agents)) if page.after is None or each > page.after]
    some = found[: page.limit]
    return some, some[-1] if len(found) > page.limit else None


async def _not_here(session: AsyncSession, agents: Sequence[str], some: Sequence[str] | None) -> list[str]:
    """The named agents that there are not, or no more, and who are on a later page. That there never were any is told
    with the first page, and not after half of the others have been fetched."""
    here = {person.agent for person in await people(session, agents, None)}
    return sorted({*agents} - here - {*(some or ())})


async def _count(
    session: AsyncSession, edges: Sequence[datetime], now: datetime, agents: Sequence[str] | None
) -> list[Found]:
    begun = time.monotonic()
    try:
        async with at_most(session, MOST_SECONDS):
            places = await stretches(session, edges[0], edges[-1] + LATEST_END)
        found = []
        for place in places:
            async with at_most(session, MOST_SECONDS - (time.monotonic() - begun)):
                found.append(await count_times(session, edges, place, now, agents))
        async with at_most(session, MOST_SECONDS - (time.monotonic() - begun)):
            found.append(await count_parts(session, edges, now, agents))
    except TimeoutError as error:
        raise TooMuch("agents") from error
    return found


def _told(
    period: Period,
    edges: Sequence[datetime],
    now: datetime,
    known: Sequence[Person],
    found: Sequence[Found],
    asked: Sequence[str] | None,
    others: Sequence[str],
) -> AgentReport:
    """The report of what was found, without `others`, who must be known all the same; of thousands of agents it takes
    so long that it is a thread's work."""
    parts: dict[tuple[str, int], list[AgentCounts]] = defaultdict(list)
    for agent, slot, counts in chain.from_iterable(found):
        parts[agent, slot - 1].append(_decode(counts))
    gone = {agent for agent, _ in parts} - {person.agent for person in known}
    every = sorted((*known, *(Person(agent, None, None) for agent in gone)))
    if unknown := sorted(set(asked or ()) - {person.agent for person in every}):
        raise AgentUnknown(f"There is no agent {', '.join(unknown)}, and nothing of them in this period.")
    elsewhere = frozenset(others)
    every = [person for person in every if person.agent not in elsewhere]
    ensure_room(len(every), "agents", len(edges) - 1)
    cells = {cell: added(some) for cell, some in parts.items()}
    told = [_of_agent(person, edges, cells) for person in every]
    total = _sum([one.total.counts for one in told])
    until = min(period.end, max(period.start, now))
    return AgentReport(period.start, period.end, until, str(period.interval), period.zone.key, total, told)


def _of_agent(person: Person, edges: Sequence[datetime], cells: Mapping[tuple[str, int], AgentCounts]) -> AgentTold:
    none = AgentCounts()
    counts = [cells.get((person.agent, place), none) for place in range(len(edges) - 1)]
    intervals = [
        AgentInterval(start=start, end=end, counts=one, metrics=measure_agent(one))
        for (start, end), one in zip(pairwise(edges), counts, strict=True)
    ]
    return AgentTold(*person, _sum(counts), intervals)


def _sum(parts: Sequence[AgentCounts]) -> AgentFigures:
    counts = added(parts)
    return AgentFigures(counts=counts, metrics=measure_agent(counts))
