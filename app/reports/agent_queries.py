"""Counting of agents, read-only, from what is kept anyway: the floor's journal and the legs of contacts.

An offer is counted where it was made, a part in a contact where the contact ended: each in exactly one interval, which
depends on nothing but the row. Time is cut at the edges of intervals. So the hours of a day add up to the day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.reports.agent_metrics import FATES, OUTCOMES, STATES
from app.reports.journal import Stretch
from app.reports.queries import SKEW, STAY

LATEST_END = timedelta(hours=1)
"""Longer than an offer stands and the phone of who accepts it rings: what became of it is known by then."""

LONGEST = timedelta(days=1)
"""From the beginning of a conversation to the end of its contact. One that takes longer, as chats may, is in
`talk_seconds` and not in `conversation_seconds`, whatever period is asked for."""

LAST_HEARD = timedelta(days=31)
"""An agent whose state has not changed for so long before the period counts from the next change on."""

Found = Sequence[Row[str, int, str]]
"""An agent, the number of the interval, from 1, and some of the counts as JSON: read and added up by `told`."""


class Person(NamedTuple):
    """An agent; name and team are None if they have been removed."""

    agent: str
    name: str | None
    team: str | None


async def people(session: AsyncSession, agents: Sequence[str] | None, teams: Sequence[str] | None) -> list[Person]:
    """The agents there are, or those of the named ones, and of the named teams, that there are; by id."""
    found = await session.execute(_PEOPLE, {"agents": agents, "teams": teams})
    return [Person(*row) for row in found]


async def ids_after(session: AsyncSession, teams: Sequence[str] | None, after: str | None, limit: int) -> list[str]:
    """The ids, in order, after one of them, of the agents there are and of those who were here before they were
    removed, or of those of the named teams."""
    return list(await session.scalars(_IDS, {"teams": teams, "after": after, "limit": limit}))


async def unknown_teams(session: AsyncSession, teams: Sequence[str]) -> list[str]:
    """Those of the named teams that there are not."""
    found = set(await session.scalars(text("select id from teams where id = any(:teams)"), {"teams": list(teams)}))
    return sorted(set(teams) - found)


async def count_times(
    session: AsyncSession, edges: Sequence[datetime], stretch: Stretch, now: datetime, agents: Sequence[str] | None
) -> Found:
    """The time in each state, up to `now`, and the offers of one floor, by its journal. `stretch` goes on for
    LATEST_END after the last edge."""
    parameters = {
        **_scope(edges, agents),
        **stretch._asdict(),
        "now": now,
        "heard_since": edges[0] - LAST_HEARD,
        "events_until": edges[-1] + LATEST_END,
        "latest_end": LATEST_END,
        "stay": STAY,
        "reasons": list(OUTCOMES),
        "outcomes": list(OUTCOMES.values()),
    }
    return (await session.execute(_TIMES, parameters)).all()


async def count_parts(
    session: AsyncSession, edges: Sequence[datetime], now: datetime, agents: Sequence[str] | None
) -> Found:
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
    return (await session.execute(_PARTS, parameters)).all()


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

_IDS = text("""
    select id from (
        select id from agents
        where cast(:teams as text[]) is null or team_id = any(cast(:teams as text[]))
        union
        select id from live_agents where cast(:teams as text[]) is null
    ) i
    where cast(:after as text) is null or id collate "C" > cast(:after as text)
    order by id collate "C" limit :limit""")
"""In the order in which the report sorts them, whatever the database's own is."""

_SLOTS = """generate_series(width_bucket(began, cast(:starts as timestamptz[])),
        width_bucket(over, cast(:starts as timestamptz[])))"""
"""In the list of what is selected, where it makes no table of its own for each row."""

_SECONDS = """
    extract(epoch from least(t.over, (cast(:ends as timestamptz[]))[t.slot])
        - greatest(t.began, (cast(:starts as timestamptz[]))[t.slot]))"""

_OF_OFFERS = "'contact.offered', 'contact.consulted', 'contact.invited', 'offer.withdrawn'"

_TIME_COUNTS = ", ".join(
    (
        *(f"'{count}', coalesce(sum(seconds) filter (where state = '{state}'), 0)" for state, count in STATES.items()),
        "'logged_on_seconds', sum(seconds_here)",
        "'not_ready_by_reason', coalesce(json_object_agg(reason, seconds) filter (where reason is not null), '{}')",
    )
)
_OFFER_COUNTS = ", ".join(
    ("'offers', count(*)", *(f"'{each}', count(*) filter (where outcome = '{each}')" for each in FATES))
)

_ANSWERS = """
    select e.kind, count(*) filter (where e.kind = 'call.established') over w as nth, lag(e.kind) over w as one,
        lag(e.kind, 2) over w as two, lag(e.at, 2) over w as two_at,
        lag(e.kind, 3) over w as three, lag(e.at, 3) over w as three_at
    from interaction_entries e
    where e.interaction_id = i.id and e.started_at = i.started_at and case
        when e.kind in ('contact.offered', 'offer.withdrawn', 'call.established') then e.data ->> 'agent' = o.agent
        else e.kind in ('consult.asked', 'conference.asked', 'contact.ended') end
    window w as (order by e.id)"""
"""What a timeline says of an agent, and what before that. Whether they answered an offer after it had been withdrawn is
told by the order of the lines, never by their times: the platform's are by another clock. What is told of an answer
after the end counts where it is the first one: else its talk is in no leg."""

