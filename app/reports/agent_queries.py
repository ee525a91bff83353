"""Counting of agents, read-only, from what is kept anyway: the floor's journal and the legs of contacts.

An offer is counted where it was made, a part in a contact where the contact ended: each in exactly one interval, which
depends on nothing but the row. Time is cut at the edges of intervals. So the hours of a day add up to the day.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.reports.agent_metrics import AgentCounts, of_offers, of_state
from app.reports.journal import Stretch
from app.reports.queries import SKEW, STAY

LATEST_END = timedelta(hours=1)
"""Longer than an offer stands and the phone of who accepts it rings: what became of it is known by then."""

LONGEST = timedelta(days=1)
"""From the beginning of a conversation to the end of its contact. One that takes longer, as chats may, is in
`talk_seconds` and not in `conversation_seconds`, whatever period is asked for."""

LAST_HEARD = timedelta(days=31)
"""An agent whose state has not changed for so long before the period counts from the next change on."""

Cells = dict[tuple[str, int], AgentCounts]
"""Counts by agent and by the number of the interval, from 0."""


class Person(NamedTuple):
    """An agent; name and team are None if they have been removed."""

    agent: str
    name: str | None
    team: str | None


async def people(session: AsyncSession, agents: Sequence[str] | None, teams: Sequence[str] | None) -> list[Person]:
    """The agents there are, or those of the named ones, and of the named teams, that there are; by id."""
    found = await session.execute(_PEOPLE, {"agents": agents, "teams": teams})
    return [Person(*row) for row in found]


async def unknown_teams(session: AsyncSession, teams: Sequence[str]) -> list[str]:
    """Those of the named teams that there are not."""
    found = set(await session.scalars(text("select id from teams where id = any(:teams)"), {"teams": list(teams)}))
    return sorted(set(teams) - found)


async def count_times(
    session: AsyncSession, edges: Sequence[datetime], stretch: Stretch, now: datetime, agents: Sequence[str] | None
) -> Cells:
    """The time in each state, up to `now`, and the offers of one floor, by its journal. `stretch` goes on for
    LATEST_END after the last edge."""
    parameters = {**_scope(edges, agents), **stretch._asdict(), "now": now, "heard_since": edges[0] - LAST_HEARD}
    cells: Cells = defaultdict(AgentCounts)
    for row in await session.execute(_TIMES, {**parameters, "events_until": edges[-1] + LATEST_END}):
        state = row.kind == "state"
        more = of_state(row.word, row.reason, row.amount) if state else of_offers(row.word, row.reason, int(row.amount))
        cells[row.agent, row.slot - 1] += more
    return cells


async def count_parts(
    session: AsyncSession, edges: Sequence[datetime], now: datetime, agents: Sequence[str] | None
) -> Cells:
    """The agents' parts in contacts: talk and hold of their own legs, and what they handed over. Calls that go on count
    as conversation up to `now`."""
    start, end = edges[0], edges[-1]
    parameters = {
        **_scope(edges, agents),
        "arrived_since": start - STAY,
        "arrived_until": end + SKEW,
        "ended_until": end + LONGEST,
        "longest": LONGEST,
        "now": now,
    }
    cells: Cells = defaultdict(AgentCounts)
    for row in (await session.execute(_PARTS, parameters)).mappings():
        figures = {key: value for key, value in row.items() if key not in ("agent", "slot")}
        cells[row["agent"], row["slot"] - 1] += AgentCounts(**figures)
    return cells


def _scope(edges: Sequence[datetime], agents: Sequence[str] | None) -> dict[str, Any]:
    return {
        "starts": list(edges[:-1]),
        "ends": list(edges[1:]),
        "since": edges[0],
        "until": edges[-1],
        "agents": None if agents is None else list(agents),
    }


_PEOPLE = text("""
    select id, name, team_id from agents
    where (cast(:agents as text[]) is null or id = any(cast(:agents as text[])))
        and (cast(:teams as text[]) is null or team_id = any(cast(:teams as text[])))
    order by id""")

_SLOTS = """generate_series(width_bucket(began, cast(:starts as timestamptz[])),
        width_bucket(over, cast(:starts as timestamptz[])))"""
"""In the list of what is selected, where it makes no table of its own for each row."""

_SECONDS = """
    extract(epoch from least(t.over, (cast(:ends as timestamptz[]))[t.slot])
        - greatest(t.began, (cast(:starts as timestamptz[]))[t.slot]))"""

_TIMES = text(f"""
    with told as materialized (
        select e.agent_id as agent, e.contact_id as contact, e.seq, e.at, e.type,
            case e.type when 'agent.state' then e.data #>> '{{agent,state}}' end as state,
            case e.type when 'agent.state' then e.data #>> '{{agent,reason}}'
                when 'offer.withdrawn' then e.data ->> 'reason' end as reason
        from events e
        where e.floor = :floor and e.seq >= :first and e.seq < :last
            and e.at >= :since and e.at < :events_until
            and e.type in ('agent.state', 'contact.offered', 'contact.consulted', 'contact.invited', 'offer.withdrawn')
            and (cast(:agents as text[]) is null or e.agent_id = any(cast(:agents as text[])))
    ), stood as (
        select a.id as agent, cast(0 as bigint) as seq, cast(:since as timestamptz) as at, e.state, e.reason
        from live_agents a cross join lateral (
            select e.data #>> '{{agent,state}}' as state, e.data #>> '{{agent,reason}}' as reason from events e
            where e.floor = a.floor and e.agent_id = a.id and e.type = 'agent.state' and e.seq < :first
                and e.at >= :heard_since
            order by e.seq desc limit 1
        ) e
        where a.floor = :floor and (cast(:agents as text[]) is null or a.id = any(cast(:agents as text[])))
        union all
        select agent, seq, at, state, reason from told where type = 'agent.state' and at < :until
    ), stays as (
        select agent, state, reason, at as began,
            least(:until, :now, lead(at) over (partition by agent order by seq)) as over
        from stood
    ), open as (
        select c.id as contact, o.offer ->> 'agent' as agent
        from live_contacts c cross join lateral (
            select c.state -> 'offer' as offer
            union all
            select json_array_elements(c.state -> 'also')
        ) as o
        where c.floor = :floor and c.state ->> 'state' in ('offered', 'connecting')
    ), offers as (
        select agent, contact, at, type,
            lead(type) over w as next, lead(reason) over w as reason
        from told where type <> 'agent.state'
        window w as (partition by agent, contact order by seq)
    )
    select 'state' as kind, t.agent, t.slot, t.state as word, t.reason, cast(sum({_SECONDS}) as float8) as amount
    from (select *, {_SLOTS} as slot from stays where over > began and state <> 'logged_off') t
    group by 2, 3, 4, 5
    union all
    select 'offer', o.agent, width_bucket(o.at, cast(:starts as timestamptz[])),
        case when o.next = 'offer.withdrawn' then 'withdrawn'
            when o.next is null and p.contact is not null then 'pending' else 'answered' end,
        case when o.next = 'offer.withdrawn' then o.reason end, cast(count(*) as float8)
    from offers o left join open p on p.contact = o.contact and p.agent = o.agent
    where o.type = 'contact.offered' and o.at < :until
    group by 2, 3, 4, 5""")  # noqa: S608 - made of the constants above

_PARTS = text(f"""
    with people as materialized (
        select id from agents union select id from live_agents
    ), legs as materialized (
        select i.id as contact, i.started_at, i.ended_at, l.agent,
            l.talk_seconds as talk, l.hold_seconds as hold,
            l.since - make_interval(secs => l.talk_seconds + l.hold_seconds) as began, l.since as over
        from interactions i cross join lateral jsonb_to_recordset(i.legs) as l (
            party text, agent text, since timestamptz, talk_seconds float8, hold_seconds float8)
        where i.started_at >= :arrived_since and i.started_at < :arrived_until
            and i.ended_at >= :since and i.ended_at < :ended_until
            and l.party = 'agent' and l.talk_seconds + l.hold_seconds > 0
            and (i.direction <> 'outbound' or i.agent_id is not null)
            and (cast(:agents as text[]) is null or l.agent = any(cast(:agents as text[])))
            and l.agent in (select id from people)
    ), parts as (
        select contact, agent, started_at, ended_at, sum(talk) as talk, sum(hold) as hold
        from legs where ended_at < :until
        group by contact, agent, started_at, ended_at
    ), handed as (
        select p.*, coalesce((
            select true from interaction_entries e
            where e.interaction_id = p.contact and e.started_at = p.started_at
                and e.kind in ('call.transferred', 'consult.completed', 'transfer.completed')
                and e.data ->> 'agent' = p.agent
            limit 1), false) as handed_over
        from parts p
    ), talked as (
        select agent, greatest(began, :since) as began, least(over, :until, :now) as over
        from legs where ended_at - began <= cast(:longest as interval)
        union all
        select l.agent, greatest(to_timestamp(l.since - l.talk_seconds - l.hold_seconds), :since),
            least(case when l.state in ('connected', 'held') then :now else to_timestamp(l.since) end, :until)
        from live_contacts c cross join lateral json_to_recordset(c.state #> '{{call,legs}}') as l (
            party text, agent text, state text, since float8, talk_seconds float8, hold_seconds float8)
        where c.state ->> 'ended_at' is null and l.party = 'agent' and l.agent in (select id from people)
            and (c.state #>> '{{call,direction}}' is distinct from 'outbound' or c.state -> 'served_by' is not null)
            and (cast(:agents as text[]) is null or l.agent = any(cast(:agents as text[])))
            and to_timestamp(l.since - l.talk_seconds - l.hold_seconds)
                >= cast(:now as timestamptz) - cast(:longest as interval)
    ), at_once as (
        select agent, unnest(range_agg(tstzrange(began, over))) as span from talked where over > began group by agent
    )
    select agent, width_bucket(ended_at, cast(:starts as timestamptz[])) as slot, count(*) as handled,
        count(*) filter (where handed_over) as transferred, sum(talk) as talk_seconds, sum(hold) as hold_seconds,
        cast(0 as float8) as conversation_seconds
    from handed group by 1, 2
    union all
    select t.agent, t.slot, 0, 0, 0, 0, cast(sum({_SECONDS}) as float8)
    from (select *, {_SLOTS} as slot from (
        select agent, lower(span) as began, upper(span) as over from at_once) o) t
    group by 1, 2""")  # noqa: S608 - made of the constants above