_TIMES = text(f"""
    with told as materialized (
        select e.agent_id as agent, e.contact_id as contact, e.seq, e.at, e.type,
            case e.type when 'agent.state' then e.data #>> '{{agent,state}}' end as state,
            case e.type when 'agent.state' then e.data #>> '{{agent,connected}}' end as connected,
            case e.type when 'agent.state' then e.data #>> '{{agent,reason}}'
                when 'offer.withdrawn' then e.data ->> 'reason' end as reason
        from events e
        where e.floor = :floor and e.seq >= :first and e.seq < :last
            and e.at >= :since and e.at < :events_until
            and e.type in ('agent.state', {_OF_OFFERS})
            and (cast(:agents as text[]) is null or e.agent_id = any(cast(:agents as text[])))
    ), stood as (
        select a.id as agent, cast(0 as bigint) as seq, cast(:since as timestamptz) as at,
            e.agent ->> 'state' as state, e.agent ->> 'reason' as reason, e.agent ->> 'connected' as connected
        from live_agents a cross join lateral (
            select e.data -> 'agent' as agent from events e
            where e.floor = a.floor and e.agent_id = a.id and e.type = 'agent.state' and e.seq < :first
                and e.at >= :heard_since
            order by e.seq desc limit 1
        ) e
        where a.floor = :floor and (cast(:agents as text[]) is null or a.id = any(cast(:agents as text[])))
        union all
        select agent, seq, at, state, reason, connected from told where type = 'agent.state' and at < :until
    ), stays as (
        select agent, state, at as began,
            case state when 'not_ready' then coalesce(reason, '') end as reason,
            state <> 'not_ready' or connected is distinct from 'false' as here,
            least(:until, :now, lead(at) over (partition by agent order by seq)) as over
        from stood
    ), times as (
        select t.agent, t.slot, t.state, t.reason, cast(sum({_SECONDS}) as float8) as seconds,
            cast(coalesce(sum({_SECONDS}) filter (where here), 0) as float8) as seconds_here
        from (select *, {_SLOTS} as slot from stays where over > began and state <> 'logged_off') t
        group by 1, 2, 3, 4
    ), open as (
        select c.id as contact, o.offer ->> 'agent' as agent
        from live_contacts c cross join lateral (
            select c.state -> 'offer' as offer
            union all
            select json_array_elements(c.state -> 'also')
        ) as o
        where c.floor = :floor and c.state ->> 'state' in ('offered', 'connecting')
    ), offered as (
        select agent, contact, seq, at, type, lead(type) over w as next, lead(reason) over w as reason
        from told where type <> 'agent.state'
        window w as (partition by agent, contact order by seq)
    ), heard as (
        select agent, max(seq) as seq from told where type = 'agent.state' group by agent
    ), offers as (
        select o.agent, width_bucket(o.at, cast(:starts as timestamptz[])) as slot,
            case when spoke.late then 'answered'
                when coalesce(o.next, l.type) = 'offer.withdrawn' then coalesce(m.outcome, 'rescinded_otherwise')
                when o.next is null and l.type is null and p.contact is not null
                    and (o.at > cast(:now as timestamptz) - cast(:latest_end as interval)
                        or o.seq > coalesce(h.seq, 0)) then 'pending'
                else 'answered' end as outcome
        from offered o left join heard h on h.agent = o.agent left join lateral (
            select e.type, e.data ->> 'reason' as reason from events e
            where o.next is null and o.seq > coalesce(h.seq, 0)
                and e.contact_id = o.contact and e.floor = :floor and e.agent_id = o.agent and e.seq >= :last
                and e.at >= :events_until and e.type in ({_OF_OFFERS})
            order by e.seq limit 1
        ) l on true
            left join open p on p.contact = o.contact and p.agent = o.agent
            left join unnest(cast(:reasons as text[]), cast(:outcomes as text[])) as m (reason, outcome)
                on m.reason = coalesce(o.reason, l.reason)
            left join lateral (
                select true as late from (
                    select i.id, i.started_at from interactions i
                    where coalesce(o.next, l.type) = 'offer.withdrawn' and i.id = o.contact
                        and i.started_at > o.at - cast(:stay as interval) and i.started_at <= o.at
                        and exists (
                            select from jsonb_to_recordset(i.legs) as g (
                                agent text, talk_seconds float8, hold_seconds float8)
                            where g.agent = o.agent and g.talk_seconds + g.hold_seconds > 0)
                    offset 0  -- few have talked: of no other is the timeline read
                ) as i cross join lateral ({_ANSWERS}) as said
                where said.kind = 'call.established' and o.at = case
                        when said.one = 'offer.withdrawn' and said.two = 'contact.offered' then said.two_at
                        when said.one = 'contact.ended' and said.nth = 1 then case
                            when said.two = 'contact.offered' then said.two_at
                            when said.two = 'offer.withdrawn' and said.three = 'contact.offered' then said.three_at
                            end
                        end
                limit 1
            ) spoke on true
        where o.type = 'contact.offered' and o.at < :until
    )
    select agent, slot, cast(json_build_object({_TIME_COUNTS}) as text) as counts from times group by 1, 2
    union all
    select agent, slot, cast(json_build_object({_OFFER_COUNTS}) as text) from offers group by 1, 2""")  # noqa: S608 - made of the constants above

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
    select agent, width_bucket(ended_at, cast(:starts as timestamptz[])) as slot, cast(json_build_object(
            'handled', count(*), 'transferred', count(*) filter (where handed_over),
            'talk_seconds', sum(talk), 'hold_seconds', sum(hold)) as text) as counts
    from handed group by 1, 2
    union all
    select t.agent, t.slot, cast(json_build_object('conversation_seconds', cast(sum({_SECONDS}) as float8)) as text)
    from (select *, {_SLOTS} as slot from (
        select agent, lower(span) as began, upper(span) as over from at_once) o) t
    group by 1, 2""")  # noqa: S608 - made of the constants above
